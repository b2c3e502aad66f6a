// What of this host decides what a container can be, for whoever reads of a fault elsewhere.
#include "orlop/base/error.hpp"
#include "orlop/base/text.hpp"
#include "orlop/command/command.hpp"
#include "orlop/kernel/user_namespace.hpp"
#include "orlop/launch/survey.hpp"
#include "version.hpp"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace orlop::command {

namespace {

std::string joined(std::vector<std::string> const& words) {
  std::string text;
  for (auto const& word : words) text += concat({text.empty() ? "" : " ", word});
  return text;
}

std::string kernel_text() {
  utsname name;
  check(uname(&name), "uname");
  return concat({name.sysname, " ", name.release, " ", name.machine});
}

std::string machine_text() {
  struct sysinfo all;
  check(sysinfo(&all), "sysinfo");
  std::uint64_t const memory = std::uint64_t{all.totalram} * all.mem_unit / 1024 / 1024;
  return concat({sysconf(_SC_NPROCESSORS_ONLN), " processors, ", memory, " MiB of memory"});
}

std::string namespaces_text() {
  std::vector<std::string> there;
  for (char const* const name : {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"})
    if (access(concat({"/proc/self/ns/", name}).c_str(), F_OK) == 0) there.emplace_back(name);
  return joined(there);
}

std::string modules_text(launch::Survey& host) {
  std::vector<std::string> there;
  if (host.has_apparmor()) there.emplace_back("apparmor");
  if (host.has_selinux()) there.emplace_back("selinux");
  return there.empty() ? "none" : joined(there);
}

std::string caller_text() {
  return concat({"uid ", geteuid(), kernel::is_in_initial_user_namespace() ? "" : ", in a user namespace"});
}

std::string root_text(Context const& context) {
  try {
    return context.root();
  } catch (Error const& error) {
    return concat({"none: ", error.what()});
  }
}

std::string cgroups_text(launch::Survey& host) {
  std::string text;
  for (auto const& hierarchy : host.cgroup_hierarchies()) {
    auto const& controllers = hierarchy.is_v2 ? host.unified_controllers() : hierarchy.controllers;
    text += concat({"  ", hierarchy.mount, ": version ", hierarchy.is_v2 ? "2" : "1", controllers.empty() ? "" : ", ",
                    joined(controllers), "\n"});
  }
  return text.empty() ? "cgroups: none\n" : concat({"cgroups:\n", text});
}

}  // namespace

int info(Context const& context, Arguments const&) {
  launch::Survey host;
  std::string const resctrl = host.resctrl_mount();
  bool const has_systemd = host.manager_cgroup(false).has_value();
  print(concat({"orlop: " ORLOP_VERSION ", commit " ORLOP_COMMIT, "\nkernel: ", kernel_text(), "\nmachine: ", machine_text(),
                "\ncalled by: ", caller_text(), "\nstate of containers: ", root_text(context), "\nnamespaces: ", namespaces_text(),
                "\nsecurity modules: ", modules_text(host), "\nsystemd: ", has_systemd ? "yes" : "no",
                "\nresctrl: ", resctrl.empty() ? "no" : resctrl, "\n", cgroups_text(host)}));
  return 0;
}

}  // namespace orlop::command

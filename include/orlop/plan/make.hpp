// Spec + host facts + request → Plan: every default, merge, conversion, order rule and refusal of orlop is behind this
// function. Pure: the same arguments give the same plan. Errors: plan::Refusal, which names its place in the config.
#pragma once
#include "orlop/plan/host_facts.hpp"
#include "orlop/plan/plan.hpp"

#include "oci/spec.hpp"

#include <exception>
#include <string>

namespace orlop::plan {

// Who calls, if it is not root.
struct OrdinaryUser {
  uid_t uid = 0;
  gid_t gid = 0;
};

// Of the caller's open ones, from 3 on, what the program gets: sd_listen_fds(3), then --preserve-fds.
struct Descriptors {
  unsigned listen = 0, preserved = 0;
};

// Who makes the cgroup: orlop itself, or a manager of systemd: the system's, or the caller's own.
enum class Systemd : std::uint8_t { none, system, user };

// What the command line adds to the config.
struct Request {
  std::string id;
  std::string bundle;           // absolute path
  bool no_pivot = false;
  bool no_new_keyring = false;
  bool no_cgroup = false;        // --cgroup-manager disabled
  bool runs = false;             // the program at once, so there has to be one
  std::string notify_directory{};  // on the host, where its socket of sd_notify(3) will be; empty: none
  Descriptors descriptors{};
  std::optional<OrdinaryUser> caller{};
  bool denies_setgroups = false;   // orlop's own user namespace, and so every one below it
  // By device rules, and make nodes for a user namespace: not an ordinary user, nor root of another user namespace.
  bool may_filter_devices = true;
  bool is_hosts_root = true;       // of the initial user namespace; else the default cgroup is beside the caller's, or below
  bool cgroup_may_lack = false;    // --rootless: one that cannot be made is left out, if nothing is limited
  std::vector<std::string> cgroups{};  // directories: those that the container has already (update)
  Systemd systemd = Systemd::none;  // --systemd-cgroup
  std::string seccomp_receiver{};   // RUN_OCI_SECCOMP_RECEIVER
};

// The config asks for what cannot be, or what this orlop cannot do.
class Refusal : public std::exception {
public:
  // `where` is a JSON path ("linux.namespaces[2].type"), or empty.
  Refusal(std::string where, std::string why) : where_{std::move(where)}, why_{std::move(why)}, text_{joined()} {}
  char const* what() const noexcept override { return text_.c_str(); }
  std::string const& where() const { return where_; }
  std::string const& why() const { return why_; }

private:
  std::string joined() const { return where_.empty() ? why_ : where_ + ": " + why_; }
  std::string where_, why_, text_;
};

// What `exec` is asked for: a whole process, or changes to the container's.
struct ExecRequest {
  std::string id;
  std::string rootfs;                          // the container's, on the host
  std::vector<std::string> container_cgroups;  // directories on the host
  std::vector<std::string> rdt_groups;         // directories of resctrl
  std::vector<std::string> cgroups;            // "[CONTROLLER[,CONTROLLER]:]PATH", below the container's
  std::optional<oci::Process> process;
  oci::StringList args, env, additional_gids, capabilities;
  std::string user, cwd, apparmor, process_label;
  bool terminal = false, no_new_privileges = false;
  bool denies_setgroups = false;   // the container's user namespace
  bool has_ordinary_caller = false;
  std::string seccomp_receiver{};  // the container's own
  Descriptors descriptors{};
};

// The process beside the init of a container that was made from `spec`. A Refusal's place is one in the process
// ("process.cwd"), or an option ("--user").
Plan make_exec(oci::Spec const& spec, HostFacts& host, ExecRequest const& request);
// What the annotations run.oci.hooks.stdout and run.oci.hooks.stderr ask for.
HookOutput hook_output(oci::Annotations const& annotations);

Plan make(oci::Spec const& spec, HostFacts& host, Request const& request);

}  // namespace orlop::plan

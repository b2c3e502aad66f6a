#include "orlop/launch/payload.hpp"

#include "home.hpp"

#include "orlop/base/path.hpp"
#include "orlop/kernel/attribute.hpp"
#include "orlop/kernel/keyring.hpp"
#include "orlop/kernel/seccomp.hpp"
#include "orlop/launch/listener.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

constexpr kernel::CapabilitySet filter_capability = kernel::CapabilitySet{1} << *kernel::capability_of("CAP_SYS_ADMIN");

std::string_view search_path(plan::Process const& process) {
  constexpr std::string_view key = "PATH=";
  for (auto const& entry : process.env)
    if (std::string_view{entry}.starts_with(key)) return std::string_view{entry}.substr(key.size());
  return plan::default_search_path;
}

// 0, or why the file cannot be executed.
int obstacle(std::string const& file) {
  struct stat status;
  if (stat(file.c_str(), &status) < 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if (!S_ISREG(status.st_mode)) return EACCES;
  return faccessat(AT_FDCWD, file.c_str(), X_OK, AT_EACCESS) < 0 ? errno : 0;
}

// Root can enter directories that the user cannot, and root of a network file system sometimes the other way round: one
// of the two has to work.
bool try_enter(std::string const& path) {
  try {
    kernel::change_directory_inside(path.c_str());
    return true;
  } catch (Error const& error) {
    if (error.code() != EACCES && error.code() != EPERM) throw;
    return false;
  }
}

void take_on_memory_policy(plan::Process const& process) {
  if (process.memory_policy) {
    Doing const doing{"linux.memoryPolicy"};
    kernel::set_memory_policy(*process.memory_policy);
  }
}

}  // namespace

void take_on_priorities(plan::Process const& process, pid_t pid) {
  if (process.scheduling) {
    Doing const doing{"process.scheduler"};
    kernel::set_scheduling(*process.scheduling, pid);
  }
  if (process.io_priority) {
    Doing const doing{"process.ioPriority"};
    kernel::set_io_priority(*process.io_priority, pid);
  }
}

void take_on(plan::Process const& process) {
  if (process.session_keyring) kernel::new_session_keyring(*process.session_keyring);
  for (std::size_t i = 0; i < process.rlimits.size(); ++i) {
    Doing const doing{"process.rlimits", i, {}};
    kernel::set_rlimit(process.rlimits[i]);
  }
  kernel::reset_process_attributes();
  kernel::set_personality(process.personality.value_or(plan::default_personality));
  if (!process.priorities_from_outside) take_on_priorities(process, 0);  // while we are still root
  take_on_memory_policy(process);
  kernel::reset_signals();
  kernel::own_stdio(process.user.uid, process.user.gid);
  kernel::set_umask(process.umask.value_or(plan::default_umask));
  kernel::limit_bounding_set(process.capabilities.bounding);
  Doing const doing{"process.cwd", process.cwd};
  bool const entered = try_enter(process.cwd);
  kernel::become(process.user);
  // A change of user makes a process dumpable by /proc/sys/fs/suid_dumpable's rule: say it again.
  kernel::set_dumpable(false);
  if (!entered) kernel::change_directory_inside(process.cwd.c_str());
}

std::vector<int> kept_descriptors(plan::Process const& process) {
  std::vector<int> kept;
  int const end = 3 + static_cast<int>(process.kept_descriptors);
  for (int fd = 3; fd < end; ++fd)
    if (kernel::is_inherited(fd)) kept.push_back(fd);
  return kept;
}

std::string find_executable(plan::Process const& process) {
  Doing const doing{"process.args[0]"};
  std::string const& name = process.args.front();
  if (name.find('/') != std::string::npos) {
    if (int const code = obstacle(name)) throw Error{code, concat({"exec ", json_quoted(name)})};
    return name;
  }
  int last = 0;
  for (std::string_view const directory : split(search_path(process), ':')) {
    std::string const file = path::joined(directory.empty() ? "." : directory, name);
    int const code = obstacle(file);
    if (code == 0) return file;
    if (code == EACCES) last = code;
  }
  if (last) throw Error{last, concat({"exec ", json_quoted(name)})};
  throw Error::refusal(concat({"exec ", json_quoted(name), ": executable file not found in $PATH"}));
}

Execution::Execution(plan::Process const& process, std::string file) : process_{process}, file_{std::move(file)} {
  for (auto const& arg : process.args) args_.push_back(const_cast<char*>(arg.c_str()));
  args_.push_back(nullptr);
  bool has_home = false;
  for (auto const& entry : process.env) {
    has_home |= entry.starts_with("HOME=");
    env_.push_back(const_cast<char*>(entry.c_str()));
  }
  if (!has_home) {
    home_ = "HOME=" + home_of(process.user.uid);
    env_.push_back(home_.data());
  }
  if (process.listen_fds) {  // sd_listen_fds(3) wants the program's own pid, as it sees it
    listen_fds_ = concat({"LISTEN_FDS=", process.listen_fds});
    listen_pid_ = concat({"LISTEN_PID=", getpid()});
    env_.insert(env_.end(), {listen_fds_.data(), listen_pid_.data()});
  }
  env_.push_back(nullptr);
  if (process.seccomp) last_words_.emplace(failure(ENOENT));
}

void Execution::settle() const {
  if (process_.no_new_privileges) kernel::set_no_new_privileges();
  auto capabilities = process_.capabilities;
  if (process_.seccomp && !process_.no_new_privileges) {
    capabilities.permitted |= filter_capability;
    capabilities.effective |= filter_capability;
  }
  kernel::set_capabilities(capabilities);
}

void Execution::execute(int channel) const {
  if (process_.seccomp) enter_filter(channel);
  execve(file_.c_str(), args_.data(), env_.data());
  if (!process_.seccomp) throw failure(errno);
  last_words_->leave(errno);
  _exit(1);
}

void Execution::enter_filter(int channel) const {
  Doing const doing{"linux.seccomp"};
  auto const& seccomp = *process_.seccomp;
  // Never deleted: should the filter not be loaded, its thread looks at it until we end.
  Courier* const courier = seccomp.listener ? new Courier(channel) : nullptr;
  int const listener = kernel::load_filter(seccomp.program, seccomp.flags);
  if (listener < 0) fail("seccomp", {Word{"SECCOMP_SET_MODE_FILTER"}});
  if (courier) courier->carry(listener);
}

Error Execution::failure(int code) const {
  Error error{code, concat({"exec ", json_quoted(file_)})};
  if (code != ENOENT) return error;
  return std::move(error).with_hint("the file is there: what is missing is the interpreter that it names (#! line or ELF loader)");
}

}  // namespace orlop::launch

// The parent's side of `exec`: one process more in a container that is there. Throws and leaves no process behind.
#pragma once
#include "orlop/base/child.hpp"
#include "orlop/container/container_dir.hpp"
#include "orlop/container/record.hpp"
#include "orlop/kernel/user_namespace.hpp"
#include "orlop/launch/channel.hpp"
#include "orlop/launch/signal_guard.hpp"
#include "orlop/plan/plan.hpp"

#include <optional>
#include <string>

namespace orlop::launch {

struct Entrance;

struct JoinOptions {
  std::string pid_file;        // empty: none
  std::string console_socket;  // empty: none
  std::string pidfd_socket;    // empty: none
};

// A descriptor of the container's init. "cannot exec in a stopped container", "cannot exec in a paused container (use
// --ignore-paused to override)".
Fd hold_init(container::ContainerDir const& container, container::Record const& record, bool ignore_paused);

// For us, as we act: orlop/kernel/join.hpp.
std::uint64_t namespaces_to_join(pid_t init);
// In the user namespace of the container's init.
bool denies_setgroups(container::Record const& record);

class Join {
public:
  // `init`: of hold_init. `spare`: as Creation has it.
  Join(plan::Plan const& plan, container::Record const& record, Fd init, JoinOptions const& options, SignalGuard& signals,
       Fd spare);
  // Until the program runs. The pid file is written behind that: conmon takes its absence for our own failure.
  void execute();

  Child& process() { return process_; }
  // The master of the terminal, if no console socket took it.
  Fd take_terminal() { return std::move(terminal_); }

private:
  std::uint64_t namespaces_of_init() const;
  void give_streams(kernel::IdMaps const& maps) const;
  void clone();
  std::optional<Child> clone_in(std::string const& birthplace, Entrance& entrance) const;
  void attach(std::string const& directory);
  bool is_done(Heard& heard);
  [[noreturn]] void report_death();

  plan::Plan const& plan_;
  container::Record const& record_;
  Fd init_;
  JoinOptions const& options_;
  SignalGuard& signals_;
  Child process_;
  Fd channel_, terminal_, spare_, last_words_;
  bool is_executing_ = false;
};

}  // namespace orlop::launch

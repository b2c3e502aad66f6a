// The parent's side of making a container: claim its name, record what will be made, clone, serve the child until the
// container is ready (create) or executing (run). Whatever fails, or is interrupted, is rolled back: the child killed,
// the cgroups removed, the name free again.
#pragma once
#include "orlop/base/child.hpp"
#include "orlop/container/container_dir.hpp"
#include "orlop/container/record.hpp"
#include "orlop/launch/cgroup_set.hpp"
#include "orlop/launch/channel.hpp"
#include "orlop/launch/notify.hpp"
#include "orlop/launch/signal_guard.hpp"
#include "orlop/plan/plan.hpp"

#include <memory>
#include <optional>
#include <string>

namespace orlop::launch {

struct CreateOptions {
  std::string state_root;
  std::string pid_file;        // empty: none
  std::string console_socket;  // empty: none
  std::string pidfd_socket;    // empty: none
  bool waits_for_start = true;  // create: init waits at the gate; run: it goes on at once
};

// What a container's making is from: besides the plan, what its record keeps.
struct Source {
  std::string config;       // the text of config.json
  std::string oci_version;
  oci::StringMap annotations;
};

// The poststop hooks of a container whose creation fails when hooks have been run for it: runtime.md, "Lifecycle".
class Aftermath {
public:
  Aftermath() = default;
  Aftermath(Aftermath const&) = delete;
  Aftermath& operator=(Aftermath const&) = delete;
  ~Aftermath();
  void expect(container::Record const& record) { record_ = record; }
  void forget() { record_.reset(); }

private:
  std::optional<container::Record> record_;
  pid_t owner_ = getpid();
};

class RdtSet;

class Creation {
public:
  // `spare`: a descriptor whose closing takes a while (protect_self_exe's), closed when there is time.
  Creation(plan::Plan const& plan, Source const& source, CreateOptions const& options, SignalGuard& signals, Fd spare);
  Creation(Creation const&) = delete;
  Creation& operator=(Creation const&) = delete;
  ~Creation();
  // Until init waits at the gate (create) or has executed the program (run), and the container is recorded as created.
  // Throws and leaves nothing behind.
  void create();
  // Behind a create() that has executed the program.
  void run_poststart();

  container::ContainerDir& directory() { return directory_; }
  container::Record const& record() const { return record_; }
  Child& init() { return init_; }
  // The master of the terminal, if no console socket took it.
  Fd take_terminal() { return std::move(terminal_); }
  // Of `run`, if a service manager waits for word.
  std::optional<Notifier>& notifier() { return notifier_; }
  // The container outlives this object.
  void commit();

private:
  void clone(std::vector<Fd> joined);
  void map_ids();
  void take_over(Fd pidfd, pid_t pid);
  void prepare_by_pid(kernel::IdSpans const& uids, kernel::IdSpans const& gids);
  void enter_payload();
  void identify_init();
  void claim();
  void make_cgroups();
  void make_notify_directory();
  void make_outside();
  void set_oom_score();
  bool is_done(Heard& heard);
  void run_hooks();
  void become_created();
  [[noreturn]] void report_death();

  plan::Plan const& plan_;
  Source const& source_;
  CreateOptions const& options_;
  SignalGuard& signals_;
  container::Record record_;
  // Destroyed in reverse: the child first, then its cgroups, then its name; then hooks hear of it.
  Aftermath aftermath_;
  container::ContainerDir directory_;
  CgroupSet cgroups_;
  std::unique_ptr<RdtSet> rdt_;  // if the plan has some
  Child init_;
  Fd channel_, terminal_, spare_, last_words_;
  std::optional<Notifier> notifier_;
  bool is_executing_ = false, has_pid_file_ = false;
  pid_t owner_ = getpid();
};

}  // namespace orlop::launch

// The parent while it makes a container: in the caller's namespaces, as the caller, with the host's files in reach.
#include "orlop/launch/create.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/log.hpp"
#include "orlop/base/path.hpp"
#include "orlop/base/socket.hpp"
#include "orlop/container/gate.hpp"
#include "orlop/container/status.hpp"
#include "orlop/kernel/namespace.hpp"
#include "orlop/kernel/terminal.hpp"
#include "orlop/launch/channel.hpp"
#include "orlop/launch/init.hpp"

#include <cstring>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

// All that a later command needs to clean up, should this one be killed: written before anything is made.
container::Record first_record(plan::Plan const& plan, Source const& source) {
  container::Record record;
  record.id = plan.id;
  record.oci_version = source.oci_version;
  record.bundle = plan.bundle;
  record.rootfs = plan.rootfs.path;
  record.created = container::timestamp();
  record.owner = geteuid();
  record.boot_id = container::current_boot_id();
  record.maker = container::identify(getpid());
  record.cgroup_driver = "cgroupfs";
  record.cgroups = cgroup_paths(plan.cgroup);
  record.annotations = source.annotations;
  return record;
}

void send_to_console(std::string const& path, int master) {
  Doing const doing{"console socket", path};
  Fd const console = socket::connect_stream(path);
  constexpr char name[] = "/dev/console";
  if (!socket::send(console, name, sizeof name - 1, master)) throw Error::refusal("the receiver has closed it");
}

}  // namespace

Creation::Creation(plan::Plan const& plan, Source const& source, CreateOptions const& options, SignalGuard& signals)
    : plan_{plan},
      options_{options},
      signals_{signals},
      record_{first_record(plan, source)},
      directory_{container::ContainerDir::claim(options.state_root, record_, source.config)},
      cgroups_{plan.cgroup} {}

Creation::~Creation() {
  if (has_pid_file_ && owner_ == getpid()) unlink(options_.pid_file.c_str());
}

void Creation::create() {
  Fd gate = options_.waits_for_start ? container::make_gate(directory_) : Fd{};
  auto [ours, theirs] = socket::seqpacket_pair();
  Fd const birthplace = cgroups_.make_birthplace();
  auto child = kernel::clone_into(plan_.namespaces.at_clone, birthplace);
  if (!child) launch::init(plan_, {theirs, gate});
  init_ = std::move(*child);
  theirs.reset();
  channel_ = std::move(ours);
  cgroups_.make_rest();
  serve_until(true);
}

void Creation::execute() { serve_until(false); }

void Creation::serve_until(bool ready) {
  while (ready ? !is_ready_ : true) {
    pollfd waiting[] = {{channel_, POLLIN, 0}, {signals_.interruption(), POLLIN, 0}};
    check(retry([&] { return poll(waiting, 2, -1); }), "poll");
    if (waiting[1].revents) signals_.check_interruption();
    if (!waiting[0].revents) continue;
    Heard heard = hear(channel_);
    switch (heard.message.word) {
      case Word::enter_cgroup: break;  // made before we began to serve
      case Word::terminal: keep_terminal(std::move(heard.fd)); break;
      case Word::ready: become_created(); break;
      case Word::executing: is_executing_ = true; continue;
      case Word::failed: throw error_of(heard.message).within(Doing::trail());
      case Word::end_of_file:
        if (is_executing_) return;
        report_death();
      case Word::done:
      case Word::go: throw Error::refusal("init said a word that is not its own");
    }
    if (!say(channel_, Word::done)) report_death();
  }
}

void Creation::keep_terminal(Fd master) {
  if (!options_.console_socket.empty()) {
    send_to_console(options_.console_socket, master);
    return;
  }
  terminal_ = std::move(master);
}

// From here on the container is there for every other command.
void Creation::become_created() {
  record_.init = container::identify(init_.pid());
  record_.phase = container::Phase::created;
  directory_.write_record(record_);
  if (!options_.pid_file.empty()) {
    Doing const doing{"pid file"};
    file::replace(options_.pid_file, std::to_string(init_.pid()), 0644);
    has_pid_file_ = true;
  }
  is_ready_ = true;
}

void Creation::report_death() {
  int const status = init_.reap();
  if (WIFSIGNALED(status))
    throw Error::refusal(concat({"the container's init was killed by SIG", sigabbrev_np(WTERMSIG(status)),
                                 " before it could execute the program"}));
  throw Error::refusal(concat({"the container's init ended with status ", WEXITSTATUS(status),
                               " before it could execute the program"}));
}

void Creation::commit() {
  cgroups_.commit();
  directory_.commit();
  has_pid_file_ = false;
}

}  // namespace orlop::launch

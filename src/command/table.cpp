#include "orlop/command/command.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/container/state_root.hpp"

#include <cstdint>
#include <unistd.h>

namespace orlop::command {

namespace {

constexpr Option globals[] = {
    {"root", 'r', "DIR", "directory for the state of containers (default: /run/orlop)"},
    {"rootless", 0, "WHEN", "do without a cgroup that cannot be made: auto, true or false"},
    {"log", 'l', "FILE", "append the log to FILE, or to journald:NAME or syslog:NAME"},
    {"log-format", 0, "FORMAT", "text (default) or json"},
    {"log-level", 0, "LEVEL", "error, warning (default), info or debug"},
    {"cgroup-manager", 0, "WORD", "who makes cgroups: cgroupfs (default), systemd, or disabled (nobody)"},
    {"systemd-cgroup", 's', nullptr, "the same as --cgroup-manager systemd"},
    {"systemd-log", 0, nullptr, "the same as --log journald:orlop"},
    {"criu", 0, "FILE", "accepted for old callers of runc: orlop makes no checkpoints"},
    {"debug", 0, nullptr, "log what is done, step by step"},
    {"version", 'v', nullptr, "print the version and exit"},
    {"help", 'h', nullptr, "print this help and exit"},
};

constexpr Option help_option{"help", 'h', nullptr, "print this help and exit"};

constexpr Option bundle_option{"bundle", 'b', "DIR", "the bundle: the directory with config.json (default: .)"};
constexpr Option config_option{"config", 'f', "FILE", "read FILE instead of the bundle's config.json"};
constexpr Option console_option{"console-socket", 'c', "SOCKET", "send the master of the container's terminal to this AF_UNIX socket"};
constexpr Option no_new_keyring_option{"no-new-keyring", 0, nullptr, "keep the caller's session keyring"};
constexpr Option no_subreaper_option{"no-subreaper", 0, nullptr, "accepted for runc's callers: orlop never is a subreaper"};
constexpr Option no_pivot_option{"no-pivot", 0, nullptr, "move and chroot instead of pivot_root: for a root on a ramdisk"};
constexpr Option pidfd_option{"pidfd-socket", 0, "SOCKET", "send a pidfd of the process to this AF_UNIX socket"};
constexpr Option preserve_option{"preserve-fds", 0, "N", "give the program the descriptors 3 to N + 2 of the caller, too"};
constexpr Option pid_file_option{"pid-file", 'p', "FILE", "write init's pid as seen from here to FILE"};

constexpr Option create_options[] = {
    bundle_option, config_option, console_option, no_new_keyring_option, no_pivot_option, no_subreaper_option,
    pid_file_option, pidfd_option, preserve_option, help_option,
};
constexpr Option run_options[] = {
    bundle_option,
    config_option,
    console_option,
    {"detach", 'd', nullptr, "return when the program has started"},
    {"keep", 0, nullptr, "keep the container's state when it has ended"},
    no_new_keyring_option,
    no_pivot_option,
    no_subreaper_option,
    pid_file_option,
    pidfd_option,
    preserve_option,
    help_option,
};
constexpr Option exec_options[] = {
    {"additional-gids", 'g', "GID", "one supplementary group more (may be given several times)"},
    {"apparmor", 0, "PROFILE", "AppArmor profile of the process"},
    {"cap", 'c', "CAP", "one capability more (may be given several times)"},
    {"cgroup", 0, "PATH", "a cgroup below the container's; v1: CONTROLLER[,CONTROLLER]:PATH"},
    {"console-socket", 0, "SOCKET", "send the master of the process's terminal to this AF_UNIX socket"},
    {"cwd", 0, "DIR", "working directory in the container"},
    {"detach", 'd', nullptr, "return when the program has started"},
    {"env", 'e', "VAR", "set an environment variable, NAME=VALUE (may be given several times)"},
    {"ignore-paused", 0, nullptr, "into a paused container, too: the process runs when it is resumed"},
    {"no-new-privs", 0, nullptr, "no program that is executed can gain privileges"},
    no_subreaper_option,
    {"pid-file", 0, "FILE", "write the process's pid as seen from here to FILE when it runs"},
    pidfd_option,
    preserve_option,
    {"process", 'p', "FILE", "the process as JSON, instead of a program and options"},
    {"process-label", 0, "LABEL", "SELinux label of the process"},
    {"tty", 't', nullptr, "give the process a terminal"},
    {"user", 'u', "USER", "UID or UID:GID, in numbers"},
    help_option,
};
constexpr Option regex_option{"regex", 'r', nullptr, "all whose id this extended regular expression matches"};
constexpr Option events_options[] = {
    {"all", 0, nullptr, "of every container that has processes, also of those to come"},
    {"interval", 0, "TIME", "print what the container uses that often: 5s (default), 250ms, 1m30s"},
    {"stats", 0, nullptr, "print what it uses now, and exit"},
    help_option,
};
constexpr Option delete_options[] = {
    {"force", 'f', nullptr, "kill what is still running; a container that does not exist is fine"},
    regex_option,
    help_option,
};
constexpr Option list_options[] = {
    {"format", 'f', "FORMAT", "table (default) or json"},
    {"quiet", 'q', nullptr, "print the ids only"},
    help_option,
};
constexpr Option plan_options[] = {
    bundle_option,
    {"config", 0, "FILE", "read FILE instead of the bundle's config.json"},
    {"format", 'f', "FORMAT", "text (default) or json"},
    no_new_keyring_option,
    no_pivot_option,
    help_option,
};
constexpr Option ps_options[] = {
    {"format", 'f', "FORMAT", "table (default): what ps(1) prints; or json: the pids"},
    help_option,
};
constexpr Option spec_options[] = {
    {"bundle", 'b', "DIR", "where to write config.json (default: .)"},
    {"rootless", 0, nullptr, "for an ordinary user: the own id is the container's root"},
    {"file", 'f', "FILE", "write to FILE instead"},
    help_option,
};
constexpr Option update_options[] = {
    {"resources", 'r', "FILE", "what is to change, as JSON like linux.resources; -: standard input"},
    {"blkio-weight", 0, "WEIGHT", "weight of the disk operations, 10 to 1000"},
    {"cpu-burst", 0, "US", "microseconds above the quota that unused time may be saved up for"},
    {"cpu-idle", 0, "FLAG", "1: run only when nothing else does"},
    {"cpu-period", 0, "US", "the period of the quota in microseconds"},
    {"cpu-quota", 0, "US", "microseconds of processor time in each period; -1: no limit"},
    {"cpu-rt-period", 0, "US", "the period of the realtime budget in microseconds (v1)"},
    {"cpu-rt-runtime", 0, "US", "the realtime budget in microseconds (v1)"},
    {"cpu-share", 0, "SHARES", "share of the processors beside others, 2 to 262144"},
    {"cpuset-cpus", 0, "LIST", "the processors to run on: 0-2,7"},
    {"cpuset-mems", 0, "LIST", "the memory nodes to use"},
    {"kernel-memory", 0, "BYTES", "left out with a warning: newer kernels have no use for it"},
    {"kernel-memory-tcp", 0, "BYTES", "limit of the memory of TCP buffers (v1)"},
    {"l3-cache-schema", 0, "SCHEMA", "share of the caches: L3:0=ff;1=f0 (Intel RDT)"},
    {"mem-bw-schema", 0, "SCHEMA", "share of memory bandwidth: MB:0=20;1=70 (Intel RDT)"},
    {"memory", 0, "BYTES", "limit of memory (512m, 1g); -1: none"},
    {"memory-reservation", 0, "BYTES", "memory that is taken last when the host runs short"},
    {"memory-swap", 0, "BYTES", "limit of memory and swap together; -1: none"},
    {"pids-limit", 0, "NUMBER", "limit of processes and threads; -1: none"},
    help_option,
};
constexpr Option no_options[] = {help_option};
constexpr Option kill_options[] = {
    {"all", 'a', nullptr, "send it to every process of the container; none is fine"},
    regex_option,
    help_option,
};

constexpr Option completion_options[] = {
    {"shell", 's', "SHELL", "the shell, as an option"},
    help_option,
};

constexpr Command commands[] = {
    {"completion", "[options] [bash|fish|zsh]", "print the completion for a shell", completion_options, Order::anywhere, 0, 1,
     completion},
    {"create", "[options] ID", "make a container, up to the point where its program would start", create_options,
     Order::anywhere, 1, 1, create},
    {"delete", "[options] ID", "remove a container that has stopped", delete_options, Order::anywhere, 1, 1, delete_},
    {"events", "[options] [ID]", "print what a container uses, and when it runs out of memory", events_options,
     Order::anywhere, 0, 1, events},
    {"exec", "[options] ID [PROGRAM...]", "run a program in a container that is there", exec_options,
     Order::options_first, 1, static_cast<std::size_t>(-1), exec, 255},
    {"features", "", "print what this orlop supports as JSON", no_options, Order::anywhere, 0, 0, features},
    {"info", "", "print what of this host decides what a container can be", no_options, Order::anywhere, 0, 0, info},
    {"kill", "[options] ID [SIGNAL]", "send a signal (default: SIGTERM) to a container's init", kill_options, Order::anywhere,
     1, 2, kill},
    {"list", "[options]", "list the containers", list_options, Order::anywhere, 0, 0, list},
    {"mounts", "add|remove ID FILE", "mount in a container that is there, or take mounts off; FILE -: standard input", no_options,
     Order::anywhere, 3, 3, mounts},
    {"pause", "ID", "stop every process of a container where it is", no_options, Order::anywhere, 1, 1, pause},
    {"plan", "[options] [ID]", "print what create or run would do, and do nothing", plan_options, Order::anywhere, 0, 1,
     plan},
    {"ps", "[options] ID [ARGUMENTS]", "list the processes of a container", ps_options, Order::options_first, 1, SIZE_MAX, ps},
    {"resume", "ID", "let the processes of a paused container go on", no_options, Order::anywhere, 1, 1, resume},
    {"run", "[options] ID", "create and start a container, and wait for its end", run_options, Order::anywhere, 1, 1, run},
    {"spec", "[options]", "write a config.json to begin with", spec_options, Order::anywhere, 0, 0, spec},
    {"start", "ID", "start the program of a created container", no_options, Order::anywhere, 1, 1, start},
    {"state", "ID", "print a container's state as JSON", no_options, Order::anywhere, 1, 1, state},
    {"update", "[options] ID", "change the limits of a container", update_options, Order::anywhere, 1, 1, update},
};

}  // namespace

std::span<Command const> command_table() { return commands; }
std::span<Option const> global_options() { return globals; }

std::string Context::root() const { return state_root.empty() ? container::default_state_root() : state_root; }

std::string command_help(Command const& command) {
  return concat({"Usage: orlop [global options] ", command.name, " ", command.usage, "\n\n", command.summary, "\n\nOptions:\n",
                 option_help(command.options)});
}

std::string global_help() {
  std::string text = "Usage: orlop [global options] COMMAND [options] [arguments]\n\n"
                     "An OCI container runtime. \"orlop COMMAND --help\" tells more of a command.\n\nCommands:\n";
  for (auto const& command : commands) {
    std::string name = concat({"  ", command.name});
    name.resize(14, ' ');
    text += concat({name, command.summary, "\n"});
  }
  return text + "\nGlobal options:\n" + option_help(globals);
}

void print(std::string_view text) {
  Doing const doing{"standard output"};
  file::write(STDOUT_FILENO, "standard output", text);
}

}  // namespace orlop::command

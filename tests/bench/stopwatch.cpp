// stopwatch: runs commands in turn and prints what each run took, from its spawn until it is reaped.
//
//   stopwatch ROUNDS WARM_UP_ROUNDS LEAD_INS IDLE_MS ID COMMAND [ARG]... [-- COMMAND [ARG]...]...
//
// LEAD_INS runs of the same command go before every one that is printed, and are not. IDLE_MS is waited before each run.
// An argument {id} becomes ID-COMMAND-RUN, another name for every run. Printed for each run, in the order of the runs:
//
//   COMMAND WALL_NS USER_US SYSTEM_US MAXRSS_KB
//
// The first run that does not exit with 0 ends the stopwatch, with the run's stderr. It is a small static program so
// that its own size weighs on nobody: the child of a spawn counts its parent's memory until it executes.

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <numeric>
#include <random>
#include <utility>

extern char** environ;

namespace {

constexpr int most_commands = 8;
constexpr int most_arguments = 96;
constexpr unsigned longest_run_s = 60;

struct Command {
    char* argv[most_arguments + 1] = {};
    int argc = 0;
    char id[128] = {};
};

struct Race {
    int rounds = 0;
    int warm_up = 0;
    int lead_ins = 0;
    long idle_ms = 0;
    const char* id = nullptr;
    Command commands[most_commands] = {};
    int count = 0;
};

struct Streams {
    posix_spawn_file_actions_t actions;
    int errors = -1;
};

volatile sig_atomic_t running = 0;

void kill_what_hangs(int) {
    if (running > 0) kill(running, SIGKILL);
}

[[noreturn]] void fail(const char* what, int error) {
    std::fprintf(stderr, "stopwatch: %s: %s\n", what, std::strerror(error));
    std::exit(1);
}

[[noreturn]] void usage() {
    std::fputs("usage: stopwatch ROUNDS WARM_UP_ROUNDS LEAD_INS IDLE_MS ID COMMAND [ARG]... [-- COMMAND [ARG]...]...\n", stderr);
    std::exit(2);
}

// stderr goes to a file in memory: as cheap as /dev/null for a program that writes nothing, and there when one fails.
void prepare(Streams& streams) {
    streams.errors = memfd_create("stderr", MFD_CLOEXEC);
    if (streams.errors < 0) fail("memfd_create", errno);
    posix_spawn_file_actions_init(&streams.actions);
    posix_spawn_file_actions_addopen(&streams.actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&streams.actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&streams.actions, streams.errors, 2);
}

void forget_errors(const Streams& streams) {
    if (ftruncate(streams.errors, 0) < 0 || lseek(streams.errors, 0, SEEK_SET) < 0) fail("stderr", errno);
}

[[noreturn]] void stop_at_failure(const Streams& streams, const Command& command, int status) {
    std::fprintf(stderr, "stopwatch: %s (%s): %s %d\n", command.argv[0], command.id,
                 WIFSIGNALED(status) ? "killed by signal" : "exit status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    char text[4096];
    lseek(streams.errors, 0, SEEK_SET);
    for (ssize_t n; (n = read(streams.errors, text, sizeof text)) > 0;)
        std::fwrite(text, 1, static_cast<std::size_t>(n), stderr);
    std::exit(1);
}

std::int64_t now_ns() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

void idle(long ms) {
    timespec t = {ms / 1000, ms % 1000 * 1'000'000};
    while (nanosleep(&t, &t) < 0 && errno == EINTR) {}
}

long long microseconds(const timeval& t) { return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_usec; }

void run(const Streams& streams, Command& command, int index, bool print) {
    pid_t pid = 0;
    int status = 0;
    rusage usage_of_run;
    forget_errors(streams);
    alarm(longest_run_s);
    const std::int64_t begin = now_ns();
    const int error = posix_spawn(&pid, command.argv[0], &streams.actions, nullptr, command.argv, environ);
    if (error != 0) fail(command.argv[0], error);
    running = pid;
    while (wait4(pid, &status, 0, &usage_of_run) < 0)
        if (errno != EINTR) fail("wait4", errno);
    const std::int64_t end = now_ns();
    running = 0;
    alarm(0);
    if (status != 0) stop_at_failure(streams, command, status);
    // What the run left without a parent falls to this process, and the next run shall not share the machine with it.
    while (waitpid(-1, nullptr, WNOHANG) > 0) {}
    if (print)
        std::printf("%d %lld %lld %lld %ld\n", index, static_cast<long long>(end - begin),
                    microseconds(usage_of_run.ru_utime), microseconds(usage_of_run.ru_stime), usage_of_run.ru_maxrss);
}

// Every round has a random order, the same ones in every race: in a plain rotation a command would always come after the
// same other one, and pay for what that left to the kernel.
void shuffle(int* order, int count) {
    static std::minstd_rand0 random;
    for (int last = count - 1; last > 0; last--)
        std::swap(order[last], order[random() % static_cast<unsigned>(last + 1)]);
}

// A command's turn. Without a lead-in, a runtime that writes to cgroup.procs would find the lock of thread groups cold
// after the turn of one that does not (crun takes 14 ms instead of 8 in four of ten such runs), and `back to back` would
// flatter whoever leaves it cold.
void take_turn(Race& race, const Streams& streams, int index, bool print) {
    static long runs = 0;
    Command& command = race.commands[index];
    for (int i = 0; i <= race.lead_ins; i++) {
        std::snprintf(command.id, sizeof command.id, "%s-%d-%ld", race.id, index, runs++);
        if (race.idle_ms > 0) idle(race.idle_ms);
        run(streams, command, index, print && i == race.lead_ins);
    }
}

void run_round(Race& race, const Streams& streams, bool print) {
    int order[most_commands];
    std::iota(order, order + race.count, 0);
    shuffle(order, race.count);
    for (int position = 0; position < race.count; position++) take_turn(race, streams, order[position], print);
}

void add_argument(Command& command, char* argument) {
    if (command.argc == most_arguments) usage();
    const bool stands_for_id = std::strcmp(argument, "{id}") == 0;
    command.argv[command.argc++] = stands_for_id ? command.id : argument;
}

void read_arguments(Race& race, int argc, char** argv) {
    if (argc < 7) usage();
    race.rounds = std::atoi(argv[1]);
    race.warm_up = std::atoi(argv[2]);
    race.lead_ins = std::atoi(argv[3]);
    race.idle_ms = std::atol(argv[4]);
    race.id = argv[5];
    race.count = 1;
    for (int i = 6; i < argc; i++) {
        if (std::strcmp(argv[i], "--") != 0) add_argument(race.commands[race.count - 1], argv[i]);
        else if (++race.count > most_commands) usage();
    }
    for (int i = 0; i < race.count; i++)
        if (race.commands[i].argc == 0) usage();
}

}  // namespace

int main(int argc, char** argv) {
    static Race race;
    static Streams streams;
    read_arguments(race, argc, argv);
    prepare(streams);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    struct sigaction action = {};
    action.sa_handler = kill_what_hangs;
    sigaction(SIGALRM, &action, nullptr);
    for (int round = 0; round < race.warm_up + race.rounds; round++)
        run_round(race, streams, round >= race.warm_up);
    return 0;
}

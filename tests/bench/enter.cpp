// enter: the bare system calls that run one more program in a container that is there, as `exec` does.
//
//   enter -i ID [-1 HIERARCHY]... [-2 TREE] PID PROGRAM [ARG]...
//
// PID is the container's init; the options are those of floor. The program keeps all of its privileges: capabilities,
// limits and no_new_privs of the config are left out, and so is everything that is only for safety.

#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>

#include "bare.hpp"

namespace {

using namespace bare;

constexpr char cgroup_root[] = "/sys/fs/cgroup";
constexpr int most_hierarchies = 24;
constexpr int joined = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET;

struct Target {
    const char* id = nullptr;
    const char* v1[most_hierarchies] = {};
    int v1_count = 0;
    const char* v2 = nullptr;
    int init = -1;
    char** argv = nullptr;
};

[[noreturn]] void be_the_program(const Target& t) {
    static char search[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    char* environment[] = {search, nullptr};
    for (int i = 0; i < t.v1_count; i++) write_file(path(cgroup_root, "/", t.v1[i], "/", t.id, "/tasks").text, "0");
    must(setns(t.init, joined), "setns");
    must(chdir("/"), "chdir");
    execve(t.argv[0], t.argv, environment);
    fail(t.argv[0]);
}

// The pid namespace counts from the next child on.
pid_t start(const Target& t) {
    must(setns(t.init, CLONE_NEWPID), "setns of the pid namespace");
    clone_args how = {};
    how.exit_signal = SIGCHLD;
    if (t.v2 != nullptr) {
        const Path cgroup = path(t.v2, "/", t.id);
        how.flags = CLONE_INTO_CGROUP;
        how.cgroup = static_cast<std::uint64_t>(must(open(cgroup.text, O_PATH | O_DIRECTORY | O_CLOEXEC), cgroup.text));
    }
    const long pid = must(syscall(SYS_clone3, &how, sizeof how), "clone3");
    if (pid == 0) be_the_program(t);
    return static_cast<pid_t>(pid);
}

[[noreturn]] void usage() {
    std::fputs("usage: enter -i ID [-1 HIERARCHY]... [-2 TREE] PID PROGRAM [ARG]...\n", stderr);
    std::exit(2);
}

Target read_arguments(int argc, char** argv) {
    Target t;
    for (int option; (option = getopt(argc, argv, "+i:1:2:")) != -1;) {
        if (option == 'i') t.id = optarg;
        else if (option == '1' && t.v1_count < most_hierarchies) t.v1[t.v1_count++] = optarg;
        else if (option == '2') t.v2 = optarg;
        else usage();
    }
    if (t.id == nullptr || argc - optind < 2) usage();
    t.init = static_cast<int>(must(syscall(SYS_pidfd_open, std::atoi(argv[optind]), 0), "pidfd_open"));
    t.argv = argv + optind + 1;
    return t;
}

}  // namespace

int main(int argc, char** argv) {
    const Target t = read_arguments(argc, argv);
    const pid_t pid = start(t);
    int status = 0;
    must(waitpid(pid, &status, 0), "waitpid");
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// weigh: the peak resident memory of every process of a runtime.
//
//   weigh PAYLOAD COMMAND [ARG]...
//
// Prints `main PID`, the process of COMMAND itself, and a line `PID KB` at the end of every program image that is not
// PAYLOAD, the program that the container runs: at its exit, and where it executes another. The same PID may come more
// than once.
//
// wait4's ru_maxrss would not do: it is the largest of the process and all that it waited for, with the payload among
// them, and the kernel reads it from counters that may lag by some dozens of pages for each CPU. VmHWM in
// /proc/PID/status is exact when the process stands still, so the processes are traced.

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr long traced_events = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                               PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "weigh: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

// The child waits until it is traced, or the first of its system calls would be missed.
pid_t start_traced(char** argv) {
    int gate[2];
    if (pipe2(gate, O_CLOEXEC) < 0) fail("pipe2");
    const pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid == 0) {
        char go;
        const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (read(gate[0], &go, 1) != 1 || dup2(null, 0) < 0 || dup2(null, 1) < 0) _exit(127);
        execv(argv[0], argv);
        std::perror(argv[0]);
        _exit(127);
    }
    if (ptrace(PTRACE_SEIZE, pid, nullptr, traced_events) < 0) fail("PTRACE_SEIZE");
    if (write(gate[1], "", 1) != 1) fail("pipe");
    close(gate[0]);
    close(gate[1]);
    return pid;
}

bool runs(pid_t tid, const struct stat& program) {
    char link[64];
    struct stat image;
    std::snprintf(link, sizeof link, "/proc/%d/exe", tid);
    return stat(link, &image) == 0 && image.st_dev == program.st_dev && image.st_ino == program.st_ino;
}

void print_peak(pid_t tid, const struct stat& payload) {
    if (runs(tid, payload)) return;
    char line[256];
    int process = 0;
    long peak_kb = 0;
    std::snprintf(line, sizeof line, "/proc/%d/status", tid);
    std::FILE* status = std::fopen(line, "re");
    if (status == nullptr) return;
    while (std::fgets(line, sizeof line, status) != nullptr) {
        if (std::strncmp(line, "Tgid:", 5) == 0) process = std::atoi(line + 5);
        if (std::strncmp(line, "VmHWM:", 6) == 0) peak_kb = std::atol(line + 6);
    }
    std::fclose(status);
    if (peak_kb > 0) std::printf("%d %ld\n", process, peak_kb);
}

bool is_about_to_execute(pid_t tid) {
    __ptrace_syscall_info info = {};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) < 0 || info.op != PTRACE_SYSCALL_INFO_ENTRY) return false;
    return info.entry.nr == SYS_execve || info.entry.nr == SYS_execveat;
}

// Looks at one stop; returns the signal to hand on.
int see_stop(pid_t tid, int status, bool& started, const struct stat& payload) {
    const int signal = WSTOPSIG(status);
    const int event = status >> 16;
    const bool ends = event == PTRACE_EVENT_EXIT || (signal == (SIGTRAP | 0x80) && is_about_to_execute(tid));
    // Until the first execve the main process is a copy of this one.
    if (ends && started) print_peak(tid, payload);
    if (event == PTRACE_EVENT_EXEC) started = true;
    return event != 0 || signal == (SIGTRAP | 0x80) ? 0 : signal;
}

int follow(pid_t command, const struct stat& payload) {
    bool started = false;
    int result = 1;
    for (;;) {
        int status = 0;
        const pid_t tid = waitpid(-1, &status, __WALL);
        if (tid < 0) return result;
        if (WIFSTOPPED(status)) {
            const long signal = see_stop(tid, status, started, payload);
            ptrace(PTRACE_SYSCALL, tid, nullptr, signal);
        } else if (tid == command) {
            result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    struct stat payload;
    if (argc < 3) {
        std::fputs("usage: weigh PAYLOAD COMMAND [ARG]...\n", stderr);
        return 2;
    }
    if (stat(argv[1], &payload) < 0) fail(argv[1]);
    const pid_t command = start_traced(argv + 2);
    std::printf("main %d\n", command);
    return follow(command, payload);
}

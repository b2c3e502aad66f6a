// Actions on the process itself: end, wait, signals, children, output.
#include "probe.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace probe {

namespace {

int number(Arguments words, std::size_t index, int fallback) {
    return index < words.size() ? std::atoi(words[index]) : fallback;
}

int exit_with(Arguments words) {
    _exit(number(words, 0, 0));
}

// The first process of a pid namespace survives its own signals; only a fault kills it.
int crash(Arguments) {
    *static_cast<volatile int*>(nullptr) = 0;
    return 124;
}

int die_of_signal(Arguments words) {
    int wanted = number(words, 0, SIGTERM);
    signal(wanted, SIG_DFL);
    raise(wanted);
    return 124;
}

int sleep_for(Arguments words) {
    double seconds = words.empty() ? 1e9 : std::atof(words[0]);
    auto whole = static_cast<time_t>(seconds);
    timespec rest{whole, static_cast<long>((seconds - static_cast<double>(whole)) * 1e9)};
    while (nanosleep(&rest, &rest) < 0 && errno == EINTR) {
    }
    return 0;
}

int say(Arguments words) {
    std::string line;
    for (const char* word : words)
        line += line.empty() ? word : std::string(" ") + word;
    print_line(line);
    return 0;
}

int complain(Arguments words) {
    for (const char* word : words)
        dprintf(STDERR_FILENO, "%s\n", word);
    return 0;
}

void print_signal(const siginfo_t& info) {
    Json json;
    json.object().key("signal").number(info.si_signo).key("sender").number(info.si_pid);
    if (info.si_signo == SIGWINCH) {
        winsize size{};
        ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
        json.key("rows").number(size.ws_row).key("columns").number(size.ws_col);
    }
    print_line(json.close().str());
}

// Blocks all signals but SIGCHLD, prints "ready", and then each signal as it comes, until DONE says so.
template <typename Done>
int receive(Done done) {
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGCHLD);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    print_line("ready");
    timespec limit{60, 0};
    for (;;) {
        siginfo_t info{};
        int got = -1;
        while ((got = sigtimedwait(&all, &info, &limit)) < 0 && errno == EINTR) {
        }
        if (got < 0)
            return 123;
        print_signal(info);
        if (done(got))
            return 0;
    }
}

int wait_signal(Arguments words) {
    int left = number(words, 0, 1);
    return receive([&left](int) { return --left <= 0; });
}

int wait_for_signal(Arguments words) {
    int wanted = number(words, 0, SIGTERM);
    return receive([wanted](int got) { return got == wanted; });
}

// COUNT children that ignore every signal that can be ignored and sleep for SECONDS; their pids are printed.
int spawn(Arguments words) {
    Json json;
    json.array();
    for (int left = number(words, 0, 1); left > 0; --left) {
        pid_t child = fork();
        if (child == 0) {
            for (int each = 1; each < NSIG; ++each)
                signal(each, SIG_IGN);
            sleep(static_cast<unsigned>(number(words, 1, 60)));
            _exit(0);
        }
        json.number(child);
    }
    print_line(json.close().str());
    return 0;
}

// Sleepers, and behind them chains of processes: each makes the next one and ends. Who kills one after the other from a list
// comes too late for these.
int storm(Arguments words) {
    signal(SIGCHLD, SIG_IGN);
    for (int left = number(words, 0, 1); left > 0; --left)
        if (fork() == 0)
            for (;;)
                pause();
    for (int left = number(words, 1, 1); left > 0; --left)
        if (fork() == 0)
            for (;;)
                if (fork() > 0)
                    _exit(0);
    print_line("\"storm\"");
    return 0;
}

// Exactly BYTES bytes: numbered lines, so that a reader sees where some are missing, cut at the end.
int flood(Arguments words) {
    std::uint64_t left = words.empty() ? 0 : std::strtoull(words[0], nullptr, 10);
    std::string block;
    for (std::uint64_t line = 0; left > 0; ++line) {
        block += std::to_string(1000000000 + line) + " the quick brown fox jumps over the lazy dog\n";
        if (block.size() < 60000 && block.size() < left)
            continue;
        std::size_t size = std::min<std::uint64_t>(block.size(), left);
        for (std::size_t done = 0; done < size;) {
            ssize_t put = write(STDOUT_FILENO, block.data() + done, size - done);
            if (put < 0 && errno != EINTR)
                return 122;
            done += put > 0 ? static_cast<std::size_t>(put) : 0;
        }
        left -= size;
        block.clear();
    }
    return 0;
}

int count_input(Arguments) {
    std::uint64_t total = 0;
    char buffer[65536];
    ssize_t got = 0;
    while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0)
        total += static_cast<std::uint64_t>(got);
    int error = got < 0 ? errno : 0;
    Json json;
    json.object().key("bytes").natural(total).key("errno").number(error);
    print_line(json.close().str());
    return 0;
}

// Reads one line and prints it with its bytes visible.
int read_line(Arguments) {
    std::string line;
    char c = 0;
    while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
        line += c;
    Json json;
    json.object().key("line").text(line);
    print_line(json.close().str());
    return 0;
}

int set_raw(Arguments) {
    termios mode{};
    if (tcgetattr(STDIN_FILENO, &mode) < 0)
        return 121;
    cfmakeraw(&mode);
    tcsetattr(STDIN_FILENO, TCSANOW, &mode);
    return 0;
}

int push_input(Arguments) {
    char letter = 'x';
    int error = ioctl(STDIN_FILENO, TIOCSTI, &letter) < 0 ? errno : 0;
    Json json;
    json.object().key("errno").number(error);
    print_line(json.close().str());
    return 0;
}

// sd_notify(3): one message to the socket that NOTIFY_SOCKET names.
int notify(Arguments words) {
    char const* path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (!path || words.empty() || std::strlen(path) >= sizeof address.sun_path)
        return 120;
    std::strcpy(address.sun_path, path);
    int client = socket(AF_UNIX, SOCK_DGRAM, 0);
    // The socket of a container that is just being started.
    for (int tries = 0; tries < 200; ++tries) {
        if (sendto(client, words[0], std::strlen(words[0]), 0, reinterpret_cast<sockaddr*>(&address), sizeof address) >= 0)
            return close(client);
        usleep(10000);
    }
    return 119;
}

constexpr NamedAction table[] = {
    {"exit", exit_with, "STATUS"},
    {"crash", crash, ""},
    {"signal", die_of_signal, "NUMBER"},
    {"sleep", sleep_for, "[SECONDS]"},
    {"say", say, "WORD..."},
    {"complain", complain, "WORD..."},
    {"wait-signal", wait_signal, "[COUNT]"},
    {"wait-for-signal", wait_for_signal, "NUMBER"},
    {"spawn", spawn, "COUNT SECONDS"},
    {"storm", storm, "SLEEPERS CHAINS"},
    {"flood", flood, "BYTES"},
    {"count", count_input, ""},
    {"line", read_line, ""},
    {"raw", set_raw, ""},
    {"push-input", push_input, ""},
    {"notify", notify, "TEXT"},
};

}

std::span<const NamedAction> actions() {
    return table;
}

}

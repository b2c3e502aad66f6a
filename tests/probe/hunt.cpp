// An attacker inside: whatever process appears, it tries to look into it as long as it is not yet the program that it is
// going to be.
#include "probe.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <set>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace probe {

namespace {

double now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

bool can_open(const std::string& path, int flags) {
    int fd = open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

bool can_attach(pid_t pid) {
    if (ptrace(PTRACE_ATTACH, pid, nullptr, nullptr) < 0)
        return false;
    waitpid(pid, nullptr, __WALL);
    return true;
}

// The word for what was possible, or nothing.
const char* reach(pid_t pid, const std::string& directory) {
    if (can_open(directory + "/fd/3", O_PATH) || can_open(directory + "/fd/0", O_PATH))
        return "fd";
    for (const char* link : {"/exe", "/cwd", "/root"})
        if (can_open(directory + link, O_PATH))
            return link;
    if (can_open(directory + "/mem", O_RDWR) || can_open(directory + "/maps", O_RDONLY))
        return "mem";
    return can_attach(pid) ? "ptrace" : nullptr;
}

// Whether it is another program by now. A new one has its own memory and descriptors before it has its own name: where a
// process may be interrupted in there, only the executable says so.
bool is_over(const std::string& directory, const std::string& name) {
    char link[4096];
    ssize_t length = readlink((directory + "/exe").c_str(), link, sizeof link);
    std::string_view executable(link, length > 0 ? static_cast<std::size_t>(length) : 0);
    bool is_other = !executable.empty() && executable.find(name.substr(0, name.size() - 1)) == std::string_view::npos;
    return is_other || read_file((directory + "/comm").c_str()) != name;
}

// hunt SECONDS NAME: one object: how many processes of that name were met, and what could be reached in them.
int hunt(Arguments words) {
    if (words.size() != 2)
        return 125;
    double end = now() + std::atof(words[0]);
    std::string name = std::string(words[1]) + "\n";
    std::set<std::string> met, reached;
    print_line("\"ready\"");
    while (now() < end) {
        DIR* proc = opendir("/proc");
        while (dirent* entry = proc ? readdir(proc) : nullptr) {
            pid_t pid = std::atoi(entry->d_name);
            if (pid <= 1 || pid == getpid())
                continue;
            std::string directory = std::string("/proc/") + entry->d_name;
            if (read_file((directory + "/comm").c_str()) != name)
                continue;
            met.insert(entry->d_name);
            const char* what = reach(pid, directory);
            // A process that is another program by now was free to be looked into.
            if (what && !is_over(directory, name))
                reached.insert(what);
            if (what && std::string_view(what) == "ptrace") {
                ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
                kill(pid, SIGCONT); // the stop that we saw may have been the execve's, and ours is still to come
            }
        }
        if (proc)
            closedir(proc);
    }
    Json json;
    json.object().key("met").number(static_cast<std::int64_t>(met.size())).key("reached").array();
    for (const std::string& what : reached)
        json.text(what);
    print_line(json.close().close().str());
    return 0;
}

// A way to that executable that stays when the process has gone on to another one, or has ended.
void keep_executable(const char* pid, ino_t inode, std::vector<int>& kept) {
    constexpr std::size_t most = 200;
    std::string path = std::string("/proc/") + pid + "/exe";
    struct stat status{};
    if (kept.size() >= most || stat(path.c_str(), &status) < 0 || status.st_ino != inode)
        return;
    int fd = open(path.c_str(), O_PATH | O_CLOEXEC);
    if (fd >= 0)
        kept.push_back(fd);
}

// Every way to change a file. 0 is success.
void try_to_change(int fd, std::set<int>& errors) {
    std::string path = "/proc/self/fd/" + std::to_string(fd);
    for (int flags : {O_WRONLY, O_RDWR, O_WRONLY | O_APPEND, O_WRONLY | O_TRUNC}) {
        int opened = open(path.c_str(), flags | O_CLOEXEC);
        errors.insert(opened < 0 ? errno : 0);
        if (opened >= 0)
            close(opened);
    }
    errors.insert(chmod(path.c_str(), 0777) < 0 ? errno : 0);
    errors.insert(chown(path.c_str(), 1, 1) < 0 ? errno : 0);
    errors.insert(truncate(path.c_str(), 0) < 0 ? errno : 0);
}

// steal SECONDS INODE: what runs of that file is kept, and the file changed when nothing runs of it any more. One
// object: how many were kept, and the error numbers of all attempts.
int steal(Arguments words) {
    if (words.size() != 2)
        return 125;
    double end = now() + std::atof(words[0]);
    ino_t inode = std::strtoull(words[1], nullptr, 10);
    std::vector<int> kept;
    print_line("\"ready\"");
    while (now() < end) {
        DIR* proc = opendir("/proc");
        while (dirent* entry = proc ? readdir(proc) : nullptr)
            if (std::atoi(entry->d_name) > 0)
                keep_executable(entry->d_name, inode, kept);
        if (proc)
            closedir(proc);
    }
    std::set<int> errors;
    for (int fd : kept)
        try_to_change(fd, errors);
    Json json;
    json.object().key("kept").number(static_cast<std::int64_t>(kept.size())).key("errors").array();
    for (int error : errors)
        json.number(error);
    print_line(json.close().close().str());
    return 0;
}

constexpr NamedAction table[] = {{"hunt", hunt, "SECONDS NAME"}, {"steal", steal, "SECONDS INODE"}};

}

std::span<const NamedAction> hunt_actions() {
    return table;
}

}

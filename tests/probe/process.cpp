// What execve handed over to this process: ids, limits, capabilities, signals and the quiet attributes.
#include "probe.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <grp.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char** environ;

namespace probe {

namespace {

// In the order of their numbers, linux/capability.h.
constexpr std::array capability_names = {
    "CAP_CHOWN",           "CAP_DAC_OVERRIDE",     "CAP_DAC_READ_SEARCH", "CAP_FOWNER",
    "CAP_FSETID",          "CAP_KILL",             "CAP_SETGID",          "CAP_SETUID",
    "CAP_SETPCAP",         "CAP_LINUX_IMMUTABLE",  "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",       "CAP_NET_RAW",          "CAP_IPC_LOCK",        "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",      "CAP_SYS_RAWIO",        "CAP_SYS_CHROOT",      "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",       "CAP_SYS_ADMIN",        "CAP_SYS_BOOT",        "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",    "CAP_SYS_TIME",         "CAP_SYS_TTY_CONFIG",  "CAP_MKNOD",
    "CAP_LEASE",           "CAP_AUDIT_WRITE",      "CAP_AUDIT_CONTROL",   "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",    "CAP_MAC_ADMIN",        "CAP_SYSLOG",          "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",   "CAP_AUDIT_READ",       "CAP_PERFMON",         "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

struct Limit {
    const char* name;
    int number;
};
constexpr Limit limits[] = {
    {"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},       {"RLIMIT_FSIZE", RLIMIT_FSIZE},       {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}, {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},   {"RLIMIT_NPROC", RLIMIT_NPROC},       {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},   {"RLIMIT_RTTIME", RLIMIT_RTTIME},     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
};

void ids(Json& json) {
    json.object();
    json.key("pid").number(getpid()).key("ppid").number(getppid());
    json.key("sid").number(getsid(0)).key("pgid").number(getpgrp());
    json.close();
}

void user(Json& json) {
    uid_t ruid = 0, euid = 0, suid = 0;
    gid_t rgid = 0, egid = 0, sgid = 0;
    getresuid(&ruid, &euid, &suid);
    getresgid(&rgid, &egid, &sgid);
    json.object();
    json.key("uids").array().number(ruid).number(euid).number(suid).close();
    json.key("gids").array().number(rgid).number(egid).number(sgid).close();
    std::vector<gid_t> groups(NGROUPS_MAX);
    int count = getgroups(static_cast<int>(groups.size()), groups.data());
    json.key("groups").array();
    for (int i = 0; i < count; ++i)
        json.number(groups[static_cast<std::size_t>(i)]);
    json.close().close();
}

void arguments(Json& json) {
    json.array();
    for (const char* word : own_arguments)
        json.text(word);
    json.close();
}

void environment(Json& json) {
    json.array();
    for (char** entry = environ; *entry; ++entry)
        json.text(*entry);
    json.close();
}

void directory(Json& json) {
    char buffer[PATH_MAX];
    if (getcwd(buffer, sizeof buffer))
        json.text(buffer);
    else
        json.null();
}

void capability_set(Json& json, const char* name, const char* field) {
    unsigned long long bits = std::strtoull(status_field(field).c_str(), nullptr, 16);
    json.key(name).array();
    for (unsigned bit = 0; bit < 64; ++bit)
        if (bits >> bit & 1)
            json.text(bit < capability_names.size() ? capability_names[bit] : "CAP_" + std::to_string(bit));
    json.close();
}

void capabilities(Json& json) {
    json.object();
    capability_set(json, "inheritable", "CapInh");
    capability_set(json, "permitted", "CapPrm");
    capability_set(json, "effective", "CapEff");
    capability_set(json, "bounding", "CapBnd");
    capability_set(json, "ambient", "CapAmb");
    json.close();
}

void rlimits(Json& json) {
    json.object();
    for (const Limit& limit : limits) {
        rlimit value{};
        getrlimit(static_cast<__rlimit_resource>(limit.number), &value);
        json.key(limit.name).object();
        json.key("soft").natural(value.rlim_cur).key("hard").natural(value.rlim_max);
        json.close();
    }
    json.close();
}

void signal_set(Json& json, const char* name, const char* field) {
    unsigned long long bits = std::strtoull(status_field(field).c_str(), nullptr, 16);
    json.key(name).array();
    for (int bit = 0; bit < 64; ++bit)
        if (bits >> bit & 1)
            json.number(bit + 1);
    json.close();
}

void signals(Json& json) {
    json.object();
    signal_set(json, "blocked", "SigBlk");
    signal_set(json, "ignored", "SigIgn");
    signal_set(json, "caught", "SigCgt");
    signal_set(json, "pending", "ShdPnd");
    json.close();
}

void file_number(Json& json, const char* key, const char* path) {
    json.key(key);
    if (auto text = read_file(path))
        json.number(std::strtoll(text->c_str(), nullptr, 10));
    else
        json.null();
}

void affinity(Json& json) {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    json.array();
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(static_cast<std::size_t>(cpu), &set))
            json.number(cpu);
    json.close();
}

// What a runtime can forget: each of these is inherited by fork and execve from whoever called the runtime.
void attributes(Json& json) {
    mode_t mask = umask(0);
    umask(mask);
    errno = 0;
    json.object();
    json.key("umask").number(mask);
    json.key("no_new_privs").number(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    json.key("seccomp").number(std::strtol(status_field("Seccomp").c_str(), nullptr, 10));
    file_number(json, "oom_score_adj", "/proc/self/oom_score_adj");
    json.key("dumpable").number(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    json.key("keep_caps").number(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
    json.key("securebits").number(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
    json.key("timer_slack").number(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
    json.key("thp_disable").number(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    int value = 0;
    prctl(PR_GET_CHILD_SUBREAPER, &value, 0, 0, 0);
    json.key("subreaper").number(value);
    value = 0;
    prctl(PR_GET_PDEATHSIG, &value, 0, 0, 0);
    json.key("parent_death_signal").number(value);
    json.key("personality").number(personality(0xffffffff));
    json.key("nice").number(getpriority(PRIO_PROCESS, 0));
    json.key("scheduler").number(sched_getscheduler(0));
    json.key("core_filter").text(read_file("/proc/self/coredump_filter").value_or(""));
    json.key("affinity");
    affinity(json);
    json.close();
}

constexpr NamedReport table[] = {
    {"ids", ids},           {"user", user},       {"args", arguments},
    {"env", environment},   {"cwd", directory},   {"capabilities", capabilities},
    {"rlimits", rlimits},   {"signals", signals}, {"attributes", attributes},
};

}

std::span<const NamedReport> process_reports() {
    return table;
}

}

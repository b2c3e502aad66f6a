// floor: the bare system calls that start and end the container which `runc spec` describes (terminal: false), one
// process after the other. Nothing is parsed, checked or recorded. What a runtime takes beyond this is its own doing.
//
//   floor -i ID [-1 HIERARCHY]... [-c CPUS -m MEMS] [-2 TREE] ROOTFS PROGRAM [ARG]...
//
//   -1  a v1 hierarchy, by its name below /sys/fs/cgroup; -c and -m: what its cpuset must be given before a task may enter
//   -2  the v2 tree: /sys/fs/cgroup, or /sys/fs/cgroup/unified on a hybrid host
//
// Two things are left out, and so the floor lies a little lower than it could: the device rules of the cgroup, and the
// ambient capabilities, which the kernel refuses because the config has no inheritable ones.
// ROOTFS has to have proc, dev and sys. The namespace of cgroups is made on v1 too, where Debian's `runc spec` does not
// ask for one: its cost is below what can be measured, and engines ask for it.

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bare.hpp"

namespace {

using namespace bare;

constexpr char cgroup_root[] = "/sys/fs/cgroup";
constexpr int most_hierarchies = 24;

struct Container {
    const char* id = nullptr;
    const char* v1[most_hierarchies] = {};
    int v1_count = 0;
    const char* v2 = nullptr;
    const char* cpus = "0";
    const char* mems = "0";
    const char* rootfs = nullptr;
    char** argv = nullptr;
};

// --- the parent: the cgroups ---

void make_v1_cgroup(const Container& c, const char* hierarchy) {
    const Path made = path(cgroup_root, "/", hierarchy, "/", c.id);
    must(mkdir(made.text, 0755), made.text);
    if (std::strcmp(hierarchy, "cpuset") != 0) return;
    write_file(path(made.text, "/cpuset.cpus").text, c.cpus);
    write_file(path(made.text, "/cpuset.mems").text, c.mems);
}

// Returns the directory into which the child is cloned, -1 where there is no v2 tree.
int make_cgroups(const Container& c) {
    for (int i = 0; i < c.v1_count; i++) make_v1_cgroup(c, c.v1[i]);
    if (c.v2 == nullptr) return -1;
    const Path made = path(c.v2, "/", c.id);
    must(mkdir(made.text, 0755), made.text);
    return static_cast<int>(must(open(made.text, O_PATH | O_DIRECTORY | O_CLOEXEC), made.text));
}

bool remove_cgroups(const Container& c) {
    bool removed = true;
    for (int i = 0; i < c.v1_count; i++)
        if (rmdir(path(cgroup_root, "/", c.v1[i], "/", c.id).text) < 0) removed = false;
    if (c.v2 != nullptr && rmdir(path(c.v2, "/", c.id).text) < 0) removed = false;
    if (!removed) std::perror("floor: rmdir of a cgroup");
    return removed;
}

// --- the child: namespaces, mounts, privileges ---

// "0" to `tasks`, by a process with one thread, takes no lock of thread groups and so waits for no grace period.
void enter_v1_cgroups(const Container& c) {
    for (int i = 0; i < c.v1_count; i++) write_file(path(cgroup_root, "/", c.v1[i], "/", c.id, "/tasks").text, "0");
}

struct Mount {
    const char* source;
    const char* target;
    const char* type;
    unsigned long flags;
    const char* data;
};

constexpr unsigned long no_suid_exec_dev = MS_NOSUID | MS_NOEXEC | MS_NODEV;

constexpr Mount mounts[] = {
    {"proc", "proc", "proc", 0, nullptr},
    {"tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"},
    {"devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"},
    {"shm", "dev/shm", "tmpfs", no_suid_exec_dev, "mode=1777,size=65536k"},
    {"mqueue", "dev/mqueue", "mqueue", no_suid_exec_dev, nullptr},
    {"sysfs", "sys", "sysfs", no_suid_exec_dev | MS_RDONLY, nullptr},
};

void make_mounts() {
    for (const Mount& m : mounts) {
        if (std::strncmp(m.target, "dev/", 4) == 0) must(mkdir(m.target, 0755), m.target);
        must(mount(m.source, m.target, m.type, m.flags, m.data), m.target);
    }
}

void bind_cgroup(const char* cgroup, const char* name) {
    const Path target = path("sys/fs/cgroup/", name);
    must(mkdir(target.text, 0755), target.text);
    must(mount(cgroup, target.text, nullptr, MS_BIND, nullptr), target.text);
}

// The seventh mount. With v1 hierarchies: a tmpfs, the own cgroups bound below it, all read-only in one call.
void mount_cgroups(const Container& c) {
    constexpr char target[] = "sys/fs/cgroup";
    if (c.v1_count == 0) {
        must(mount("cgroup", target, "cgroup2", no_suid_exec_dev | MS_RELATIME | MS_RDONLY, nullptr), target);
        return;
    }
    must(mount("tmpfs", target, "tmpfs", no_suid_exec_dev, "mode=755"), target);
    for (int i = 0; i < c.v1_count; i++) bind_cgroup(path(cgroup_root, "/", c.v1[i], "/", c.id).text, c.v1[i]);
    if (c.v2 != nullptr) bind_cgroup(path(c.v2, "/", c.id).text, "unified");
    mount_attr attributes = {};
    attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV;
    must(syscall(SYS_mount_setattr, AT_FDCWD, target, AT_RECURSIVE, &attributes, sizeof attributes), "mount_setattr");
}

struct Device {
    const char* name;
    unsigned major;
    unsigned minor;
};

constexpr Device devices[] = {
    {"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
    {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0},
};

constexpr const char* links[][2] = {
    {"/proc/self/fd", "dev/fd"},         {"/proc/self/fd/0", "dev/stdin"}, {"/proc/self/fd/1", "dev/stdout"},
    {"/proc/self/fd/2", "dev/stderr"},   {"pts/ptmx", "dev/ptmx"},
};

void make_devices() {
    umask(0);
    for (const Device& d : devices) must(mknod(d.name, S_IFCHR | 0666, makedev(d.major, d.minor)), d.name);
    for (const auto& l : links) must(symlink(l[0], l[1]), l[1]);
    umask(022);
}

void change_root() {
    must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
    must(umount2(".", MNT_DETACH), "umount2");
    must(chdir("/"), "chdir");
}

constexpr const char* masked_paths[] = {
    "/proc/acpi",        "/proc/asound",      "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
    "/proc/timer_list",  "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
};

constexpr const char* readonly_paths[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};

// A path that this kernel does not have needs no mask.
void mask_paths() {
    for (const char* masked : masked_paths) {
        if (mount("/dev/null", masked, nullptr, MS_BIND, nullptr) == 0 || errno == ENOENT) continue;
        if (errno != ENOTDIR) fail(masked);
        must(mount("tmpfs", masked, "tmpfs", MS_RDONLY, nullptr), masked);
    }
}

void protect_paths() {
    constexpr unsigned long readonly = MS_BIND | MS_REMOUNT | MS_RDONLY;
    for (const char* kept : readonly_paths) {
        if (mount(kept, kept, nullptr, MS_BIND | MS_REC, nullptr) < 0) {
            if (errno == ENOENT) continue;
            fail(kept);
        }
        must(mount(nullptr, kept, nullptr, readonly | no_suid_exec_dev, nullptr), kept);
    }
    must(mount(nullptr, "/", nullptr, readonly, nullptr), "/");
}

void enter_rootfs(const Container& c) {
    must(mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr), "/");
    must(mount(c.rootfs, c.rootfs, nullptr, MS_BIND | MS_REC, nullptr), c.rootfs);
    must(chdir(c.rootfs), c.rootfs);
    make_mounts();
    mount_cgroups(c);
    make_devices();
    change_root();
    mask_paths();
    protect_paths();
}

void drop_privileges() {
    constexpr std::uint64_t kept = 1ULL << CAP_AUDIT_WRITE | 1ULL << CAP_KILL | 1ULL << CAP_NET_BIND_SERVICE;
    const rlimit files = {1024, 1024};
    must(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
    for (unsigned long capability = 0; capability <= CAP_LAST_CAP; capability++)
        if ((kept >> capability & 1) == 0) must(prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "PR_CAPBSET_DROP");
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct sets[2] = {{kept, kept, 0}, {0, 0, 0}};
    must(syscall(SYS_capset, &header, &sets), "capset");
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
}

[[noreturn]] void be_the_container(const Container& c) {
    static char search[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static char terminal[] = "TERM=xterm";
    char* environment[] = {search, terminal, nullptr};
    enter_v1_cgroups(c);
    // Only now: the namespace's root is the cgroup that the process is in.
    must(unshare(CLONE_NEWCGROUP), "unshare");
    must(sethostname("runc", 4), "sethostname");
    enter_rootfs(c);
    drop_privileges();
    execve(c.argv[0], c.argv, environment);
    fail(c.argv[0]);
}

// --- both ---

pid_t start(const Container& c, int cgroup) {
    clone_args how = {};
    how.flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS;
    how.exit_signal = SIGCHLD;
    if (cgroup >= 0) {
        how.flags |= CLONE_INTO_CGROUP;
        how.cgroup = static_cast<std::uint64_t>(cgroup);
    }
    const long pid = syscall(SYS_clone3, &how, sizeof how);
    if (pid == 0) be_the_container(c);
    return static_cast<pid_t>(pid);
}

[[noreturn]] void usage() {
    std::fputs("usage: floor -i ID [-1 HIERARCHY]... [-c CPUS -m MEMS] [-2 TREE] ROOTFS PROGRAM [ARG]...\n", stderr);
    std::exit(2);
}

Container read_arguments(int argc, char** argv) {
    Container c;
    for (int option; (option = getopt(argc, argv, "+i:1:2:c:m:")) != -1;) {
        if (option == 'i') c.id = optarg;
        else if (option == '1' && c.v1_count < most_hierarchies) c.v1[c.v1_count++] = optarg;
        else if (option == '2') c.v2 = optarg;
        else if (option == 'c') c.cpus = optarg;
        else if (option == 'm') c.mems = optarg;
        else usage();
    }
    if (c.id == nullptr || argc - optind < 2) usage();
    c.rootfs = argv[optind];
    c.argv = argv + optind + 1;
    return c;
}

}  // namespace

int main(int argc, char** argv) {
    const Container c = read_arguments(argc, argv);
    const int cgroup = make_cgroups(c);
    const pid_t pid = start(c, cgroup);
    if (pid < 0) std::perror("floor: clone3");
    int status = 1 << 8;
    if (pid > 0 && waitpid(pid, &status, 0) < 0) std::perror("floor: waitpid");
    const bool removed = remove_cgroups(c);
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
    return removed ? WEXITSTATUS(status) : 1;
}

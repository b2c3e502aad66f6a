// config.md, "Process". The text calls user.uid, user.gid and ioPriority.priority REQUIRED, the schema does not, and
// every engine reads an absent one as 0: so do we.
#include "oci/described.hpp"

namespace oci {
namespace {

constexpr auto console_size = table<ConsoleSize>(
    required<&ConsoleSize::height>("height"),
    required<&ConsoleSize::width>("width"));

constexpr auto user = table<User>(
    always<&User::uid>("uid"),
    always<&User::gid>("gid"),
    optional<&User::umask>("umask"),
    optional<&User::additional_gids>("additionalGids"),
    skipped("username"));

constexpr auto linux_capabilities = table<LinuxCapabilities>(
    optional<&LinuxCapabilities::bounding>("bounding"),
    optional<&LinuxCapabilities::effective>("effective"),
    optional<&LinuxCapabilities::inheritable>("inheritable"),
    optional<&LinuxCapabilities::permitted>("permitted"),
    optional<&LinuxCapabilities::ambient>("ambient"));

constexpr auto posix_rlimit = table<PosixRlimit>(
    required<&PosixRlimit::type>("type"),
    required<&PosixRlimit::hard>("hard"),
    required<&PosixRlimit::soft>("soft"));

constexpr auto scheduler = table<Scheduler>(
    required<&Scheduler::policy>("policy"),
    optional<&Scheduler::nice>("nice"),
    optional<&Scheduler::priority>("priority"),
    optional<&Scheduler::flags>("flags"),
    optional<&Scheduler::runtime>("runtime"),
    optional<&Scheduler::deadline>("deadline"),
    optional<&Scheduler::period>("period"));

constexpr auto linux_io_priority = table<LinuxIoPriority>(
    required<&LinuxIoPriority::io_class>("class"),
    always<&LinuxIoPriority::priority>("priority"));

constexpr auto cpu_affinity = table<CpuAffinity>(
    optional<&CpuAffinity::initial>("initial"),
    optional<&CpuAffinity::final>("final"));

constexpr auto process = table<Process>(
    optional<&Process::terminal>("terminal"),
    optional<&Process::console_size>("consoleSize"),
    always<&Process::user>("user"),
    optional<&Process::args>("args"),
    skipped("commandLine"),
    optional<&Process::env>("env"),
    required<&Process::cwd>("cwd"),
    optional<&Process::capabilities>("capabilities"),
    optional<&Process::rlimits>("rlimits"),
    optional<&Process::no_new_privileges>("noNewPrivileges"),
    optional<&Process::apparmor_profile>("apparmorProfile"),
    optional<&Process::selinux_label>("selinuxLabel"),
    optional<&Process::oom_score_adj>("oomScoreAdj"),
    optional<&Process::scheduler>("scheduler"),
    optional<&Process::io_priority>("ioPriority"),
    optional<&Process::exec_cpu_affinity>("execCPUAffinity"));

}  // namespace

template <> constinit Type const Object<ConsoleSize>::type = object_type(console_size);
template <> constinit Type const Object<User>::type = object_type(user);
template <> constinit Type const Object<LinuxCapabilities>::type = object_type(linux_capabilities);
template <> constinit Type const Object<PosixRlimit>::type = object_type(posix_rlimit);
template <> constinit Type const Object<Scheduler>::type = object_type(scheduler);
template <> constinit Type const Object<LinuxIoPriority>::type = object_type(linux_io_priority);
template <> constinit Type const Object<CpuAffinity>::type = object_type(cpu_affinity);
template <> constinit Type const Object<Process>::type = object_type(process);

}  // namespace oci

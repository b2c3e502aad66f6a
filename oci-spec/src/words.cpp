#include "oci/words.hpp"

namespace oci {
namespace {

constexpr std::string_view namespace_words[] = {"pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"};

constexpr std::string_view policy_words[] = {
    "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE"};

constexpr std::string_view scheduler_flag_words[] = {
    "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM",        "SCHED_FLAG_DL_OVERRUN",    "SCHED_FLAG_KEEP_POLICY",
    "SCHED_FLAG_KEEP_PARAMS",   "SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX"};

constexpr std::string_view io_class_words[] = {"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"};

constexpr std::string_view action_words[] = {
    "SCMP_ACT_KILL",  "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",  "SCMP_ACT_ERRNO",
    "SCMP_ACT_TRACE", "SCMP_ACT_ALLOW",        "SCMP_ACT_LOG",         "SCMP_ACT_NOTIFY"};

constexpr std::string_view operator_words[] = {
    "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"};

constexpr std::string_view memory_mode_words[] = {
    "MPOL_DEFAULT",   "MPOL_BIND",           "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
    "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL"};

constexpr std::string_view memory_flag_words[] = {
    "MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"};

constexpr std::string_view domain_words[] = {"LINUX", "LINUX32"};

constexpr Vocabulary namespaces{"namespace", namespace_words};
constexpr Vocabulary policies{"scheduling policy", policy_words};
constexpr Vocabulary scheduler_flags{"scheduler flag", scheduler_flag_words};
constexpr Vocabulary io_classes{"I/O priority class", io_class_words};
constexpr Vocabulary actions{"seccomp action", action_words};
constexpr Vocabulary operators{"seccomp operator", operator_words};
constexpr Vocabulary memory_modes{"memory policy mode", memory_mode_words};
constexpr Vocabulary memory_flags{"memory policy flag", memory_flag_words};
constexpr Vocabulary domains{"personality domain", domain_words};

}  // namespace

template <> Vocabulary const& vocabulary<NamespaceKind>() noexcept { return namespaces; }
template <> Vocabulary const& vocabulary<SchedulerPolicy>() noexcept { return policies; }
template <> Vocabulary const& vocabulary<SchedulerFlag>() noexcept { return scheduler_flags; }
template <> Vocabulary const& vocabulary<IoPriorityClass>() noexcept { return io_classes; }
template <> Vocabulary const& vocabulary<SeccompAction>() noexcept { return actions; }
template <> Vocabulary const& vocabulary<SeccompOperator>() noexcept { return operators; }
template <> Vocabulary const& vocabulary<MemoryPolicyMode>() noexcept { return memory_modes; }
template <> Vocabulary const& vocabulary<MemoryPolicyFlag>() noexcept { return memory_flags; }
template <> Vocabulary const& vocabulary<PersonalityDomain>() noexcept { return domains; }

}  // namespace oci

// The closed word sets of the runtime-spec (config.md, config-linux.md) as enums. An enum here means:
// a word outside the set is a ParseError with its place. Sets that grow with the kernel or with a library
// (capabilities, rlimits, seccomp architectures and flags, mount options) stay strings in spec.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace oci {

// linux.namespaces[].type
enum class NamespaceKind : std::uint8_t { pid, network, mount, ipc, uts, user, cgroup, time };

// process.scheduler.policy: SCHED_OTHER, SCHED_FIFO, ...
enum class SchedulerPolicy : std::uint8_t { other, fifo, rr, batch, iso, idle, deadline };

// process.scheduler.flags[]: SCHED_FLAG_RESET_ON_FORK, ...
enum class SchedulerFlag : std::uint8_t {
    reset_on_fork, reclaim, dl_overrun, keep_policy, keep_params, util_clamp_min, util_clamp_max
};

// process.ioPriority.class: IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE
enum class IoPriorityClass : std::uint8_t { rt, be, idle };

// linux.seccomp.defaultAction, linux.seccomp.syscalls[].action: SCMP_ACT_KILL, ...
enum class SeccompAction : std::uint8_t {
    kill, kill_process, kill_thread, trap, errno_, trace, allow, log, notify
};

// linux.seccomp.syscalls[].args[].op: SCMP_CMP_NE, ...
enum class SeccompOperator : std::uint8_t { ne, lt, le, eq, ge, gt, masked_eq };

// linux.memoryPolicy.mode: MPOL_DEFAULT, ...
enum class MemoryPolicyMode : std::uint8_t {
    default_, bind, interleave, weighted_interleave, preferred, preferred_many, local
};

// linux.memoryPolicy.flags[]: MPOL_F_NUMA_BALANCING, ...
enum class MemoryPolicyFlag : std::uint8_t { numa_balancing, relative_nodes, static_nodes };

// linux.personality.domain: LINUX, LINUX32
enum class PersonalityDomain : std::uint8_t { linux_64, linux_32 };

// The words of one enum as the spec writes them, in the order of the enumerators (which count from 0).
// `noun` is how a message calls such a word: unknown namespace "nett".
struct Vocabulary {
    std::string_view noun;
    std::span<std::string_view const> words;
};

// Specialise it for an enum to make members of that type readable and printable (members.hpp).
template <class Enum>
Vocabulary const& vocabulary() noexcept;

template <> Vocabulary const& vocabulary<NamespaceKind>() noexcept;
template <> Vocabulary const& vocabulary<SchedulerPolicy>() noexcept;
template <> Vocabulary const& vocabulary<SchedulerFlag>() noexcept;
template <> Vocabulary const& vocabulary<IoPriorityClass>() noexcept;
template <> Vocabulary const& vocabulary<SeccompAction>() noexcept;
template <> Vocabulary const& vocabulary<SeccompOperator>() noexcept;
template <> Vocabulary const& vocabulary<MemoryPolicyMode>() noexcept;
template <> Vocabulary const& vocabulary<MemoryPolicyFlag>() noexcept;
template <> Vocabulary const& vocabulary<PersonalityDomain>() noexcept;

// All words, for instance for `features`: words<NamespaceKind>()[0] == "pid".
template <class Enum>
std::span<std::string_view const> words() noexcept {
    return vocabulary<Enum>().words;
}

// The spec's word for one value.
template <class Enum>
std::string_view word(Enum value) noexcept {
    return words<Enum>()[static_cast<std::size_t>(value)];
}

}  // namespace oci

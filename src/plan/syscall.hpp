// The system calls by name, for the architectures whose programs can run on this machine: a table that the build writes
// (contrib/syscall_table/syscall_table.cpp). syscalls(2). A slot stands for a number: small ones are their own slot, those from 0xf0000
// (arm's) come behind, and the base of the architecture is added (x32). So the slots of all of them are few, in order.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace orlop::plan {

constexpr std::size_t syscall_slots = 1024, ordinary_syscall_slots = 1008;
constexpr std::uint32_t private_syscalls = 0xf0000;
constexpr std::uint16_t no_slot = 0xffff;
constexpr std::size_t most_syscall_architectures = 3, syscall_index_size = 2048;

struct SyscallArchitecture {
  char name[24];        // "SCMP_ARCH_X86_64"
  std::uint32_t audit;  // AUDIT_ARCH_*, as the kernel shows it to a filter
  std::uint32_t base;   // what all its numbers have in addition
  bool wide;            // its arguments have 64 bits
  bool muxes;           // it has socketcall(2) and ipc(2)
};

struct Syscall {
  std::uint16_t name_at;
  std::uint8_t name_size;
  std::int8_t mux;  // n: it is the call n of socketcall(2), too; -n: of ipc(2)
  std::uint16_t slots[most_syscall_architectures];  // or no_slot, in the order of syscall_architectures
};

// Numbers and letters only, nothing that the loader would have to relocate.
extern SyscallArchitecture const syscall_architectures[];  // the native one first
extern std::size_t const syscall_architecture_count;
extern Syscall const syscalls[];
extern std::size_t const syscall_count;
extern char const syscall_names[];
extern std::uint16_t const syscall_index[];

// nullptr: none of these architectures has a call of that name.
Syscall const* syscall_of(std::string_view name);
std::string_view name_of(Syscall const& call);
std::uint32_t syscall_number(SyscallArchitecture const& architecture, std::size_t slot);

}  // namespace orlop::plan

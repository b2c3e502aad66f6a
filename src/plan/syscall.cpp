#include "syscall.hpp"

namespace orlop::plan {

namespace {

// FNV-1a, as contrib/syscall_table/syscall_table.cpp has it.
std::uint32_t hash_of(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (char const c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

std::string_view name_of(Syscall const& call) { return {syscall_names + call.name_at, call.name_size}; }

Syscall const* syscall_of(std::string_view name) {
  std::size_t place = hash_of(name) % syscall_index_size;
  for (; syscall_index[place] != no_slot; place = (place + 1) % syscall_index_size)
    if (auto const& call = syscalls[syscall_index[place]]; name_of(call) == name) return &call;
  return nullptr;
}

std::uint32_t syscall_number(SyscallArchitecture const& architecture, std::size_t slot) {
  auto const number = static_cast<std::uint32_t>(slot);
  if (slot >= ordinary_syscall_slots) return private_syscalls + number - std::uint32_t{ordinary_syscall_slots};
  return architecture.base + number;
}

}  // namespace orlop::plan

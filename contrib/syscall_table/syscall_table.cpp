// Writes the table of system calls that src/plan/syscall.hpp declares, as C++: the names and numbers that libseccomp
// knows for one machine, and those that came to the kernel after the libseccomp of older distributions.
//
//   syscall_table CPU_FAMILY      CPU_FAMILY as Meson's host_machine.cpu_family() has it
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int ordinary_slots = 1008;    // numbers below this are their own slot
constexpr int all_slots = 1024;         // the slots behind: numbers from 0xf0000, which arm has
constexpr std::uint32_t private_base = 0xf0000;
constexpr std::uint32_t x32_bit = 0x40000000;
constexpr std::size_t most_columns = 3;
constexpr std::uint16_t none = 0xffff;
constexpr std::size_t hash_size = 2048;

struct Column {
  char const* name;      // as config.json has it
  std::uint32_t token;   // libseccomp's word for it, which is also <linux/audit.h>'s, but for x32
  std::uint32_t audit;
  std::uint32_t base;    // of its numbers
  bool wide;             // arguments are compared in 64 bits
  bool muxes;            // has socketcall(2) and ipc(2)
};

struct Machine {
  std::string_view cpu_family;
  std::vector<Column> columns;  // the native one first
};

Machine const machines[] = {
    {"x86_64",
     {{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, SCMP_ARCH_X86_64, 0, true, false},
      {"SCMP_ARCH_X86", SCMP_ARCH_X86, SCMP_ARCH_X86, 0, false, true},
      {"SCMP_ARCH_X32", SCMP_ARCH_X32, SCMP_ARCH_X86_64, x32_bit, false, false}}},
    {"aarch64",
     {{"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, SCMP_ARCH_AARCH64, 0, true, false},
      {"SCMP_ARCH_ARM", SCMP_ARCH_ARM, SCMP_ARCH_ARM, 0, false, false}}},
    {"riscv64", {{"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64, SCMP_ARCH_RISCV64, 0, true, false}}},
};

// The same number everywhere (but x32 has no map_shadow_stack): arch/*/syscall*.tbl of the kernel.
struct Later {
  char const* name;
  std::uint16_t number;
};
constexpr Later later[] = {
    {"cachestat", 451},         {"fchmodat2", 452},         {"map_shadow_stack", 453}, {"futex_wake", 454},
    {"futex_wait", 455},        {"futex_requeue", 456},     {"statmount", 457},        {"listmount", 458},
    {"lsm_get_self_attr", 459}, {"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
    {"setxattrat", 463},        {"getxattrat", 464},        {"listxattrat", 465},      {"removexattrat", 466},
    {"open_tree_attr", 467},    {"file_getattr", 468},      {"file_setattr", 469},     {"listns", 470},
};
// x86_64 alone.
constexpr Later later_x86_64[] = {{"uretprobe", 335}, {"uprobe", 336}};

// socketcall(2) by <linux/net.h>; ipc(2) by <linux/ipc.h>, negative.
struct Mux {
  char const* name;
  int call;
};
constexpr Mux muxes[] = {
    {"socket", 1},       {"bind", 2},        {"connect", 3},     {"listen", 4},       {"accept", 5},
    {"getsockname", 6},  {"getpeername", 7}, {"socketpair", 8},  {"send", 9},         {"recv", 10},
    {"sendto", 11},      {"recvfrom", 12},   {"shutdown", 13},   {"setsockopt", 14},  {"getsockopt", 15},
    {"sendmsg", 16},     {"recvmsg", 17},    {"accept4", 18},    {"recvmmsg", 19},    {"sendmmsg", 20},
    {"semop", -1},       {"semget", -2},     {"semctl", -3},     {"semtimedop", -4},  {"msgsnd", -11},
    {"msgrcv", -12},     {"msgget", -13},    {"msgctl", -14},    {"shmat", -21},      {"shmdt", -22},
    {"shmget", -23},     {"shmctl", -24},
};

struct Row {
  std::array<std::uint16_t, most_columns> slots{none, none, none};
  int mux = 0;
};
using Rows = std::map<std::string, Row>;

std::uint32_t number_of(Column const& column, int slot) {
  auto const number = static_cast<std::uint32_t>(slot);
  return slot < ordinary_slots ? column.base + number : private_base + number - ordinary_slots;
}

void add_column(Rows& rows, Column const& column, std::size_t index) {
  for (int slot = 0; slot < all_slots; ++slot) {
    char* const name = seccomp_syscall_resolve_num_arch(column.token, static_cast<int>(number_of(column, slot)));
    if (!name) continue;
    rows[name].slots[index] = static_cast<std::uint16_t>(slot);
    std::free(name);
  }
}

void add_later(Rows& rows, Later const& call, std::size_t index) {
  auto& slot = rows[call.name].slots[index];
  if (slot == none) slot = call.number;
  if (slot == call.number) return;
  std::fprintf(stderr, "syscall_table: %s is %u here, and %u in libseccomp\n", call.name, call.number, slot);
  std::exit(1);
}

Rows rows_of(Machine const& machine) {
  Rows rows;
  for (std::size_t i = 0; i < machine.columns.size(); ++i) {
    add_column(rows, machine.columns[i], i);
    for (auto const& call : later)
      if (machine.columns[i].base != x32_bit || std::string_view{call.name} != "map_shadow_stack") add_later(rows, call, i);
  }
  if (machine.cpu_family == "x86_64")
    for (auto const& call : later_x86_64) add_later(rows, call, 0);
  bool const has_mux = std::any_of(machine.columns.begin(), machine.columns.end(), [](auto& one) { return one.muxes; });
  if (has_mux)
    for (auto const& mux : muxes) rows[mux.name].mux = mux.call;
  return rows;
}

// As src/plan/syscall.cpp has it.
std::uint32_t hash_of(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (char const c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

void print_columns(Machine const& machine) {
  std::printf("SyscallArchitecture const syscall_architectures[] = {\n");
  for (auto const& column : machine.columns)
    std::printf("    {\"%s\", 0x%xU, 0x%xU, %s, %s},\n", column.name, column.audit, column.base,
                column.wide ? "true" : "false", column.muxes ? "true" : "false");
  std::printf("};\nstd::size_t const syscall_architecture_count = %zu;\n\n", machine.columns.size());
}

void print_rows(Rows const& rows) {
  std::array<std::uint16_t, hash_size> index;
  index.fill(none);
  std::string names, table;
  std::size_t at = 0;
  for (auto const& [name, row] : rows) {
    std::size_t place = hash_of(name) % hash_size;
    while (index[place] != none) place = (place + 1) % hash_size;
    index[place] = static_cast<std::uint16_t>(at++);
    table += "    {" + std::to_string(names.size()) + ", " + std::to_string(name.size()) + ", " + std::to_string(row.mux) +
             ", {" + std::to_string(row.slots[0]) + ", " + std::to_string(row.slots[1]) + ", " +
             std::to_string(row.slots[2]) + "}},\n";
    names += name;
  }
  std::printf("char const syscall_names[] =\n");
  for (std::size_t i = 0; i < names.size(); i += 100) std::printf("    \"%s\"\n", names.substr(i, 100).c_str());
  std::printf("    ;\n\nSyscall const syscalls[] = {\n%s};\nstd::size_t const syscall_count = %zu;\n\n", table.c_str(), at);
  std::printf("std::uint16_t const syscall_index[syscall_index_size] = {");
  for (std::size_t i = 0; i < hash_size; ++i) std::printf("%s%u,", i % 20 ? "" : "\n    ", index[i]);
  std::printf("\n};\n");
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view const family = argc > 1 ? argv[1] : "";
  auto const machine = std::find_if(std::begin(machines), std::end(machines), [&](auto& one) { return one.cpu_family == family; });
  if (machine == std::end(machines)) {
    std::fprintf(stderr, "syscall_table: no system calls known for the machine \"%s\"\n", argc > 1 ? argv[1] : "");
    return 1;
  }
  std::printf("// Written by tools/syscall_table.cpp.\n#include \"syscall.hpp\"\n\nnamespace orlop::plan {\n\n");
  print_columns(*machine);
  print_rows(rows_of(*machine));
  std::printf("\n}  // namespace orlop::plan\n");
}

// Where orlop begins: orlop_entry, before the C library's _start. Only the kernel has been here before: no relocation has
// been applied, the thread pointer is not set, and no function of a library may be called (its address comes from a table
// that is not filled yet). So this file is compiled on its own, without stack protector and sanitizers, calls the kernel
// by itself, and has no variable with an address in it. tests/kernel/start_test.py asks nm(1) what it wants from outside.
//
// Two things are done here, because later they cost several times as much:
//  - The image is mapped again from a read-only clone of its own file (orlop/kernel/self_exe.hpp says why). Later on each
//    page of text would be faulted in twice, and the written pages would have to be copied and moved.
//  - The pages of the image are mapped with a few system calls instead of a fault for each, which matters where faults are
//    dear: in a virtual machine whose page tables are shadowed one takes ten times as long as elsewhere.
// Whatever fails leaves things as they were: all of it can be done, or done without, later on.
#include "self_exe_start.hpp"

#ifdef __x86_64__

#include <elf.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

// From the linker: where our ELF header is mapped. Hidden, so that no table is asked for it.
extern "C" [[gnu::visibility("hidden")]] char const __ehdr_start[];
extern "C" [[gnu::visibility("hidden")]] char const orlop_entry[];
// Behind the functions that contrib/layout/launch.ld puts at the beginning of the text. It is ours where no script has
// defined it: a weak one that is nowhere cannot be asked for without a table.
extern "C" [[gnu::visibility("hidden")]] char const orlop_launch_end[];

namespace orlop::kernel {

namespace {

constexpr std::uintptr_t page = 4096;
constexpr std::size_t stack_in_use = 24 * 1024;  // below the first frame; the kernel has made room for 128 KB

Start result;

struct Range {
  std::uintptr_t begin, end;
  std::size_t size() const { return end - begin; }
};

std::uintptr_t base() { return reinterpret_cast<std::uintptr_t>(__ehdr_start); }
std::uintptr_t page_of(std::uintptr_t address) { return address & ~(page - 1); }
std::uintptr_t next_page(std::uintptr_t address) { return page_of(address + page - 1); }

// The result of the kernel itself: a negative errno.
template <class... Arguments>
long call(long number, Arguments... arguments) {
  long const words[6] = {(long)arguments...};
  register long fourth asm("r10") = words[3];
  register long fifth asm("r8") = words[4];
  register long sixth asm("r9") = words[5];
  long answer;
  asm volatile("syscall"
               : "=a"(answer)
               : "a"(number), "D"(words[0]), "S"(words[1]), "d"(words[2]), "r"(fourth), "r"(fifth), "r"(sixth)
               : "rcx", "r11", "memory");
  return answer;
}

// What the kernel has put on the stack of a new program.
struct Stack {
  long count;
  char** words;        // ends with a null pointer, as environment does
  char** environment;
  std::uintptr_t top;

  explicit Stack(std::uintptr_t* begin)
      : count{static_cast<long>(begin[0])},
        words{reinterpret_cast<char**>(begin + 1)},
        environment{words + count + 1},
        top{reinterpret_cast<std::uintptr_t>(begin)} {}
};

bool is_same(char const* one, char const* other) {
  while (*one && *one == *other) ++one, ++other;
  return *one == *other;
}

// A word too many costs a mount that is taken away again; one too few, a second execve: protect_self_exe.
bool puts_into_container(Stack const& stack) {
  constexpr char names[][8] = {"create", "run", "exec", "mounts"};
  for (long i = 1; i < stack.count; ++i)
    for (auto const& name : names)
      if (is_same(stack.words[i], name)) return true;
  return false;
}

// "/proc/self/fd/N"
struct DescriptorPath {
  char text[32];
  explicit DescriptorPath(unsigned fd) {
    char const prefix[] = "/proc/self/fd/";
    char* end = text;
    for (char const* from = prefix; *from; ++from) *end++ = *from;
    unsigned unit = 1;
    while (fd / unit >= 10) unit *= 10;
    for (; unit > 0; unit /= 10) *end++ = static_cast<char>('0' + fd / unit % 10);
    *end = '\0';
  }
};

// -1: where the file is on a read-only mount there is nothing to do. It is asked for it by a descriptor: a second walk
// through /proc costs as much as the clone.
long clone_of_writable_exe() {
  long const exe = call(SYS_openat, AT_FDCWD, "/proc/self/exe", O_PATH | O_CLOEXEC);
  if (exe < 0) return -1;
  struct statfs status;
  bool const is_writable = call(SYS_fstatfs, exe, &status) == 0 && !(status.f_flags & 1);  // 1: ST_RDONLY
  long const clone =
      is_writable ? call(SYS_open_tree, exe, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC) : -1;
  call(SYS_close, exe);
  return clone;
}

// Its number is none of 0, 1 and 2, whatever the caller has closed. Negative: there is nothing to do, or no right to it.
int read_only_clone() {
  if (call(SYS_geteuid) != 0) return -1;
  long fd = clone_of_writable_exe();
  if (fd >= 0 && fd < 3) {
    long const higher = call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3);
    call(SYS_close, fd);
    fd = higher;
  }
  if (fd < 0) return -1;
  mount_attr attributes;
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  attributes.attr_clr = attributes.propagation = attributes.userns_fd = 0;
  if (call(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0) return static_cast<int>(fd);
  call(SYS_close, fd);
  return -1;
}

// The last page of the data segment goes on with .bss, which begins as zeroes.
void clear_rest_of_page(std::uintptr_t begin) {
  for (auto byte = begin; byte < next_page(begin); ++byte) *reinterpret_cast<char volatile*>(byte) = 0;
}

// Not a byte has been written to it yet, so what the file has is what is there.
bool map_again(Elf64_Phdr const& segment, long file) {
  std::uintptr_t const begin = base() + segment.p_vaddr, end = begin + segment.p_filesz;
  Range const range{page_of(begin), next_page(end)};
  int const protection =
      PROT_READ | (segment.p_flags & PF_X ? PROT_EXEC : 0) | (segment.p_flags & PF_W ? PROT_WRITE : 0);
  long const mapped = call(SYS_mmap, range.begin, range.size(), protection, MAP_PRIVATE | MAP_FIXED, file,
                           page_of(segment.p_offset));
  if (mapped < 0) return false;
  if (segment.p_memsz > segment.p_filesz) clear_rest_of_page(end);
  return true;
}

char const* end_of(char const* text) {
  while (*text) ++text;
  return text + 1;
}

Elf64_Phdr const* segments_end(Elf64_Phdr const*& begin) {
  auto const* const header = reinterpret_cast<Elf64_Ehdr const*>(__ehdr_start);
  begin = reinterpret_cast<Elf64_Phdr const*>(__ehdr_start + header->e_phoff);
  return begin + header->e_phnum;
}

// All the addresses of the mm are said at once, and are what they were.
bool set_exe(Stack const& stack, long file) {
  prctl_mm_map map;
  Elf64_Phdr const *segment, *end = segments_end(segment);
  for (; segment != end; ++segment) {
    std::uintptr_t const begin = base() + segment->p_vaddr;
    if (segment->p_type != PT_LOAD) continue;
    if (segment->p_flags & PF_X) map.start_code = begin, map.end_code = begin + segment->p_filesz;
    if (segment->p_flags & PF_W) map.start_data = begin, map.end_data = begin + segment->p_filesz;
  }
  map.start_brk = map.brk = static_cast<std::uintptr_t>(call(SYS_brk, 0));
  map.start_stack = stack.top;
  auto const address = [](char const* text) { return reinterpret_cast<std::uintptr_t>(text); };
  map.arg_start = address(stack.words[0]);
  map.arg_end = map.env_start = map.env_end = address(end_of(stack.words[stack.count - 1]));
  for (char** one = stack.environment; *one; ++one) map.env_end = address(end_of(*one));
  map.auxv = nullptr;
  map.auxv_size = 0;
  map.exe_fd = static_cast<std::uint32_t>(file);
  return call(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) == 0;
}

bool is_mapped_from(Stack const& stack, int clone) {
  long const file = call(SYS_openat, AT_FDCWD, DescriptorPath{static_cast<unsigned>(clone)}.text, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  bool is_done = true;
  Elf64_Phdr const *segment, *end = segments_end(segment);
  for (; segment != end && is_done; ++segment)
    if (segment->p_type == PT_LOAD) is_done = map_again(*segment, file);
  is_done = is_done && set_exe(stack, file);
  call(SYS_close, file);
  return is_done;
}

void populate(std::uintptr_t begin, std::uintptr_t end, int advice) {
  begin = page_of(begin);
  if (begin < end) call(SYS_madvise, begin, next_page(end) - begin, advice);
}

// What is likely to be touched: of a launch its functions, where contrib/layout has put them side by side; the constants,
// behind which lie the unwinder's tables; and all that is written to, most of which is .bss with what operator new hands
// out (src/command/allocation.cpp).
void populate_image(bool is_launch) {
  Elf64_Phdr const *segment, *end = segments_end(segment);
  std::uintptr_t constants = 0, constants_end = 0;
  for (; segment != end; ++segment) {
    std::uintptr_t const from = base() + segment->p_vaddr;
    if (segment->p_type == PT_GNU_EH_FRAME) constants_end = from;
    if (segment->p_type != PT_LOAD) continue;
    if (segment->p_flags & PF_W) populate(from, from + segment->p_memsz, MADV_POPULATE_WRITE);
    else if (!(segment->p_flags & PF_X)) constants = from;
  }
  if (auto const launch_end = reinterpret_cast<std::uintptr_t>(orlop_launch_end);
      is_launch && launch_end != reinterpret_cast<std::uintptr_t>(orlop_entry))
    populate(base(), launch_end, MADV_POPULATE_READ);
  populate(constants, constants_end, MADV_POPULATE_READ);
}

}  // namespace

extern "C" [[gnu::visibility("hidden"), gnu::used]] void orlop_first_steps(std::uintptr_t* top) {
  Stack const stack{top};
  bool const is_launch = stack.count > 0 && puts_into_container(stack);
  if (is_launch) {
    int const clone = read_only_clone();
    bool const is_read_only = clone >= 0 && is_mapped_from(stack, clone);
    // Not before here: the data segment may just have become another one.
    result.clone = clone;
    result.is_read_only = is_read_only;
  }
  populate_image(is_launch);
  populate(stack.top - stack_in_use, stack.top, MADV_POPULATE_WRITE);
}

Start& start_of_self() noexcept { return result; }

}  // namespace orlop::kernel

// The stack is aligned as the kernel gives it, rdx is for _start, and nobody called us: the unwinder ends here.
asm(R"(
  .pushsection .text.orlop_entry, "ax", @progbits
  .globl orlop_entry
  .hidden orlop_entry
  .type orlop_entry, @function
  .weak orlop_launch_end
  .hidden orlop_launch_end
orlop_launch_end:
orlop_entry:
  .cfi_startproc
  .cfi_undefined rip
  mov %rdx, %rbx
  mov %rsp, %rbp
  mov %rsp, %rdi
  call orlop_first_steps
  mov %rbp, %rsp
  mov %rbx, %rdx
  xor %ebp, %ebp
  jmp _start
  .cfi_endproc
  .size orlop_entry, . - orlop_entry
  .popsection
)");

#else

namespace orlop::kernel {

Start& start_of_self() noexcept {
  static Start nothing;
  return nothing;
}

}  // namespace orlop::kernel

#endif

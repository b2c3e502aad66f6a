#include "self_exe_map.hpp"

#include <cstdint>
#include <cstring>
#include <link.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

extern "C" char const __ehdr_start[];  // made by the linker: where our ELF header is mapped

namespace orlop::kernel {

namespace {

constexpr std::uintptr_t page = 4096;

struct Range {
  std::uintptr_t begin, end;
  std::size_t size() const { return end - begin; }
  void* start() const { return reinterpret_cast<void*>(begin); }
};

std::uintptr_t base() { return reinterpret_cast<std::uintptr_t>(__ehdr_start); }

// The pages of a segment that come from the file (its .bss beyond them is anonymous from the start).
Range file_pages(ElfW(Phdr) const& segment) {
  std::uintptr_t const begin = base() + segment.p_vaddr;
  return {begin & ~(page - 1), (begin + segment.p_filesz + page - 1) & ~(page - 1)};
}

bool remap_text(ElfW(Phdr) const& segment, int file) {
  Range const range = file_pages(segment);
  int const protection = PROT_READ | (segment.p_flags & PF_X ? PROT_EXEC : 0);
  auto const offset = static_cast<off_t>(segment.p_offset & ~(page - 1));
  return mmap(range.start(), range.size(), protection, MAP_PRIVATE | MAP_FIXED, file, offset) != MAP_FAILED;
}

// Written pages are our own already; as anonymous memory they no longer name the file. Nothing may be written to the
// data segment between the copy and the move: both are system calls, and what they touch is on the stack.
bool make_data_anonymous(ElfW(Phdr) const& segment) {
  Range const range = file_pages(segment);
  void* const copy = mmap(nullptr, range.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED) return false;
  std::memcpy(copy, range.start(), range.size());
  return mremap(copy, range.size(), range.size(), MREMAP_MAYMOVE | MREMAP_FIXED, range.start()) != MAP_FAILED;
}

// The linker's promise that relocated tables are read-only, renewed for the copy.
void protect_relocated(ElfW(Phdr) const& segment) {
  std::uintptr_t const begin = (base() + segment.p_vaddr) & ~(page - 1);
  std::uintptr_t const end = (base() + segment.p_vaddr + segment.p_memsz) & ~(page - 1);
  mprotect(reinterpret_cast<void*>(begin), end - begin, PROT_READ);
}

// The kernel wants all addresses of the mm at once; only /proc/PID/stat and /proc/PID/cmdline read the ones that we
// cannot know, so they get the nearest truth: our own image, the break, and this stack frame.
bool set_exe(int file) {
  prctl_mm_map map{};
  map.start_code = map.start_data = base();
  map.end_code = map.end_data = base() + page;  // the kernel wants some code between them
  map.start_brk = map.brk = reinterpret_cast<std::uintptr_t>(sbrk(0));
  map.start_stack = reinterpret_cast<std::uintptr_t>(&map);
  map.arg_start = map.arg_end = map.env_start = map.env_end = map.start_stack;
  map.exe_fd = static_cast<std::uint32_t>(file);
  return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) == 0;
}

}  // namespace

bool try_remap_self(int file) {
  auto const* const header = reinterpret_cast<ElfW(Ehdr) const*>(__ehdr_start);
  auto const* const segments = reinterpret_cast<ElfW(Phdr) const*>(__ehdr_start + header->e_phoff);
  ElfW(Phdr) const* relocated = nullptr;
  if (header->e_type != ET_DYN) return false;  // linked for fixed addresses, which base() is no part of
  for (unsigned i = 0; i < header->e_phnum; ++i) {
    auto const& segment = segments[i];
    if (segment.p_type == PT_INTERP) return false;  // a dynamic program: its loader would have to be asked
    if (segment.p_type == PT_GNU_RELRO) relocated = &segment;
  }
  for (unsigned i = 0; i < header->e_phnum; ++i) {
    auto const& segment = segments[i];
    if (segment.p_type != PT_LOAD) continue;
    if (!(segment.p_flags & PF_W ? make_data_anonymous(segment) : remap_text(segment, file))) return false;
  }
  if (relocated) protect_relocated(*relocated);
  return set_exe(file);
}

}  // namespace orlop::kernel

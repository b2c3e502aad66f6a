// operator new and delete of the executable. What a command allocates is small, little, and alive until it ends or executes
// something else: it is cut from one piece of memory and not given back. So nobody writes into memory that was freed, which
// after clone(2) would copy a page of it for each of the two processes; and the pages are mapped at the start, in one call
// with all that is written to (src/kernel/self_exe_start.cpp). What is large, or comes when the piece is used up, is malloc's:
// a command that stays (`events`, `run` in the foreground) grows no further than that.
// Not for several threads, of which we have none. A build with sanitizers leaves this file out.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t piece_size = 48 * 1024, alignment = 16;
// Larger ones are buffers for files and the like, which come and go.
constexpr std::size_t largest = 2048;

alignas(alignment) constinit std::byte piece[piece_size];
constinit std::size_t used = 0;

void* cut(std::size_t size) {
  std::size_t const begin = used;
  used += (size + alignment - 1) / alignment * alignment;
  return piece + begin;
}

bool is_from_piece(void const* memory) {
  return reinterpret_cast<std::uintptr_t>(memory) - reinterpret_cast<std::uintptr_t>(piece) < piece_size;
}

}  // namespace

void* operator new(std::size_t size) {
  if (size == 0) size = 1;
  if (size <= largest && used + size <= piece_size - alignment) return cut(size);
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}

void operator delete(void* memory) noexcept {
  if (!is_from_piece(memory)) std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

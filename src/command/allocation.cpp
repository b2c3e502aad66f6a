// operator new and delete of the executable. What a command allocates is small, little, and alive until it ends or executes
// something else: it is cut from one piece of memory and not given back. So nobody writes into memory that was freed, which
// after clone(2) would copy a page of it for each of the two processes; and the pages are mapped at the start, in one call
// with all that is written to (src/kernel/self_exe_start.cpp). What is large, or comes when the piece is used up, is malloc's:
// a command that stays (`events`, `run` in the foreground) grows no further than that.
// The one thread that we may have beside the main one (src/launch/listener.cpp) allocates as well. A build with sanitizers
// leaves this file out.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t piece_size = 48 * 1024, alignment = 16;
// Larger ones are buffers for files and the like, which come and go.
constexpr std::size_t largest = 2048;

alignas(alignment) constinit std::byte piece[piece_size];
constinit std::atomic<std::size_t> used = 0;

// Null: the piece is used up.
void* try_cut(std::size_t size) {
  if (size > largest || used.load(std::memory_order_relaxed) >= piece_size) return nullptr;
  std::size_t const whole = (size + alignment - 1) / alignment * alignment;
  std::size_t const begin = used.fetch_add(whole, std::memory_order_relaxed);
  return begin + whole <= piece_size ? piece + begin : nullptr;
}

bool is_from_piece(void const* memory) {
  return reinterpret_cast<std::uintptr_t>(memory) - reinterpret_cast<std::uintptr_t>(piece) < piece_size;
}

}  // namespace

void* operator new(std::size_t size) {
  if (size == 0) size = 1;
  if (void* const memory = try_cut(size)) return memory;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}

void operator delete(void* memory) noexcept {
  if (!is_from_piece(memory)) std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

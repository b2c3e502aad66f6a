// A system call that this process and its children may no longer make, as on kernels and under filters that lack it.
// seccomp(2).
#pragma once
#include <cstdint>
#include <optional>

namespace harness {

// From now on the call fails with `code`; if `first_argument` is given, only with that one.
void refuse_call(long number, int code, std::optional<std::uint32_t> first_argument = std::nullopt);

}  // namespace harness

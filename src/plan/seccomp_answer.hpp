// What a filter answers to a system call, SECCOMP_RET_* with its data: seccomp(2).
#pragma once
#include "oci/spec.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace orlop::plan {

// `data`: the config's errno, of actions that have one. `place`: where it stands.
std::uint32_t answer_of(oci::SeccompAction action, std::optional<std::uint32_t> data, std::string const& place);

// Of two filters the kernel does what the stricter one says.
bool is_stricter(std::uint32_t one, std::uint32_t other);

// The call is not made.
bool is_refusal(std::uint32_t answer);

}  // namespace orlop::plan

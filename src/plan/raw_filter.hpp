// A filter of system calls that orlop does not look into.
#pragma once
#include "orlop/kernel/seccomp.hpp"

#include <string>

namespace orlop::plan {

// `where` is the annotation that `text` is the value of.
kernel::FilterProgram raw_filter(std::string const& text, std::string const& where);

}  // namespace orlop::plan

// An open directory and the path by which a person knows it. The path is for messages only and never resolved again.
#pragma once
#include "orlop/base/fd.hpp"

#include <string>

namespace orlop {

struct Directory {
  Fd fd;
  std::string path;
};

}  // namespace orlop

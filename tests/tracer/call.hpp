// The system calls that take a path, and where: for the race harness, which changes the path's meaning under them.
#pragma once
#include <string>

namespace tracer {

struct PathCall {
  long number;
  int directory;  // which argument is the directory's descriptor; -1: the working directory
  int path;       // which argument is the path
  bool gives_descriptor;
};

// nullptr: it takes none.
PathCall const* path_call(long number);
// "openat2"; the number, if it has no name.
std::string name_of(long number);

}  // namespace tracer

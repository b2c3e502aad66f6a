// HOME from the container's passwd(5), which is hostile: opened without blocking or following, regular, bounded.
#pragma once
#include <string>
#include <sys/types.h>

namespace orlop::launch {

// "/" where the file has no (usable) line for the uid.
std::string home_of(uid_t uid);

}  // namespace orlop::launch

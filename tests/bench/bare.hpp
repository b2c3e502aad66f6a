// What the programs that make only the bare system calls share: a call that fails ends them.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace bare {

struct Path {
    char text[512];
};

template <typename... Parts>
Path path(Parts... parts) {
    Path made;
    char* end = made.text;
    ((end = stpcpy(end, parts)), ...);
    return made;
}

[[noreturn]] inline void fail(const char* what) {
    std::fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, std::strerror(errno));
    _exit(1);
}

inline long must(long result, const char* what) {
    if (result < 0) fail(what);
    return result;
}

inline void write_file(const char* file, const char* text) {
    const int fd = static_cast<int>(must(open(file, O_WRONLY | O_CLOEXEC), file));
    must(write(fd, text, std::strlen(text)), file);
    close(fd);
}

}  // namespace bare

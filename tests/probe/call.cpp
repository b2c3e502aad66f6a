// System calls by their numbers, as a filter sees them.
#include "probe.hpp"

#include <cerrno>
#include <cstdlib>
#include <sys/syscall.h>
#include <unistd.h>

namespace probe {

namespace {

long number_in(Arguments words, std::size_t index) {
    return index < words.size() ? static_cast<long>(std::strtoull(words[index], nullptr, 0)) : 0;
}

int print_result(long result, int code) {
    Json json;
    json.object().key("result").number(result).key("errno").number(code);
    print_line(json.close().str());
    return 0;
}

int call(Arguments words) {
    errno = 0;
    long result = syscall(number_in(words, 0), number_in(words, 1), number_in(words, 2), number_in(words, 3),
                          number_in(words, 4), number_in(words, 5), number_in(words, 6));
    return print_result(result, errno);
}

// As a 32-bit program of x86 calls.
int call32([[maybe_unused]] Arguments words) {
#if defined(__x86_64__)
    int result;
    asm volatile("int $0x80"
                 : "=a"(result)
                 : "a"(number_in(words, 0)), "b"(number_in(words, 1)), "c"(number_in(words, 2)), "d"(number_in(words, 3))
                 : "memory", "r8", "r9", "r10", "r11");
    return print_result(result < 0 ? -1 : result, result < 0 ? -result : 0);
#else
    return 124;
#endif
}

constexpr NamedAction table[] = {
    {"call", call, "NUMBER [ARGUMENT...]"},
    {"call32", call32, "NUMBER [ARGUMENT...]"},
};

}

std::span<const NamedAction> call_actions() {
    return table;
}

}

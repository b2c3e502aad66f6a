#include "reading.hpp"

#include <cstdio>
#include <memory>

std::string fixture(std::string_view name) {
    std::string const path = std::string(FIXTURES) + '/' + std::string(name);
    std::unique_ptr<FILE, int (*)(FILE*)> const file(std::fopen(path.c_str(), "r"), &std::fclose);
    INFO(path);
    REQUIRE(file != nullptr);
    std::string text;
    char block[4096];
    while (std::size_t const count = std::fread(block, 1, sizeof block, file.get())) text.append(block, count);
    return text;
}

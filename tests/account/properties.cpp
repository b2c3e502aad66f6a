// properties: prints every property of config.json that oci-spec/ reads, one a line, as tests/account/account.txt names
// them: `[]` stands for any element of a list, `{}` for any key of a map.
#include <cstdio>
#include <string>

#include "oci/described.hpp"

namespace {

void print(oci::Type const& type, std::string const& path) {
    switch (type.shape) {
    case oci::Shape::object:
        for (auto const& member : type.members)
            if (member.type != nullptr) print(*member.type, path + (path.empty() ? "" : ".") + std::string{member.name});
        return;
    case oci::Shape::maybe: return print(*type.element, path);
    case oci::Shape::list: return print(*type.element, path + "[]");
    case oci::Shape::map: return print(*type.element, path + "{}");
    default: std::puts(path.c_str());
    }
}

}  // namespace

int main() { print(oci::Object<oci::Spec>::type, ""); }

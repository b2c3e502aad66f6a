#include "mountinfo.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/text.hpp"

#include <algorithm>

using namespace orlop;

namespace mountinfo {

namespace {

Mount parsed(std::string_view line) {
  auto const fields = split(line, ' ');
  auto const dash = std::find(fields.begin(), fields.end(), "-");
  auto const text = [&](auto const& field) { return std::string{field}; };
  Mount mount{text(fields[0]), text(fields[3]), text(fields[4]), text(fields[5]), "", text(dash[1]), text(dash[2]),
              text(dash[3])};
  for (auto field = fields.begin() + 6; field != dash; ++field) {
    if (!mount.propagation.empty()) mount.propagation += ' ';
    mount.propagation += field->substr(0, field->find(':'));
  }
  return mount;
}

}  // namespace

bool Mount::has(std::string const& option) const {
  auto const parts = split(options, ',');
  return std::find(parts.begin(), parts.end(), option) != parts.end();
}

std::vector<Mount> all(std::string const& path) {
  std::string const text = file::read(path, 1024 * 1024);
  std::vector<Mount> mounts;
  for (auto const line : split(text, '\n')) mounts.push_back(parsed(line));
  return mounts;
}

std::optional<Mount> at(std::string const& point) {
  std::optional<Mount> found;
  for (auto const& mount : all())
    if (mount.point == point) found = mount;
  return found;
}

}  // namespace mountinfo

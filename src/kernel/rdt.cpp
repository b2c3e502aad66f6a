#include "orlop/kernel/rdt.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

constexpr char monitors[] = "mon_groups";

bool is_there(Directory const& resctrl, std::string const& path) {
  return faccessat(resctrl.fd, path.c_str(), F_OK, 0) == 0;
}

std::string monitor_path(RdtGroup const& group) {
  return path::joined(group.name.empty() ? monitors : concat({group.name, "/", monitors}), group.monitor);
}

std::string schemata_path(RdtGroup const& group) { return path::joined(group.name.empty() ? "." : group.name, "schemata"); }

std::string read_at(Directory const& resctrl, std::string const& path) {
  std::string const shown = path::joined(resctrl.path, path);
  Fd const fd{check(openat(resctrl.fd, path.c_str(), O_RDONLY | O_CLOEXEC), "open", {shown})};
  return file::read(fd, shown, 1024 * 1024);
}

// The kernel says more about the last failure than an errno can.
[[noreturn]] void fail_with_status(Directory const& resctrl, int code, std::string call) {
  Error error{code, std::move(call)};
  std::string status;
  try {
    status = std::string{trimmed(read_at(resctrl, "info/last_cmd_status"))};
  } catch (Error const&) {  // it is for more words only
  }
  if (status.empty() || status == "ok") throw error;
  throw std::move(error).with_hint(concat({"the kernel says: ", status}));
}

void make_directory(Directory const& resctrl, std::string const& path) {
  if (mkdirat(resctrl.fd, path.c_str(), 0755) == 0 || errno == EEXIST) return;
  fail_with_status(resctrl, errno, call_text("mkdir", {path::joined(resctrl.path, path)}));
}

// "0f" is "f".
std::string_view without_zeros(std::string_view number) {
  while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  return number;
}

bool has_share(std::string_view line, std::string_view id, std::string_view value) {
  for (auto const share : split(line, ';')) {
    auto const equals = share.find('=');
    if (equals == share.npos || without_zeros(trimmed(share.substr(0, equals))) != id) continue;
    return without_zeros(trimmed(share.substr(equals + 1))) == value;
  }
  return false;
}

// Each share of "L3:0=f0;1=0f" is in the line of the same resource.
bool has_line(std::string_view schemata, std::string_view wanted) {
  auto const colon = wanted.find(':');
  if (colon == wanted.npos) return false;
  for (auto const line : split(schemata, '\n')) {
    auto const text = trimmed(line);
    if (!text.starts_with(wanted.substr(0, colon + 1))) continue;
    for (auto const share : split(wanted.substr(colon + 1), ';')) {
      auto const equals = share.find('=');
      if (equals == share.npos) return false;
      auto const id = without_zeros(trimmed(share.substr(0, equals)));
      if (!has_share(text.substr(colon + 1), id, without_zeros(trimmed(share.substr(equals + 1))))) return false;
    }
    return true;
  }
  return false;
}

void check_schemata(Directory const& resctrl, RdtGroup const& group) {
  if (group.expected.empty()) return;
  std::string const found = read_at(resctrl, schemata_path(group));
  for (auto const& line : group.expected)
    if (!has_line(found, line))
      throw Error::refusal(concat({path::joined(resctrl.path, group.name), " is there already, and its schemata are not ", line}));
}

void write_schemata(Directory const& resctrl, RdtGroup const& group) {
  if (group.schemata.empty()) return;
  std::string text;
  for (auto const& line : group.schemata) text += line + "\n";
  std::string const path = schemata_path(group);
  std::string const shown = path::joined(resctrl.path, path);
  Fd const fd{check(openat(resctrl.fd, path.c_str(), O_WRONLY | O_CLOEXEC), "open", {shown})};
  if (retry([&] { return ::write(fd, text.data(), text.size()); }) < 0)
    fail_with_status(resctrl, errno, call_text("write", {shown, trimmed(text)}));
}

}  // namespace

std::string resctrl_mount(std::string_view mountinfo) {
  for (auto const line : split(mountinfo, '\n')) {
    auto const end = line.find(" - ");
    if (end == line.npos || !line.substr(end + 3).starts_with("resctrl ")) continue;
    auto const fields = split(line, ' ');
    if (fields.size() > 4) return std::string{fields[4]};
  }
  return {};
}

std::vector<std::string> missing_rdt_groups(Directory const& resctrl, RdtGroup const& group) {
  std::vector<std::string> missing;
  if (!group.name.empty() && !group.must_exist && !is_there(resctrl, group.name))
    missing.push_back(path::joined(resctrl.path, group.name));
  if (!group.monitor.empty() && !is_there(resctrl, monitor_path(group)))
    missing.push_back(path::joined(resctrl.path, monitor_path(group)));
  return missing;
}

void make_rdt_group(Directory const& resctrl, RdtGroup const& group) {
  bool const is_old = group.name.empty() || is_there(resctrl, group.name);
  if (!is_old && group.must_exist)
    throw Error::refusal(concat({path::joined(resctrl.path, group.name), " does not exist, and no schemata are given to make it with"}));
  if (is_old)
    check_schemata(resctrl, group);
  else
    make_directory(resctrl, group.name);
  write_schemata(resctrl, group);
  if (!group.monitor.empty()) make_directory(resctrl, monitor_path(group));
}

std::vector<std::string> standing_schemata(Directory const& resctrl, RdtGroup const& group) {
  std::vector<std::string> standing;
  if (group.schemata.empty()) return standing;
  std::string const found = read_at(resctrl, schemata_path(group));
  for (auto const line : split(found, '\n'))
    for (auto const& wanted : group.schemata)
      if (auto const name = wanted.substr(0, wanted.find(':') + 1); !name.empty() && trimmed(line).starts_with(name)) {
        standing.emplace_back(trimmed(line));
        break;
      }
  return standing;
}

std::vector<std::string> rdt_directories(std::string const& resctrl, RdtGroup const& group) {
  std::vector<std::string> all{path::joined(resctrl, group.name)};
  if (!group.monitor.empty()) all.push_back(path::joined(resctrl, monitor_path(group)));
  return all;
}

void enter_rdt_group(std::string const& directory, pid_t pid) {
  file::write_existing(path::joined(directory, "tasks"), std::to_string(pid));
}

void remove_rdt_group(std::string const& directory) {
  if (rmdir(directory.c_str()) < 0 && errno != ENOENT) fail("rmdir", {directory});
}

}  // namespace orlop::kernel

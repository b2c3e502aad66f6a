// Which devices a cgroup may use: the v1 list (devices.deny, devices.allow), and on v2 a BPF program of the type
// BPF_PROG_TYPE_CGROUP_DEVICE. bpf(2), Documentation/admin-guide/cgroup-v1/devices.rst.
#pragma once
#include "orlop/base/fd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orlop::kernel {

enum DeviceAccess : std::uint8_t { device_mknod = 1, device_read = 2, device_write = 4 };  // as <linux/bpf.h> has them

// A rule decides the accesses that it names for the devices that it matches; the last one that does so wins. Where no
// rule does, access is denied.
struct DeviceRule {
  bool allow = false;
  char type = 'a';                     // 'a' all, 'b' block, 'c' character
  std::optional<std::uint32_t> major;  // absent: any
  std::optional<std::uint32_t> minor;
  std::uint8_t access = device_mknod | device_read | device_write;
  bool operator==(DeviceRule const&) const = default;
};

// "c 1:3 rwm", as the v1 files take it. Inline: a plan prints it without the kernel layer.
inline std::string device_rule_text(DeviceRule const& rule) {
  auto const number = [](std::optional<std::uint32_t> value) { return value ? std::to_string(*value) : "*"; };
  std::string text = std::string{rule.type} + " " + number(rule.major) + ":" + number(rule.minor) + " ";
  if (rule.access & device_read) text += 'r';
  if (rule.access & device_write) text += 'w';
  if (rule.access & device_mknod) text += 'm';
  return text;
}

// What a v1 cgroup can hold: one answer, and the exceptions from it. Error: a rule that it cannot hold, such as a
// denied device within an allowed range (the kernel would ignore it).
struct DeviceList {
  bool allow_others = false;
  std::vector<DeviceRule> exceptions;
  bool operator==(DeviceList const&) const = default;
};
DeviceList device_list(std::vector<DeviceRule> const& rules);

void filter_devices_v1(std::string const& cgroup, std::vector<DeviceRule> const& rules);

// From one list to another, without a moment in which what both allow is denied (or what both deny, allowed), as far as
// the kernel can: a change of the answer for all others starts anew.
struct DeviceChange {
  bool anew = false;
  std::vector<DeviceRule> first, then;  // exceptions that are added; and those that are taken back
  bool operator==(DeviceChange const&) const = default;
};
DeviceChange device_change(DeviceList const& before, DeviceList const& after);
void change_devices_v1(std::string const& cgroup, std::vector<DeviceRule> const& before,
                       std::vector<DeviceRule> const& rules);

// One instruction of the program as the kernel has it: pure, so that tests can run it.
std::vector<std::uint64_t> device_program(std::vector<DeviceRule> const& rules);
void filter_devices_v2(std::string const& cgroup, std::vector<DeviceRule> const& rules);
// In the place of the program that is there: at no moment none, or both.
void replace_devices_v2(std::string const& cgroup, std::vector<DeviceRule> const& rules);

}  // namespace orlop::kernel

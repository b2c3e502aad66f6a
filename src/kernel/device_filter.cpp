#include "orlop/kernel/device_filter.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"

#include <cstring>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

bool is_for_all(DeviceRule const& rule) {
  return rule.type == 'a' && !rule.major && !rule.minor && rule.access == (device_mknod | device_read | device_write);
}

bool meets(DeviceRule const& one, DeviceRule const& other) {
  auto const same = [](auto const& left, auto const& right) { return !left || !right || left == right; };
  return one.type == other.type && same(one.major, other.major) && same(one.minor, other.minor);
}

bool covers(DeviceRule const& wide, DeviceRule const& narrow) {
  return wide.type == narrow.type && (!wide.major || wide.major == narrow.major) &&
         (!wide.minor || wide.minor == narrow.minor);
}

void insert(std::vector<DeviceRule>& exceptions, DeviceRule const& wanted) {
  for (auto& exception : exceptions)
    if (covers(exception, wanted) && covers(wanted, exception)) {
      exception.access |= wanted.access;
      return;
    }
  exceptions.push_back(wanted);
}

// The kernel asks for one exception that has all of an access, and of reading and writing at once: a device that meets
// one for each gets one more, with the sum.
void add(std::vector<DeviceRule>& exceptions, DeviceRule const& rule) {
  for (auto const& exception : exceptions)
    if (covers(exception, rule) && (rule.access & ~exception.access) == 0) return;
  auto const before = exceptions;
  insert(exceptions, rule);
  constexpr std::uint8_t opening = device_read | device_write;
  for (DeviceRule both : before) {
    auto const sum = (both.access | rule.access) & opening;
    if (!meets(both, rule) || sum == (both.access & opening) || sum == (rule.access & opening)) continue;
    if (rule.major) both.major = rule.major;
    if (rule.minor) both.minor = rule.minor;
    both.access |= rule.access;
    insert(exceptions, both);
  }
}

// The kernel takes back an exception by its exact words only, and says nothing about a rule without such a counterpart.
void take_back(std::vector<DeviceRule>& exceptions, DeviceRule const& rule) {
  for (auto& exception : exceptions) {
    if (!meets(rule, exception) || !(rule.access & exception.access)) continue;
    if (!covers(rule, exception))
      throw Error::refusal(concat({"the devices of a v1 cgroup cannot express \"", device_rule_text(rule),
                                   "\" as an exception from \"", device_rule_text(exception), "\""}));
    exception.access &= static_cast<std::uint8_t>(~rule.access);
  }
  std::erase_if(exceptions, [](auto const& exception) { return exception.access == 0; });
}

void apply(DeviceList& list, DeviceRule rule) {
  if (is_for_all(rule)) {
    list = {rule.allow, {}};
  } else if (rule.type == 'a') {  // the kernel looks at nothing but the type of such a rule
    for (char const each : {'b', 'c'}) {
      rule.type = each;
      apply(list, rule);
    }
  } else if (rule.allow == list.allow_others) {
    take_back(list.exceptions, rule);
  } else {
    add(list.exceptions, rule);
  }
}

constexpr char program_name[] = "orlop_devices";

long bpf(int command, bpf_attr& attributes) { return syscall(SYS_bpf, command, &attributes, sizeof attributes); }

Fd load_program(std::vector<std::uint64_t> const& program) {
  bpf_attr attributes;  // the whole union, zeroed: some kernels look at (or write to) more than the command's part
  std::memset(&attributes, 0, sizeof attributes);
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = reinterpret_cast<std::uint64_t>(program.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
  attributes.license = reinterpret_cast<std::uint64_t>("Apache-2.0");
  std::memcpy(attributes.prog_name, program_name, sizeof program_name);
  return Fd{static_cast<int>(check(bpf(BPF_PROG_LOAD, attributes), "bpf", {Word{"BPF_PROG_LOAD"}}))};
}

}  // namespace

DeviceList device_list(std::vector<DeviceRule> const& rules) {
  DeviceList list;
  for (DeviceRule const& rule : rules) apply(list, rule);
  return list;
}

void filter_devices_v1(std::string const& cgroup, std::vector<DeviceRule> const& rules) {
  DeviceList const list = device_list(rules);
  std::string const allow = cgroup + "/devices.allow", deny = cgroup + "/devices.deny";
  file::write_existing(list.allow_others ? allow : deny, "a");
  std::string const& other = list.allow_others ? deny : allow;
  Fd const fd = path::open_host(other, O_WRONLY);
  for (auto const& exception : list.exceptions) file::write(fd, other, device_rule_text(exception));
}

DeviceChange device_change(DeviceList const& before, DeviceList const& after) {
  DeviceChange change;
  change.anew = before.allow_others != after.allow_others;
  if (change.anew) return change;
  // The accesses of `wanted` that no exception for exactly the same devices has.
  auto const lacking = [](DeviceRule wanted, std::vector<DeviceRule> const& exceptions) {
    for (auto const& exception : exceptions)
      if (covers(exception, wanted) && covers(wanted, exception))
        wanted.access &= static_cast<std::uint8_t>(~exception.access);
    return wanted;
  };
  for (auto const& exception : after.exceptions)
    if (auto const rule = lacking(exception, before.exceptions); rule.access) change.first.push_back(rule);
  for (auto const& exception : before.exceptions)
    if (auto const rule = lacking(exception, after.exceptions); rule.access) change.then.push_back(rule);
  return change;
}

void change_devices_v1(std::string const& cgroup, std::vector<DeviceRule> const& before,
                       std::vector<DeviceRule> const& rules) {
  DeviceList const list = device_list(rules);
  DeviceChange const change = device_change(device_list(before), list);
  if (change.anew) {
    filter_devices_v1(cgroup, rules);
    return;
  }
  std::string const allow = cgroup + "/devices.allow", deny = cgroup + "/devices.deny";
  for (auto const& rule : change.first) file::write_existing(list.allow_others ? deny : allow, device_rule_text(rule));
  for (auto const& rule : change.then) file::write_existing(list.allow_others ? allow : deny, device_rule_text(rule));
}

namespace {

// systemd has one of its own, where the cgroup is of a unit.
bool is_ours(int program) {
  bpf_prog_info info;
  std::memset(&info, 0, sizeof info);
  bpf_attr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  attributes.info.bpf_fd = static_cast<std::uint32_t>(program);
  attributes.info.info_len = sizeof info;
  attributes.info.info = reinterpret_cast<std::uint64_t>(&info);
  check(bpf(BPF_OBJ_GET_INFO_BY_FD, attributes), "bpf", {Word{"BPF_OBJ_GET_INFO_BY_FD"}});
  return std::strncmp(info.name, program_name, sizeof info.name) == 0;
}

// The device programs of the cgroup itself, as far as orlop has made them.
std::vector<Fd> attached_programs(int directory) {
  std::uint32_t ids[64] = {};
  bpf_attr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  attributes.query.target_fd = static_cast<std::uint32_t>(directory);
  attributes.query.attach_type = BPF_CGROUP_DEVICE;
  attributes.query.prog_ids = reinterpret_cast<std::uint64_t>(ids);
  attributes.query.prog_cnt = std::size(ids);
  check(bpf(BPF_PROG_QUERY, attributes), "bpf", {Word{"BPF_PROG_QUERY"}});
  std::uint32_t const count = attributes.query.prog_cnt;
  std::vector<Fd> programs;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::memset(&attributes, 0, sizeof attributes);
    attributes.prog_id = ids[i];
    Fd program{static_cast<int>(check(bpf(BPF_PROG_GET_FD_BY_ID, attributes), "bpf", {Word{"BPF_PROG_GET_FD_BY_ID"}}))};
    if (is_ours(program)) programs.push_back(std::move(program));
  }
  return programs;
}

// `replaced`: the program whose place it takes in the same step; -1: none.
void attach_program(int directory, std::string const& cgroup, std::vector<DeviceRule> const& rules, int replaced) {
  Fd const program = load_program(device_program(rules));
  bpf_attr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  attributes.target_fd = static_cast<std::uint32_t>(directory);
  attributes.attach_bpf_fd = static_cast<std::uint32_t>(static_cast<int>(program));
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (replaced >= 0) {
    attributes.attach_flags |= BPF_F_REPLACE;
    attributes.replace_bpf_fd = static_cast<std::uint32_t>(replaced);
  }
  check(bpf(BPF_PROG_ATTACH, attributes), "bpf", {Word{"BPF_PROG_ATTACH"}, cgroup});
}

}  // namespace

void replace_devices_v2(std::string const& cgroup, std::vector<DeviceRule> const& rules) {
  Fd const directory = path::open_host(cgroup, O_RDONLY | O_DIRECTORY);
  auto const before = attached_programs(directory);
  if (before.size() != 1)
    throw Error::refusal(concat({cgroup, " has ", before.size(), " device programs, and not the one of this container"}));
  attach_program(directory, cgroup, rules, before[0]);
}

void filter_devices_v2(std::string const& cgroup, std::vector<DeviceRule> const& rules) {
  attach_program(path::open_host(cgroup, O_RDONLY | O_DIRECTORY), cgroup, rules, -1);
}

}  // namespace orlop::kernel

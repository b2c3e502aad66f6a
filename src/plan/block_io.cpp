#include "setting_list.hpp"

#include "orlop/base/text.hpp"
#include "orlop/plan/conversion.hpp"

namespace orlop::plan {

namespace {

constexpr char section[] = "linux.resources.blockIO";

std::string member(std::string_view name) { return concat({section, ".", name}); }

// 0 is an old spelling of "not set".
bool is_weight(std::optional<std::uint16_t> weight, std::string const& where) {
  if (!weight || *weight == 0) return false;
  if (*weight < 10 || *weight > 1000) throw Refusal{where, concat({unsigned{*weight}, " is no weight (10 to 1000)"})};
  return true;
}

std::string device_of(std::int64_t major, std::int64_t minor, std::string const& where) {
  if (major < 0 || minor < 0 || major > UINT32_MAX || minor > UINT32_MAX)
    throw Refusal{where, concat({major, ":", minor, " is no device number"})};
  return concat({major, ":", minor});
}

void refuse_leaf(std::string const& where) {
  throw Refusal{where, "cannot be had with cgroup v2, in which a cgroup has no weight towards those below it"};
}

// On v1 the file is named after the scheduler since bfq is the only one with weights; on v2 io.weight is of iocost.
void add_weight(ControllerPlace const& place, SettingList& list, std::string const& device, std::uint16_t weight) {
  std::string const prefix = device.empty() ? "" : device + " ";
  char const* const v1_file = device.empty() ? "blkio.weight" : "blkio.weight_device";
  char const* const v1_bfq = device.empty() ? "blkio.bfq.weight" : "blkio.bfq.weight_device";
  std::string const plain = concat({prefix, unsigned{weight}});
  auto& setting = list.add(place, place.is_v2 ? "io.bfq.weight" : v1_file, plain);
  setting.other_file = place.is_v2 ? "io.weight" : v1_bfq;
  setting.other_value = place.is_v2 ? concat({prefix, io_weight(weight)}) : plain;
  if (device.empty()) return;
  setting.key = device;
  setting.without = prefix + (place.is_v2 ? "default" : "0");
}

void add_leaf_weight(ControllerPlace const& place, SettingList& list, std::string const& device, std::uint16_t weight,
                     std::string const& where) {
  if (place.is_v2) refuse_leaf(where);
  if (device.empty()) {
    list.add(place, "blkio.leaf_weight", std::to_string(weight));
    return;
  }
  auto& setting = list.add(place, "blkio.leaf_weight_device", concat({device, " ", unsigned{weight}}));
  setting.key = device;
  setting.without = device + " 0";
}

void add_device_weight(oci::LinuxWeightDevice const& wanted, std::size_t index, ControllerPlace const& place,
                       SettingList& list) {
  std::string const where = at(member("weightDevice"), index), leaf = where + ".leafWeight";
  std::string const device = device_of(wanted.major, wanted.minor, where);
  if (!wanted.weight && !wanted.leaf_weight) throw Refusal{where, "has neither weight nor leafWeight"};
  if (is_weight(wanted.weight, where + ".weight")) add_weight(place, list, device, *wanted.weight);
  if (is_weight(wanted.leaf_weight, leaf)) add_leaf_weight(place, list, device, *wanted.leaf_weight, leaf);
}

struct Throttle {
  char const* name;
  std::vector<oci::LinuxThrottleDevice> oci::LinuxBlockIo::*devices;
  char const *v1_file, *v2_key;
};
constexpr Throttle throttles[] = {
    {"throttleReadBpsDevice", &oci::LinuxBlockIo::throttle_read_bps_device, "blkio.throttle.read_bps_device", "rbps"},
    {"throttleWriteBpsDevice", &oci::LinuxBlockIo::throttle_write_bps_device, "blkio.throttle.write_bps_device", "wbps"},
    {"throttleReadIOPSDevice", &oci::LinuxBlockIo::throttle_read_iops_device, "blkio.throttle.read_iops_device", "riops"},
    {"throttleWriteIOPSDevice", &oci::LinuxBlockIo::throttle_write_iops_device, "blkio.throttle.write_iops_device",
     "wiops"},
};

// A rate of 0 is none: v1 has it so, v2 says "max".
void add_throttles(Throttle const& throttle, oci::LinuxBlockIo const& wanted, SettingList& list) {
  auto const& devices = wanted.*throttle.devices;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    std::string const where = at(member(throttle.name), i);
    auto const place = list.find("blkio", where);
    std::string const device = device_of(devices[i].major, devices[i].minor, where);
    std::string const rate = std::to_string(devices[i].rate);
    std::string const v2_rate = concat({device, " ", throttle.v2_key, "=", devices[i].rate ? rate : "max"});
    auto& setting = list.add(place, place.is_v2 ? "io.max" : throttle.v1_file, place.is_v2 ? v2_rate : device + " " + rate);
    setting.key = device;
    setting.without = place.is_v2 ? concat({device, " rbps=max wbps=max riops=max wiops=max"}) : device + " 0";
  }
}

}  // namespace

void plan_block_io(oci::LinuxBlockIo const& wanted, SettingList& list) {
  bool const weight = is_weight(wanted.weight, member("weight"));
  bool const leaf_weight = is_weight(wanted.leaf_weight, member("leafWeight"));
  if (weight) add_weight(list.find("blkio", member("weight")), list, "", *wanted.weight);
  if (leaf_weight)
    add_leaf_weight(list.find("blkio", member("leafWeight")), list, "", *wanted.leaf_weight, member("leafWeight"));
  for (std::size_t i = 0; i < wanted.weight_device.size(); ++i)
    add_device_weight(wanted.weight_device[i], i, list.find("blkio", at(member("weightDevice"), i)), list);
  for (Throttle const& throttle : throttles) add_throttles(throttle, wanted, list);
}

}  // namespace orlop::plan

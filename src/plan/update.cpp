#include "orlop/plan/update.hpp"

#include "section.hpp"

namespace orlop::plan {

namespace {

template <class Value>
void overlay(std::optional<Value>& value, std::optional<Value> const& wanted) {
  if (wanted) value = wanted;
}
// A list is replaced; one of limits for many things is so for each that the update names.
template <class Value>
void overlay(std::vector<Value>& list, std::vector<Value> const& wanted) {
  if (!wanted.empty()) list = wanted;
}
template <class Value, class Same>
void overlay(std::vector<Value>& list, std::vector<Value> const& wanted, Same const& is_same) {
  for (auto const& one : wanted) {
    std::erase_if(list, [&](auto const& old) { return is_same(old, one); });
    list.push_back(one);
  }
}
template <class Device>
void overlay_devices(std::vector<Device>& list, std::vector<Device> const& wanted) {
  overlay(list, wanted, [](auto const& a, auto const& b) { return a.major == b.major && a.minor == b.minor; });
}
template <class Value>
void overlay(oci::Map<Value>& map, oci::Map<Value> const& wanted) {
  for (auto const& entry : wanted) {
    std::erase_if(map, [&](auto const& old) { return old.first == entry.first; });
    map.push_back(entry);
  }
}
void overlay(std::string& text, std::string const& wanted) {
  if (!wanted.empty()) text = wanted;
}

template <class Object>
Object& existing(std::optional<Object>& object) {
  return object ? *object : object.emplace();
}

void overlay(oci::LinuxMemory& memory, oci::LinuxMemory const& wanted) {
  overlay(memory.limit, wanted.limit);
  overlay(memory.reservation, wanted.reservation);
  overlay(memory.swap, wanted.swap);
  overlay(memory.kernel, wanted.kernel);
  overlay(memory.kernel_tcp, wanted.kernel_tcp);
  overlay(memory.swappiness, wanted.swappiness);
  overlay(memory.disable_oom_killer, wanted.disable_oom_killer);
  overlay(memory.use_hierarchy, wanted.use_hierarchy);
  overlay(memory.check_before_update, wanted.check_before_update);
}

void overlay(oci::LinuxCpu& cpu, oci::LinuxCpu const& wanted) {
  overlay(cpu.shares, wanted.shares);
  overlay(cpu.quota, wanted.quota);
  overlay(cpu.burst, wanted.burst);
  overlay(cpu.period, wanted.period);
  overlay(cpu.realtime_runtime, wanted.realtime_runtime);
  overlay(cpu.realtime_period, wanted.realtime_period);
  overlay(cpu.cpus, wanted.cpus);
  overlay(cpu.mems, wanted.mems);
  overlay(cpu.idle, wanted.idle);
}

void overlay(oci::LinuxBlockIo& block_io, oci::LinuxBlockIo const& wanted) {
  overlay(block_io.weight, wanted.weight);
  overlay(block_io.leaf_weight, wanted.leaf_weight);
  overlay_devices(block_io.weight_device, wanted.weight_device);
  overlay_devices(block_io.throttle_read_bps_device, wanted.throttle_read_bps_device);
  overlay_devices(block_io.throttle_write_bps_device, wanted.throttle_write_bps_device);
  overlay_devices(block_io.throttle_read_iops_device, wanted.throttle_read_iops_device);
  overlay_devices(block_io.throttle_write_iops_device, wanted.throttle_write_iops_device);
}

oci::LinuxResources together(oci::LinuxResources all, oci::LinuxResources const& wanted) {
  overlay(all.devices, wanted.devices);
  if (wanted.memory) overlay(existing(all.memory), *wanted.memory);
  if (wanted.cpu) overlay(existing(all.cpu), *wanted.cpu);
  if (wanted.pids) overlay(existing(all.pids).limit, wanted.pids->limit);
  if (wanted.block_io) overlay(existing(all.block_io), *wanted.block_io);
  overlay(all.hugepage_limits, wanted.hugepage_limits,
          [](auto const& a, auto const& b) { return a.page_size == b.page_size; });
  if (wanted.network) {
    overlay(existing(all.network).class_id, wanted.network->class_id);
    overlay(existing(all.network).priorities, wanted.network->priorities,
            [](auto const& a, auto const& b) { return a.name == b.name; });
  }
  overlay(all.rdma, wanted.rdma);
  overlay(all.unified, wanted.unified);
  return all;
}

bool is_set(std::optional<std::int64_t> const& number) { return number && *number != 0; }

// A value that only has a meaning with another one, which the update does not name, has it with the one that stands.
void complete(oci::LinuxMemory& wanted, oci::LinuxMemory const& before) {
  if (!wanted.check_before_update) wanted.check_before_update = before.check_before_update;
  if (is_set(wanted.swap) && *wanted.swap > 0 && !is_set(wanted.limit)) wanted.limit = before.limit;
  // v2 has the limit of swap alone: what is left of both together changes with that of memory.
  if (wanted.limit && *wanted.limit > 0 && !wanted.swap && before.swap && *before.swap > 0) wanted.swap = before.swap;
  // Without a limit of memory one of both together has no meaning.
  if (wanted.limit == -1 && !is_set(wanted.swap)) wanted.swap = -1;
}

void complete(oci::LinuxCpu& wanted, oci::LinuxCpu const& before) {
  if (wanted.period && *wanted.period && !is_set(wanted.quota)) wanted.quota = before.quota;
  if (wanted.idle == 0 && !wanted.shares) wanted.shares = before.shares;  // leaving idle gives the usual weight
  if (wanted.shares && *wanted.shares && !wanted.idle && before.idle == 1) wanted.idle = 1;
}

// systemd has the quota as a share of time, whatever the period is.
void complete_period(oci::LinuxCpu& wanted, oci::LinuxCpu const& before) {
  if (is_set(wanted.quota) && !(wanted.period && *wanted.period)) wanted.period = before.period;
}

constexpr char device_weights[] = "IODeviceWeight";

// What an absent limit is to systemd; for a device, by its line. The weight of one device has no such word.
kernel::UnitProperty without(kernel::UnitProperty property) {
  auto& [signature, words] = property.value;
  if (signature == "ay")
    words.clear();
  else
    words.back() = property.name == "MemoryLow" || property.name == "MemoryMin" ? "0" : "18446744073709551615";
  return property;
}

bool is_same(kernel::UnitProperty const& one, kernel::UnitProperty const& other) {
  bool const has_device = one.value.signature == "a(st)";
  return one.name == other.name && (!has_device || one.value.words[0] == other.value.words[0]);
}

// The list of all weights begins anew with an empty one.
void add_device_weights(Unit const& before, std::vector<kernel::UnitProperty>& all) {
  all.push_back({device_weights, {"a(st)", {}}, true});
  for (auto const& one : before.limits)
    if (one.name == device_weights) all.push_back(one);
}

// A list of devices begins anew with an empty one.
void add_devices(std::vector<kernel::UnitProperty> const& devices, std::vector<kernel::UnitProperty>& all) {
  all.push_back({"DeviceAllow", {"a(ss)", {}}});
  all.insert(all.end(), devices.begin(), devices.end());
}

void plan_unit_update(Unit const& before, Unit const& unit, Update& update) {
  auto& wanted = update.unit_properties;
  for (auto const* const list : {&unit.limits, &unit.last_limits}) wanted.insert(wanted.end(), list->begin(), list->end());
  bool changes_device_weights = false;
  for (auto const& property : wanted) {
    if (property.name == device_weights) {
      changes_device_weights = true;
      continue;
    }
    kernel::UnitProperty old = without(property);
    for (auto const* const list : {&before.limits, &before.last_limits})
      for (auto const& one : *list)
        if (is_same(one, property)) old = one;
    update.unit_properties_before.push_back(std::move(old));
  }
  if (changes_device_weights) add_device_weights(before, update.unit_properties_before);
  if (!update.changes_devices) return;
  add_devices(unit.devices, wanted);
  add_devices(before.devices, update.unit_properties_before);
}

}  // namespace

Update make_update(oci::Spec const& spec, oci::LinuxResources const& before, oci::LinuxResources const& wanted,
                   HostFacts& host, std::string const& id, Systemd systemd, std::vector<std::string> const& cgroups) {
  Update update;
  update.resources = together(before, wanted);
  update.changes_devices = !wanted.devices.empty() && wanted.devices != before.devices;
  oci::LinuxConfig config;
  if (spec.linux_config) config.cgroups_path = spec.linux_config->cgroups_path;
  Plan plan;
  plan.id = id;
  Request request;
  request.systemd = systemd;
  request.cgroups = cgroups;
  config.resources = before;
  plan_cgroup(config, host, request, plan);
  plan_unit_annotations(spec.annotations, plan);
  if (plan.cgroup.unit) plan_resources(config, host, plan);
  update.devices_before = std::move(plan.cgroup.devices);
  std::optional<Unit> const unit_before = std::move(plan.cgroup.unit);
  plan.cgroup = {};
  plan.warnings.clear();
  config.resources = wanted;
  if (config.resources->memory) complete(*config.resources->memory, before.memory.value_or(oci::LinuxMemory{}));
  if (config.resources->cpu) complete(*config.resources->cpu, before.cpu.value_or(oci::LinuxCpu{}));
  if (unit_before && config.resources->cpu) complete_period(*config.resources->cpu, before.cpu.value_or(oci::LinuxCpu{}));
  plan_cgroup(config, host, request, plan);
  plan_unit_annotations(spec.annotations, plan);
  plan_resources(config, host, plan);
  if (unit_before) plan_unit_update(*unit_before, *plan.cgroup.unit, update);
  update.cgroup = std::move(plan.cgroup);
  update.warnings = std::move(plan.warnings);
  return update;
}

}  // namespace orlop::plan

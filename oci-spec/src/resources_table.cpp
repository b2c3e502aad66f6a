// config-linux.md, "Control groups".
#include "oci/described.hpp"

namespace oci {
namespace {

constexpr auto linux_device_cgroup = table<LinuxDeviceCgroup>(
    required<&LinuxDeviceCgroup::allow>("allow"),
    optional<&LinuxDeviceCgroup::type>("type"),
    optional<&LinuxDeviceCgroup::major>("major"),
    optional<&LinuxDeviceCgroup::minor>("minor"),
    optional<&LinuxDeviceCgroup::access>("access"));

constexpr auto linux_memory = table<LinuxMemory>(
    optional<&LinuxMemory::limit>("limit"),
    optional<&LinuxMemory::reservation>("reservation"),
    optional<&LinuxMemory::swap>("swap"),
    optional<&LinuxMemory::kernel>("kernel"),
    optional<&LinuxMemory::kernel_tcp>("kernelTCP"),
    optional<&LinuxMemory::swappiness>("swappiness"),
    optional<&LinuxMemory::disable_oom_killer>("disableOOMKiller"),
    optional<&LinuxMemory::use_hierarchy>("useHierarchy"),
    optional<&LinuxMemory::check_before_update>("checkBeforeUpdate"));

constexpr auto linux_cpu = table<LinuxCpu>(
    optional<&LinuxCpu::shares>("shares"),
    optional<&LinuxCpu::quota>("quota"),
    optional<&LinuxCpu::burst>("burst"),
    optional<&LinuxCpu::period>("period"),
    optional<&LinuxCpu::realtime_runtime>("realtimeRuntime"),
    optional<&LinuxCpu::realtime_period>("realtimePeriod"),
    optional<&LinuxCpu::cpus>("cpus"),
    optional<&LinuxCpu::mems>("mems"),
    optional<&LinuxCpu::idle>("idle"));

constexpr auto linux_pids = table<LinuxPids>(
    optional<&LinuxPids::limit>("limit"));

constexpr auto linux_weight_device = table<LinuxWeightDevice>(
    required<&LinuxWeightDevice::major>("major"),
    required<&LinuxWeightDevice::minor>("minor"),
    optional<&LinuxWeightDevice::weight>("weight"),
    optional<&LinuxWeightDevice::leaf_weight>("leafWeight"));

constexpr auto linux_throttle_device = table<LinuxThrottleDevice>(
    required<&LinuxThrottleDevice::major>("major"),
    required<&LinuxThrottleDevice::minor>("minor"),
    required<&LinuxThrottleDevice::rate>("rate"));

constexpr auto linux_block_io = table<LinuxBlockIo>(
    optional<&LinuxBlockIo::weight>("weight"),
    optional<&LinuxBlockIo::leaf_weight>("leafWeight"),
    optional<&LinuxBlockIo::weight_device>("weightDevice"),
    optional<&LinuxBlockIo::throttle_read_bps_device>("throttleReadBpsDevice"),
    optional<&LinuxBlockIo::throttle_write_bps_device>("throttleWriteBpsDevice"),
    optional<&LinuxBlockIo::throttle_read_iops_device>("throttleReadIOPSDevice"),
    optional<&LinuxBlockIo::throttle_write_iops_device>("throttleWriteIOPSDevice"));

constexpr auto linux_hugepage_limit = table<LinuxHugepageLimit>(
    required<&LinuxHugepageLimit::page_size>("pageSize"),
    required<&LinuxHugepageLimit::limit>("limit"));

constexpr auto linux_interface_priority = table<LinuxInterfacePriority>(
    required<&LinuxInterfacePriority::name>("name"),
    required<&LinuxInterfacePriority::priority>("priority"));

constexpr auto linux_network = table<LinuxNetwork>(
    optional<&LinuxNetwork::class_id>("classID"),
    optional<&LinuxNetwork::priorities>("priorities"));

constexpr auto linux_rdma = table<LinuxRdma>(
    optional<&LinuxRdma::hca_handles>("hcaHandles"),
    optional<&LinuxRdma::hca_objects>("hcaObjects"));

constexpr auto linux_resources = table<LinuxResources>(
    optional<&LinuxResources::devices>("devices"),
    optional<&LinuxResources::memory>("memory"),
    optional<&LinuxResources::cpu>("cpu"),
    optional<&LinuxResources::pids>("pids"),
    optional<&LinuxResources::block_io>("blockIO"),
    optional<&LinuxResources::hugepage_limits>("hugepageLimits"),
    optional<&LinuxResources::network>("network"),
    optional<&LinuxResources::rdma>("rdma"),
    optional<&LinuxResources::unified>("unified"));

}  // namespace

template <> constinit Type const Object<LinuxDeviceCgroup>::type = object_type(linux_device_cgroup);
template <> constinit Type const Object<LinuxMemory>::type = object_type(linux_memory);
template <> constinit Type const Object<LinuxCpu>::type = object_type(linux_cpu);
template <> constinit Type const Object<LinuxPids>::type = object_type(linux_pids);
template <> constinit Type const Object<LinuxWeightDevice>::type = object_type(linux_weight_device);
template <> constinit Type const Object<LinuxThrottleDevice>::type = object_type(linux_throttle_device);
template <> constinit Type const Object<LinuxBlockIo>::type = object_type(linux_block_io);
template <> constinit Type const Object<LinuxHugepageLimit>::type = object_type(linux_hugepage_limit);
template <> constinit Type const Object<LinuxInterfacePriority>::type = object_type(linux_interface_priority);
template <> constinit Type const Object<LinuxNetwork>::type = object_type(linux_network);
template <> constinit Type const Object<LinuxRdma>::type = object_type(linux_rdma);
template <> constinit Type const Object<LinuxResources>::type = object_type(linux_resources);

}  // namespace oci

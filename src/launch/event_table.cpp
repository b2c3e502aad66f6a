#include "event_table.hpp"

#include "oci/described.hpp"

namespace kernel = orlop::kernel;
namespace launch = orlop::launch;
using oci::always;
using oci::optional;
using oci::table;

template <>
oci::Type const oci::Object<kernel::Decimal>::type;
template <>
oci::Type const oci::Object<kernel::Stall>::type;
template <>
oci::Type const oci::Object<kernel::Pressure>::type;
template <>
oci::Type const oci::Object<kernel::CpuTime>::type;
template <>
oci::Type const oci::Object<kernel::CpuThrottling>::type;
template <>
oci::Type const oci::Object<kernel::CpuStatistic>::type;
template <>
oci::Type const oci::Object<kernel::CpusetStatistic>::type;
template <>
oci::Type const oci::Object<kernel::MemoryUsage>::type;
template <>
oci::Type const oci::Object<kernel::MemoryStatistic>::type;
template <>
oci::Type const oci::Object<kernel::PidsStatistic>::type;
template <>
oci::Type const oci::Object<kernel::IoCount>::type;
template <>
oci::Type const oci::Object<kernel::IoStatistic>::type;
template <>
oci::Type const oci::Object<kernel::HugePageStatistic>::type;
template <>
oci::Type const oci::Object<launch::IntelRdtReport>::type;
template <>
oci::Type const oci::Object<launch::InterfaceReport>::type;
template <>
oci::Type const oci::Object<launch::StatisticReport>::type;

namespace {

constexpr auto stall = table<kernel::Stall>(
    always<&kernel::Stall::avg10>("avg10"),
    always<&kernel::Stall::avg60>("avg60"),
    always<&kernel::Stall::avg300>("avg300"),
    always<&kernel::Stall::total>("total"));
constexpr auto pressure = table<kernel::Pressure>(
    always<&kernel::Pressure::some>("some"),
    always<&kernel::Pressure::full>("full"));
constexpr auto cpu_time = table<kernel::CpuTime>(
    optional<&kernel::CpuTime::total>("total"),
    optional<&kernel::CpuTime::of_each>("percpu"),
    optional<&kernel::CpuTime::kernel_of_each>("percpu_kernel"),
    optional<&kernel::CpuTime::user_of_each>("percpu_user"),
    always<&kernel::CpuTime::kernel>("kernel"),
    always<&kernel::CpuTime::user>("user"));
constexpr auto cpu_throttling = table<kernel::CpuThrottling>(
    optional<&kernel::CpuThrottling::periods>("periods"),
    optional<&kernel::CpuThrottling::throttled_periods>("throttledPeriods"),
    optional<&kernel::CpuThrottling::throttled_time>("throttledTime"));
constexpr auto cpu = table<kernel::CpuStatistic>(
    always<&kernel::CpuStatistic::time>("usage"),
    always<&kernel::CpuStatistic::throttling>("throttling"),
    optional<&kernel::CpuStatistic::pressure>("psi"));
constexpr auto cpuset = table<kernel::CpusetStatistic>(
    optional<&kernel::CpusetStatistic::cpus>("cpus"),
    always<&kernel::CpusetStatistic::cpu_exclusive>("cpu_exclusive"),
    optional<&kernel::CpusetStatistic::mems>("mems"),
    always<&kernel::CpusetStatistic::mem_hardwall>("mem_hardwall"),
    always<&kernel::CpusetStatistic::mem_exclusive>("mem_exclusive"),
    always<&kernel::CpusetStatistic::memory_migrate>("memory_migrate"),
    always<&kernel::CpusetStatistic::memory_spread_page>("memory_spread_page"),
    always<&kernel::CpusetStatistic::memory_spread_slab>("memory_spread_slab"),
    always<&kernel::CpusetStatistic::memory_pressure>("memory_pressure"),
    always<&kernel::CpusetStatistic::sched_load_balance>("sched_load_balance"),
    always<&kernel::CpusetStatistic::sched_relax_domain_level>("sched_relax_domain_level"));
constexpr auto memory_usage = table<kernel::MemoryUsage>(
    always<&kernel::MemoryUsage::limit>("limit"),
    optional<&kernel::MemoryUsage::usage>("usage"),
    optional<&kernel::MemoryUsage::peak>("max"),
    always<&kernel::MemoryUsage::failures>("failcnt"));
constexpr auto memory = table<kernel::MemoryStatistic>(
    optional<&kernel::MemoryStatistic::cache>("cache"),
    always<&kernel::MemoryStatistic::memory>("usage"),
    always<&kernel::MemoryStatistic::with_swap>("swap"),
    optional<&kernel::MemoryStatistic::swap>("swapOnly"),
    always<&kernel::MemoryStatistic::kernel>("kernel"),
    always<&kernel::MemoryStatistic::kernel_tcp>("kernelTCP"),
    optional<&kernel::MemoryStatistic::raw>("raw"),
    optional<&kernel::MemoryStatistic::events>("events"),
    optional<&kernel::MemoryStatistic::pressure>("psi"));
constexpr auto pids = table<kernel::PidsStatistic>(
    optional<&kernel::PidsStatistic::current>("current"),
    optional<&kernel::PidsStatistic::limit>("limit"),
    optional<&kernel::PidsStatistic::peak>("max"),
    optional<&kernel::PidsStatistic::events>("events"));
constexpr auto io_count = table<kernel::IoCount>(
    optional<&kernel::IoCount::major>("major"),
    optional<&kernel::IoCount::minor>("minor"),
    optional<&kernel::IoCount::operation>("op"),
    optional<&kernel::IoCount::value>("value"));
constexpr auto io = table<kernel::IoStatistic>(
    optional<&kernel::IoStatistic::bytes>("ioServiceBytesRecursive"),
    optional<&kernel::IoStatistic::operations>("ioServicedRecursive"),
    optional<&kernel::IoStatistic::queued>("ioQueueRecursive"),
    optional<&kernel::IoStatistic::service_time>("ioServiceTimeRecursive"),
    optional<&kernel::IoStatistic::wait_time>("ioWaitTimeRecursive"),
    optional<&kernel::IoStatistic::merged>("ioMergedRecursive"),
    optional<&kernel::IoStatistic::time>("ioTimeRecursive"),
    optional<&kernel::IoStatistic::sectors>("sectorsRecursive"),
    optional<&kernel::IoStatistic::pressure>("psi"));
constexpr auto huge_pages = table<kernel::HugePageStatistic>(
    optional<&kernel::HugePageStatistic::usage>("usage"),
    optional<&kernel::HugePageStatistic::peak>("max"),
    always<&kernel::HugePageStatistic::failures>("failcnt"));
constexpr auto intel_rdt = table<launch::IntelRdtReport>();
constexpr auto interface = table<launch::InterfaceReport>(
    always<&launch::InterfaceReport::name>("Name"),
    always<&launch::InterfaceReport::rx_bytes>("RxBytes"),
    always<&launch::InterfaceReport::rx_packets>("RxPackets"),
    always<&launch::InterfaceReport::rx_errors>("RxErrors"),
    always<&launch::InterfaceReport::rx_dropped>("RxDropped"),
    always<&launch::InterfaceReport::tx_bytes>("TxBytes"),
    always<&launch::InterfaceReport::tx_packets>("TxPackets"),
    always<&launch::InterfaceReport::tx_errors>("TxErrors"),
    always<&launch::InterfaceReport::tx_dropped>("TxDropped"));
constexpr auto statistic = table<launch::StatisticReport>(
    always<&launch::StatisticReport::cpu>("cpu"),
    always<&launch::StatisticReport::cpuset>("cpuset"),
    always<&launch::StatisticReport::memory>("memory"),
    always<&launch::StatisticReport::pids>("pids"),
    always<&launch::StatisticReport::blkio>("blkio"),
    always<&launch::StatisticReport::hugetlb>("hugetlb"),
    always<&launch::StatisticReport::intel_rdt>("intel_rdt"),
    always<&launch::StatisticReport::interfaces>("network_interfaces"));
constexpr auto event = table<launch::EventReport>(
    always<&launch::EventReport::type>("type"),
    always<&launch::EventReport::id>("id"),
    optional<&launch::EventReport::data>("data"));

}  // namespace

template <>
oci::Type const oci::Object<kernel::Decimal>::type = oci::number_type;
template <>
oci::Type const oci::Object<kernel::Stall>::type = oci::object_type(stall);
template <>
oci::Type const oci::Object<kernel::Pressure>::type = oci::object_type(pressure);
template <>
oci::Type const oci::Object<kernel::CpuTime>::type = oci::object_type(cpu_time);
template <>
oci::Type const oci::Object<kernel::CpuThrottling>::type = oci::object_type(cpu_throttling);
template <>
oci::Type const oci::Object<kernel::CpuStatistic>::type = oci::object_type(cpu);
template <>
oci::Type const oci::Object<kernel::CpusetStatistic>::type = oci::object_type(cpuset);
template <>
oci::Type const oci::Object<kernel::MemoryUsage>::type = oci::object_type(memory_usage);
template <>
oci::Type const oci::Object<kernel::MemoryStatistic>::type = oci::object_type(memory);
template <>
oci::Type const oci::Object<kernel::PidsStatistic>::type = oci::object_type(pids);
template <>
oci::Type const oci::Object<kernel::IoCount>::type = oci::object_type(io_count);
template <>
oci::Type const oci::Object<kernel::IoStatistic>::type = oci::object_type(io);
template <>
oci::Type const oci::Object<kernel::HugePageStatistic>::type = oci::object_type(huge_pages);
template <>
oci::Type const oci::Object<launch::IntelRdtReport>::type = oci::object_type(intel_rdt);
template <>
oci::Type const oci::Object<launch::InterfaceReport>::type = oci::object_type(interface);
template <>
oci::Type const oci::Object<launch::StatisticReport>::type = oci::object_type(statistic);
template <>
oci::Type const oci::Object<launch::EventReport>::type = oci::object_type(event);

// The structs of spec.hpp, state.hpp and features.hpp that have a table, which is all of them. The tables
// themselves are in src/*_table.cpp.
#pragma once

#include "oci/features.hpp"
#include "oci/members.hpp"
#include "oci/state.hpp"

namespace oci {

template <> Type const Object<Root>::type;
template <> Type const Object<LinuxIdMapping>::type;
template <> Type const Object<Mount>::type;
template <> Type const Object<Hook>::type;
template <> Type const Object<Hooks>::type;
template <> Type const Object<ConsoleSize>::type;
template <> Type const Object<User>::type;
template <> Type const Object<LinuxCapabilities>::type;
template <> Type const Object<PosixRlimit>::type;
template <> Type const Object<Scheduler>::type;
template <> Type const Object<LinuxIoPriority>::type;
template <> Type const Object<CpuAffinity>::type;
template <> Type const Object<Process>::type;
template <> Type const Object<LinuxDeviceCgroup>::type;
template <> Type const Object<LinuxMemory>::type;
template <> Type const Object<LinuxCpu>::type;
template <> Type const Object<LinuxPids>::type;
template <> Type const Object<LinuxWeightDevice>::type;
template <> Type const Object<LinuxThrottleDevice>::type;
template <> Type const Object<LinuxBlockIo>::type;
template <> Type const Object<LinuxHugepageLimit>::type;
template <> Type const Object<LinuxInterfacePriority>::type;
template <> Type const Object<LinuxNetwork>::type;
template <> Type const Object<LinuxRdma>::type;
template <> Type const Object<LinuxResources>::type;
template <> Type const Object<LinuxNamespace>::type;
template <> Type const Object<LinuxTimeOffset>::type;
template <> Type const Object<LinuxDevice>::type;
template <> Type const Object<LinuxNetDevice>::type;
template <> Type const Object<LinuxSeccompArg>::type;
template <> Type const Object<LinuxSyscall>::type;
template <> Type const Object<LinuxSeccomp>::type;
template <> Type const Object<LinuxIntelRdt>::type;
template <> Type const Object<LinuxMemoryPolicy>::type;
template <> Type const Object<LinuxPersonality>::type;
template <> Type const Object<LinuxConfig>::type;
template <> Type const Object<Spec>::type;

template <> Type const Object<State>::type;
template <> Type const Object<ContainerProcessState>::type;

template <> Type const Object<CgroupFeatures>::type;
template <> Type const Object<SeccompFeatures>::type;
template <> Type const Object<EnabledFeature>::type;
template <> Type const Object<IntelRdtFeatures>::type;
template <> Type const Object<MemoryPolicyFeatures>::type;
template <> Type const Object<MountExtensions>::type;
template <> Type const Object<LinuxFeatures>::type;
template <> Type const Object<Features>::type;

}  // namespace oci

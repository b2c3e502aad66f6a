#include "orlop/container/record.hpp"

#include "oci/described.hpp"

namespace {

using orlop::container::Phase;
using orlop::container::ProcessIdentity;
using orlop::container::Record;
using orlop::container::SeccompListener;

constexpr auto identity = oci::table<ProcessIdentity>(
    oci::always<&ProcessIdentity::pid>("pid"),
    oci::always<&ProcessIdentity::start_time>("startTime"));

constexpr auto listener = oci::table<SeccompListener>(
    oci::required<&SeccompListener::path>("path"),
    oci::optional<&SeccompListener::metadata>("metadata"));

constexpr auto record = oci::table<Record>(
    oci::required<&Record::schema>("schema"),
    oci::required<&Record::id>("id"),
    oci::required<&Record::oci_version>("ociVersion"),
    oci::required<&Record::bundle>("bundle"),
    oci::required<&Record::rootfs>("rootfs"),
    oci::required<&Record::created>("created"),
    oci::required<&Record::owner>("owner"),
    oci::required<&Record::boot_id>("bootId"),
    oci::required<&Record::phase>("phase"),
    oci::required<&Record::maker>("maker"),
    oci::required<&Record::init>("init"),
    oci::required<&Record::cgroup_driver>("cgroupDriver"),
    oci::required<&Record::cgroups>("cgroups"),
    oci::optional<&Record::all_cgroups>("allCgroups"),
    oci::optional<&Record::rdt_groups>("rdtGroups"),
    oci::optional<&Record::rdt_made>("rdtMade"),
    oci::optional<&Record::annotations>("annotations"),
    oci::optional<&Record::hooks>("hooks"),
    oci::optional<&Record::seccomp_listener>("seccompListener"));

constexpr std::string_view phase_words[] = {"creating", "created"};

}  // namespace

template <>
oci::Vocabulary const& oci::vocabulary<Phase>() noexcept {
  static constexpr Vocabulary phases{"phase", phase_words};
  return phases;
}

template <>
oci::Type const oci::Object<ProcessIdentity>::type = oci::object_type(identity);
template <>
oci::Type const oci::Object<SeccompListener>::type = oci::object_type(listener);
template <>
oci::Type const oci::Object<Record>::type = oci::object_type(record);

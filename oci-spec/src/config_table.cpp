// config.md: root, mounts, hooks, and the whole.
#include "oci/described.hpp"

namespace oci {
namespace {

constexpr auto root = table<Root>(
    required<&Root::path>("path"),
    optional<&Root::readonly>("readonly"));

constexpr auto linux_id_mapping = table<LinuxIdMapping>(
    required<&LinuxIdMapping::container_id>("containerID"),
    required<&LinuxIdMapping::host_id>("hostID"),
    required<&LinuxIdMapping::size>("size"));

constexpr auto mount = table<Mount>(
    required<&Mount::destination>("destination"),
    optional<&Mount::type>("type"),
    optional<&Mount::source>("source"),
    optional<&Mount::options>("options"),
    optional<&Mount::uid_mappings>("uidMappings"),
    optional<&Mount::gid_mappings>("gidMappings"));

constexpr auto hook = table<Hook>(
    required<&Hook::path>("path"),
    optional<&Hook::args>("args"),
    optional<&Hook::env>("env"),
    optional<&Hook::timeout>("timeout"));

constexpr auto hooks = table<Hooks>(
    optional<&Hooks::prestart>("prestart"),
    optional<&Hooks::create_runtime>("createRuntime"),
    optional<&Hooks::create_container>("createContainer"),
    optional<&Hooks::start_container>("startContainer"),
    optional<&Hooks::poststart>("poststart"),
    optional<&Hooks::poststop>("poststop"));

constexpr auto spec = table<Spec>(
    required<&Spec::oci_version>("ociVersion"),
    optional<&Spec::process>("process"),
    optional<&Spec::root>("root"),
    optional<&Spec::hostname>("hostname"),
    optional<&Spec::domainname>("domainname"),
    optional<&Spec::mounts>("mounts"),
    optional<&Spec::hooks>("hooks"),
    optional<&Spec::annotations>("annotations"),
    optional<&Spec::linux_config>("linux"),
    skipped("solaris"),
    skipped("windows"),
    skipped("vm"),
    skipped("zos"),
    skipped("freebsd"));

}  // namespace

template <> constinit Type const Object<Root>::type = object_type(root);
template <> constinit Type const Object<LinuxIdMapping>::type = object_type(linux_id_mapping);
template <> constinit Type const Object<Mount>::type = object_type(mount);
template <> constinit Type const Object<Hook>::type = object_type(hook);
template <> constinit Type const Object<Hooks>::type = object_type(hooks);
template <> constinit Type const Object<Spec>::type = object_type(spec);

}  // namespace oci

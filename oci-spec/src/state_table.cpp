// runtime.md, "State", and the message to a seccomp listener (config-linux.md).
#include "oci/described.hpp"

namespace oci {
namespace {

constexpr auto state = table<State>(
    required<&State::oci_version>("ociVersion"),
    required<&State::id>("id"),
    required<&State::status>("status"),
    optional<&State::pid>("pid"),
    required<&State::bundle>("bundle"),
    optional<&State::annotations>("annotations"));

constexpr auto container_process_state = table<ContainerProcessState>(
    required<&ContainerProcessState::oci_version>("ociVersion"),
    always<&ContainerProcessState::fds>("fds"),
    required<&ContainerProcessState::pid>("pid"),
    optional<&ContainerProcessState::metadata>("metadata"),
    required<&ContainerProcessState::state>("state"));

}  // namespace

template <> constinit Type const Object<State>::type = object_type(state);
template <> constinit Type const Object<ContainerProcessState>::type = object_type(container_process_state);

}  // namespace oci

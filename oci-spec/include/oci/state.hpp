// runtime.md, "State", and config-linux.md, "The Container Process State": what `orlop state` prints, what
// hooks read on stdin, and what is sent to a seccomp listener. The status is a string, for runtimes may
// define more than the spec's creating, created, running, stopped.
#pragma once

#include "oci/spec.hpp"

namespace oci {

struct State {
    std::string oci_version{};  // required
    std::string id{};           // required
    std::string status{};       // required
    std::optional<int> pid{};
    std::string bundle{};       // required
    Annotations annotations{};
    bool operator==(State const&) const = default;
};

struct ContainerProcessState {
    std::string oci_version{};  // required
    StringList fds{};           // names of the fds that travel with it
    int pid{};                  // required
    std::string metadata{};
    State state{};              // required
    bool operator==(ContainerProcessState const&) const = default;
};

}  // namespace oci

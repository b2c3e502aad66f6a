// What a user namespace may not make, it gets from the host: device nodes (mknod(2) is EPERM there), and file systems of
// namespaces that are not its own (sysfs with the host's network, mqueue with the host's ipc, proc with the host's pids).
#pragma once
#include "orlop/base/directory.hpp"
#include "orlop/plan/plan.hpp"

namespace orlop::launch {

// The host's node of that number at the name in the container's directory. The owner and mode are the host's.
void bind_device(Directory const& parent, std::string const& name, plan::Device const& device);
// `node`: a detached mount of one that was made elsewhere. What is there must be it already, or a file to cover.
void attach_device(Directory const& parent, std::string const& name, plan::Device const& device, int node);
// A closed Fd: the host has none that would show no more than was asked for. Then the hint says why the container's root
// has no right to a new one.
Fd try_clone_of_host(plan::Mount const& mount, plan::Namespaces const& namespaces);
std::string hint_of_missing_right(plan::Mount const& mount, plan::Namespaces const& namespaces);

}  // namespace orlop::launch

// The child's work on its root file system, a verb a section of the plan. We are in the new mount namespace, root in
// the container's user namespace, and still see the host's mounts; inside the root only descriptors are used.
#pragma once
#include "orlop/base/directory.hpp"
#include "orlop/kernel/terminal.hpp"
#include "orlop/launch/source.hpp"
#include "orlop/plan/plan.hpp"

namespace orlop::launch {

// The container's root, attached over its own path on the host; without a mount namespace of its own, the directory itself.
Directory bind_root(plan::Rootfs const& rootfs, SourceOpener const& sources);
// True: make_mounts will ask the parent for some of them.
bool asks_for_mounts(plan::Plan const& plan);
// The parent at the other end of the channel opens what only it can. `root`: from a mount on "/" on, that one.
void make_mounts(Directory& root, plan::Plan const& plan, SourceOpener const& sources, int channel);
void make_devices(Directory const& root, plan::Plan const& plan, int channel);
// A pty of the container's devpts, its slave also at /dev/console.
kernel::Pty make_terminal(Directory const& root, plan::Process const& process);
void mask_paths(Directory const& root, plan::Plan const& plan);
void protect_paths(Directory const& root, std::vector<std::string> const& paths);
// Made if it is not there, as root of the container.
void make_working_directory(Directory const& root, std::string const& path);
// Read-only if asked for, then it becomes "/".
void change_root(Directory const& root, plan::Rootfs const& rootfs);

}  // namespace orlop::launch

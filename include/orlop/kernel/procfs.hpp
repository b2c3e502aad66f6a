// A procfs that can be trusted: what is written there reaches the kernel, and not a file that somebody mounted over it.
// proc(5), fsopen(2), openat2(2). Open it before the container's root is entered, or its namespaces are joined.
#pragma once
#include "orlop/base/directory.hpp"

#include <string>

namespace orlop::kernel {

// A detached instance of our own, which has no mount point that others could cover. Where the kernel does not give one
// (a new user namespace, a /proc that is partly covered already): the /proc that is there, proven to be a procfs.
Directory open_procfs();
// A file of it ("sys/kernel/sem", "self/attr/exec"): never on another mount, never through a magic link.
Fd open_in_procfs(Directory const& procfs, std::string const& path, int flags);
// The same; a closed descriptor if the file is absent.
Fd try_open_in_procfs(Directory const& procfs, std::string const& path, int flags);

}  // namespace orlop::kernel

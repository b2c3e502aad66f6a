// The directory that holds a directory for each container: --root, else $XDG_RUNTIME_DIR/orlop or /run/orlop.
#pragma once
#include "orlop/base/directory.hpp"

#include <string>
#include <vector>

namespace orlop::container {

// What a caller may name a container: letters, digits and _ + . -, at most 255, and neither "." nor "..".
// Throws Error with the text that runc users know.
void check_id(std::string const& id);

// Where the state lives if the caller does not say: for an ordinary user, and for root of somebody's user namespace
// (rootless Podman), below XDG_RUNTIME_DIR.
std::string default_state_root();

// Makes it if it is missing, mode 0711 (an ordinary user's tools may look up their own container below, not list).
Directory open_state_root(std::string const& path);
// Without making it: nullopt when there is none, and so no containers.
std::vector<std::string> container_ids(std::string const& state_root);

}  // namespace orlop::container

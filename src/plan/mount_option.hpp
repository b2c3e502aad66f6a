// The words of mounts[].options that the runtime understands: mount(8), config.md's table. All others go to the file
// system as they are.
#pragma once
#include "orlop/plan/plan.hpp"

#include <string>
#include <vector>

namespace orlop::plan {

enum class OptionEffect { taken, not_ours, unsupported };

// All the words, sorted: for `features`.
std::vector<std::string> mount_option_words();
// Applies one option to the mount.
OptionEffect apply_option(std::string const& option, Mount& mount);

}  // namespace orlop::plan

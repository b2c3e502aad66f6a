// The words of mounts[].options that the runtime understands: mount(8), config.md's table. All others go to the file
// system as they are.
#pragma once
#include "orlop/plan/plan.hpp"

#include "oci/spec.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orlop::plan {

// of_the_whole: it says what the mount is, and is read when all other options are known (remount, idmap).
enum class OptionEffect { taken, not_ours, of_the_whole };

// All the words, sorted: for `features`.
std::vector<std::string> mount_option_words();
// Applies one option to the mount.
OptionEffect apply_option(std::string const& option, Mount& mount);

// "sync" and its kin: of the file system, never of a bind.
bool is_superblock_flag(std::string_view word);

// "idmap", "ridmap", "idmap=uids=0-1000-1;gids=…".
bool is_id_map_option(std::string_view option);
// mounts[].uidMappings and gidMappings, or the option; Refusal names the place.
void plan_id_map(oci::Mount const& wanted, oci::LinuxConfig const& config, Mount& mount);

}  // namespace orlop::plan

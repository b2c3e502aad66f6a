#include "mount_option.hpp"

#include "section.hpp"

#include <algorithm>
#include <linux/mount.h>
#include <string_view>
#include <sys/mount.h>

namespace orlop::plan {

namespace {

// Attributes of the mount. A word with an r in front means the same for all mounts below, too.
struct AttributeRow {
  std::string_view word;
  std::uint64_t set, clear;
};
constexpr std::uint64_t any_atime = MOUNT_ATTR__ATIME;
constexpr AttributeRow attribute_rows[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0},
    {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},
    {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},
    {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},
    {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"noatime", MOUNT_ATTR_NOATIME, any_atime},
    {"strictatime", MOUNT_ATTR_STRICTATIME, any_atime},
    // What is left when noatime or strictatime is taken back is the kernel's default, relatime.
    {"atime", MOUNT_ATTR_RELATIME, any_atime},
    {"relatime", MOUNT_ATTR_RELATIME, any_atime},
    {"norelatime", MOUNT_ATTR_RELATIME, any_atime},
    {"nostrictatime", MOUNT_ATTR_RELATIME, any_atime},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    {"diratime", 0, MOUNT_ATTR_NODIRATIME},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
    {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
};

// Flags of the superblock, which fsconfig(2) knows by these names.
constexpr std::string_view superblock_flags[] = {"sync",   "async",     "dirsync",     "lazytime", "nolazytime",
                                                 "mand", "nomand", "iversion", "noiversion"};
// mount(8) words that ask for nothing: the default, and how much the kernel logs about the mount (fsopen keeps that for
// its caller).
constexpr std::string_view without_effect[] = {"defaults", "silent", "loud"};

// Switches of a mount that are orlop's own work.
struct SwitchRow {
  std::string_view word;
  bool Mount::*member;
};
constexpr SwitchRow switch_rows[] = {
    {"tmpcopyup", &Mount::copy_up},
    {"copy-symlink", &Mount::copy_symlink},
    {"src-nofollow", &Mount::source_nofollow},
    {"dest-nofollow", &Mount::destination_nofollow},
};

template <std::size_t size>
bool is_in(std::string_view const (&words)[size], std::string_view word) {
  for (std::string_view const one : words)
    if (one == word) return true;
  return false;
}

AttributeRow const* attribute_of(std::string_view word) {
  for (auto const& row : attribute_rows)
    if (row.word == word) return &row;
  return nullptr;
}

// A later option wins over an earlier one.
void merge(kernel::MountAttributes& attributes, AttributeRow const& row) {
  attributes.set = (attributes.set & ~(row.clear | row.set)) | row.set;
  attributes.clear = (attributes.clear & ~row.set) | row.clear;
}

bool apply_attribute(std::string_view word, Mount& mount) {
  if (auto const* row = attribute_of(word)) return merge(mount.attributes, *row), true;
  if (word.size() > 1 && word.front() == 'r')
    if (auto const* row = attribute_of(word.substr(1))) return merge(mount.recursive_attributes, *row), true;
  return false;
}

}  // namespace

unsigned long propagation_of(std::string_view word, bool& recursive) {
  recursive = !word.empty() && word.front() == 'r';
  if (recursive) word.remove_prefix(1);
  if (word == "private") return MS_PRIVATE;
  if (word == "slave") return MS_SLAVE;
  if (word == "shared") return MS_SHARED;
  if (word == "unbindable") return MS_UNBINDABLE;
  return 0;
}

bool is_superblock_flag(std::string_view word) { return is_in(superblock_flags, word); }

std::vector<std::string> mount_option_words() {
  std::vector<std::string> words{"bind", "rbind", "remount", "idmap", "ridmap"};
  for (char const* word : {"private", "slave", "shared", "unbindable"})
    for (char const* prefix : {"", "r"}) words.push_back(std::string{prefix} + word);
  for (auto const& row : attribute_rows)
    for (char const* prefix : {"", "r"}) words.push_back(std::string{prefix}.append(row.word));
  for (auto const word : superblock_flags)
    for (char const* prefix : {"", "r"}) words.push_back(std::string{prefix}.append(word));
  for (auto const word : without_effect) words.emplace_back(word);
  for (auto const& row : switch_rows) words.emplace_back(row.word);
  std::sort(words.begin(), words.end());
  return words;
}

OptionEffect apply_option(std::string const& option, Mount& mount) {
  if (option == "remount" || is_id_map_option(option)) return OptionEffect::of_the_whole;
  if (option == "bind" || option == "rbind") {
    mount.kind = MountKind::bind;
    mount.recursive |= option == "rbind";  // "rbind,bind" is what mount(2) makes of MS_BIND and MS_REC
    return OptionEffect::taken;
  }
  bool recursive = false;
  if (unsigned long const propagation = propagation_of(option, recursive)) {
    mount.propagation.push_back(propagation);
    mount.propagation_recursive.push_back(recursive);
    return OptionEffect::taken;
  }
  if (apply_attribute(option, mount) || is_in(without_effect, option)) return OptionEffect::taken;
  // A file system is one: "rsync" is no more than "sync".
  for (std::string_view const word : {std::string_view{option}, std::string_view{option}.substr(option.starts_with('r'))})
    if (is_in(superblock_flags, word)) {
      mount.options.push_back({std::string{word}, "", false});
      return OptionEffect::taken;
    }
  for (auto const& row : switch_rows)
    if (option == row.word) return mount.*row.member = true, OptionEffect::taken;
  return OptionEffect::not_ours;
}

}  // namespace orlop::plan

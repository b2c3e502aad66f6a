#include "describe.hpp"

#include "orlop/base/text.hpp"

#include <linux/mount.h>
#include <sys/mount.h>

namespace orlop::plan {

namespace {

constexpr FlagWord attribute_words[] = {
    {MOUNT_ATTR_RDONLY, "ro"},         {MOUNT_ATTR_NOSUID, "nosuid"},           {MOUNT_ATTR_NODEV, "nodev"},
    {MOUNT_ATTR_NOEXEC, "noexec"},     {MOUNT_ATTR_NOATIME, "noatime"},         {MOUNT_ATTR_STRICTATIME, "strictatime"},
    {MOUNT_ATTR_NODIRATIME, "nodiratime"}, {MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow"},
};

std::string attributes_text(kernel::MountAttributes const& attributes, char const* clear_prefix) {
  std::string text = words_of(attributes.set, attribute_words);
  // What is set replaces what is cleared of the same field (the access time's).
  std::uint64_t cleared = attributes.clear & ~attributes.set;
  if (attributes.clear & MOUNT_ATTR__ATIME) cleared &= ~std::uint64_t{MOUNT_ATTR__ATIME};
  std::string const off = words_of(cleared, attribute_words, clear_prefix);
  bool const relatime = attributes.clear & MOUNT_ATTR__ATIME && !(attributes.set & MOUNT_ATTR__ATIME);
  for (std::string const& more : {off, std::string{relatime ? "relatime" : ""}})
    if (!more.empty()) text += concat({text.empty() ? "" : " ", more});
  return text;
}

char const* kind_word(MountKind kind) {
  switch (kind) {
    case MountKind::filesystem: return "file system";
    case MountKind::bind: return "bind";
    case MountKind::cgroup: return "cgroup";
    case MountKind::remount: return "remount";
    case MountKind::remount_filesystem: return "remount of the file system";
  }
  return "?";
}

std::string id_text(std::vector<kernel::IdRange> const& ranges) {
  std::string text;
  for (auto const& range : ranges)
    text += concat({text.empty() ? "" : ", ", range.inside, " -> ", range.outside, " x", range.size});
  return text;
}

void describe_switches(Mount const& mount, Description& section) {
  std::string text;
  auto const add = [&](bool is_set, char const* word) {
    if (is_set) text += concat({text.empty() ? "" : ", ", word});
  };
  add(mount.source_nofollow, "source not followed");
  add(mount.destination_nofollow, "destination not followed");
  add(mount.copy_symlink, "a symlink is copied");
  add(mount.is_peer, "a peer of the host's mount");
  add(mount.copy_up, "with a copy of what lies under it");
  add(mount.takes_mode, "with the mode of a directory that is there");
  if (!text.empty()) section.add("how", Description::text(text));
  if (!mount.label.empty()) section.add("label", Description::text(mount.label));
  if (mount.id_map.is_empty()) return;
  section.add(mount.id_map.recursive ? "uids of all below" : "uids", Description::text(id_text(mount.id_map.uids)));
  section.add(mount.id_map.recursive ? "gids of all below" : "gids", Description::text(id_text(mount.id_map.gids)));
}

}  // namespace

std::string propagation_text(unsigned long propagation, bool recursive) {
  char const* word = "private";
  if (propagation & MS_SLAVE) word = "slave";
  if (propagation & MS_SHARED) word = "shared";
  if (propagation & MS_UNBINDABLE) word = "unbindable";
  return concat({recursive ? "r" : "", word});
}

Description describe_mount(Mount const& mount) {
  Description section;
  section.add("destination", Description::text(mount.destination));
  section.add("kind", Description::text(concat({mount.recursive && mount.kind == MountKind::bind ? "r" : "", kind_word(mount.kind)})));
  if (mount.kind == MountKind::filesystem) section.add("type", Description::text(mount.type));
  bool const has_source = mount.kind == MountKind::filesystem || mount.kind == MountKind::bind;
  if (has_source) section.add("source", Description::text(mount.source));
  std::string options;
  for (auto const& option : mount.options)
    options += concat({options.empty() ? "" : " ", option.key, option.has_value ? "=" : "", option.value});
  if (!options.empty()) section.add("options", Description::text(options));
  if (auto const text = attributes_text(mount.attributes, "not "); !text.empty()) section.add("attributes", Description::text(text));
  if (auto const text = attributes_text(mount.recursive_attributes, "not "); !text.empty())
    section.add("attributes of all below", Description::text(text));
  std::string propagation;
  for (std::size_t i = 0; i < mount.propagation.size(); ++i)
    propagation += concat({propagation.empty() ? "" : " ",
                           propagation_text(mount.propagation[i], mount.propagation_recursive[i])});
  if (!propagation.empty()) section.add("propagation", Description::text(propagation));
  describe_switches(mount, section);
  return section;
}

}  // namespace orlop::plan

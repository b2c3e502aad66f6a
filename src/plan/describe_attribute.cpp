#include "attribute_number.hpp"
#include "describe.hpp"

#include "orlop/base/text.hpp"

#include "oci/json.hpp"

#include <algorithm>
#include <iterator>
#include <sys/personality.h>

namespace orlop::plan {

namespace {

// The word of oci's enumeration that stands at the number's place in the table.
template <class Enum, class Number, std::size_t size>
std::string_view word_of(Number const (&table)[size], Number number) {
  auto const place = static_cast<std::size_t>(std::find(std::begin(table), std::end(table), number) - std::begin(table));
  return oci::words<Enum>()[place];
}

template <class Enum, class Number, std::size_t size>
std::string flags_text(Number const (&table)[size], Number flags) {
  std::string text;
  for (Number const flag : table)
    if (flags & flag) text += concat({text.empty() ? "" : "|", word_of<Enum>(table, flag)});
  return text.empty() ? "none" : text;
}

std::string scheduling_text(kernel::Scheduling const& wanted) {
  return concat({word_of<oci::SchedulerPolicy>(scheduler_policies, wanted.policy), " flags ",
                 flags_text<oci::SchedulerFlag>(scheduler_flags, wanted.flags), " nice ", wanted.nice, " priority ",
                 wanted.priority, " runtime ", wanted.runtime, " deadline ", wanted.deadline, " period ", wanted.period});
}

std::string nodes_text(std::vector<unsigned long> const& nodes) {
  constexpr std::size_t word_bits = sizeof(unsigned long) * 8;
  std::string text;
  for (std::size_t i = 0; i < nodes.size() * word_bits; ++i)
    if (nodes[i / word_bits] >> i % word_bits & 1) text += concat({" ", i});
  return text.empty() ? " none" : text;
}

std::string memory_text(kernel::MemoryPolicy const& wanted) {
  int flags = 0;
  for (int const flag : memory_flags) flags |= wanted.mode & flag;
  return concat({word_of<oci::MemoryPolicyMode>(memory_modes, wanted.mode & ~flags), " flags ",
                 flags_text<oci::MemoryPolicyFlag>(memory_flags, flags), " nodes", nodes_text(wanted.nodes)});
}

std::string io_priority_text(kernel::IoPriority const& wanted) {
  return concat({oci::words<oci::IoPriorityClass>()[wanted.priority_class - 1], " level ", wanted.level});
}

std::string descriptors_text(Process const& process) {
  std::string text = concat({"3 to ", 2 + process.kept_descriptors});
  if (process.listen_fds) text += concat({", the first ", process.listen_fds, " of them as LISTEN_FDS"});
  return text;
}

}  // namespace

void describe_attributes(Process const& process, Description& section) {
  if (process.kept_descriptors) section.add("file descriptors kept", Description::text(descriptors_text(process)));
  if (!process.apparmor_profile.empty()) section.add("AppArmor profile", Description::text(process.apparmor_profile));
  if (!process.selinux_label.empty()) section.add("SELinux label", Description::text(process.selinux_label));
  if (process.oom_score_adj) section.add("oom score adjustment", Description::text(std::to_string(*process.oom_score_adj)));
  if (process.scheduling) section.add("scheduling", Description::text(scheduling_text(*process.scheduling)));
  if (process.io_priority) section.add("io priority", Description::text(io_priority_text(*process.io_priority)));
  if (process.memory_policy) section.add("memory policy", Description::text(memory_text(*process.memory_policy)));
  if (process.personality)
    section.add("personality", Description::text(*process.personality == PER_LINUX32 ? "32 bits" : "the kernel's own"));
}

}  // namespace orlop::plan

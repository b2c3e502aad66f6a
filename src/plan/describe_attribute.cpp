#include "describe.hpp"

#include "orlop/base/text.hpp"

#include <sys/personality.h>

namespace orlop::plan {

namespace {

std::string scheduling_text(kernel::Scheduling const& wanted) {
  return concat({"policy ", wanted.policy, " flags ", wanted.flags, " nice ", wanted.nice, " priority ", wanted.priority,
                 " runtime ", wanted.runtime, " deadline ", wanted.deadline, " period ", wanted.period});
}

std::string memory_text(kernel::MemoryPolicy const& wanted) {
  constexpr std::size_t word_bits = sizeof(unsigned long) * 8;
  std::string text = concat({"mode ", wanted.mode, " nodes"});
  for (std::size_t i = 0; i < wanted.nodes.size() * word_bits; ++i)
    if (wanted.nodes[i / word_bits] >> i % word_bits & 1) text += concat({" ", i});
  return text;
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
  if (auto const& io = process.io_priority)
    section.add("io priority", Description::text(concat({"class ", io->priority_class, " level ", io->level})));
  if (process.memory_policy) section.add("memory policy", Description::text(memory_text(*process.memory_policy)));
  if (process.personality)
    section.add("personality", Description::text(*process.personality == PER_LINUX32 ? "32 bits" : "the kernel's own"));
}

}  // namespace orlop::plan

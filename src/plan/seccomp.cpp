// linux.seccomp but its rules: flags, listener, and what `features` says. The rules: seccomp_compiler.cpp.
#include "section.hpp"
#include "seccomp_compiler.hpp"
#include "syscall.hpp"

#include "orlop/base/text.hpp"

#include <algorithm>

namespace orlop::plan {

namespace {

struct FlagName {
  char const* name;
  unsigned flag;
};
constexpr FlagName flag_names[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

unsigned flags_of(oci::LinuxSeccomp const& profile) {
  if (!profile.flags) return SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  unsigned flags = 0;
  for (std::size_t i = 0; i < profile.flags->size(); ++i) {
    std::string const& name = (*profile.flags)[i];
    auto const known = std::find_if(std::begin(flag_names), std::end(flag_names), [&](auto& row) { return row.name == name; });
    if (known == std::end(flag_names)) throw Refusal{at("linux.seccomp.flags", i), concat({"unknown flag ", json_quoted(name)})};
    flags |= known->flag;
  }
  return flags;
}

// A listener comes with a filter that has something to say to it, and only then: the spec lets its path be ignored.
void plan_listener(oci::LinuxSeccomp const& profile, bool notifies, HostFacts& host, Seccomp& seccomp) {
  constexpr char path[] = "linux.seccomp.listenerPath";
  constexpr unsigned killable = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  if (profile.listener_path.empty() && !profile.listener_metadata.empty())
    throw Refusal{"linux.seccomp.listenerMetadata", "is set, and listenerPath is not"};
  if (!notifies) {
    seccomp.flags &= ~killable;
    return;
  }
  if (profile.listener_path.empty()) throw Refusal{"linux.seccomp", "has the action SCMP_ACT_NOTIFY and no listenerPath"};
  seccomp.listener = {absolute_path(profile.listener_path, path), profile.listener_metadata};
  if (seccomp.flags & killable && !host.knows_filter_flags(killable | SECCOMP_FILTER_FLAG_NEW_LISTENER))
    throw Refusal{"linux.seccomp.flags", "this kernel does not know SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  // The process has one thread at that time; the kernel takes only one of the two.
  seccomp.flags &= ~unsigned{SECCOMP_FILTER_FLAG_TSYNC};
  seccomp.flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

// crun's annotation: its value does not matter.
bool wants_known_names(oci::Annotations const& annotations) {
  auto const is_that = [](auto const& entry) { return entry.first == "run.oci.seccomp_fail_unknown_syscall"; };
  return std::any_of(annotations.begin(), annotations.end(), is_that);
}

}  // namespace

oci::SeccompFeatures seccomp_features() {
  oci::StringList flags, architectures;
  for (auto const& row : flag_names) flags.emplace_back(row.name);
  for (std::size_t i = 0; i < syscall_architecture_count; ++i) architectures.emplace_back(syscall_architectures[i].name);
  return {true, all_words<oci::SeccompAction>(), all_words<oci::SeccompOperator>(), architectures, flags, flags};
}

void plan_seccomp(oci::Spec const& spec, HostFacts& host, Plan& plan) {
  if (!spec.linux_config || !spec.linux_config->seccomp) return;
  oci::LinuxSeccomp const& profile = *spec.linux_config->seccomp;
  auto& seccomp = plan.process.seccomp.emplace();
  seccomp.flags = flags_of(profile);
  bool const has_rule = compile_seccomp(profile, wants_known_names(spec.annotations), plan);
  bool const notifies = has_rule || profile.default_action == oci::SeccompAction::notify;
  plan_listener(profile, notifies, host, seccomp);
}

}  // namespace orlop::plan

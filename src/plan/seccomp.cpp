// linux.seccomp but its rules: flags, listener, and what `features` says. The rules: seccomp_compiler.cpp.
#include "raw_filter.hpp"
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

std::string value_of(oci::Annotations const& annotations, std::string_view wanted) {
  for (auto const& [key, value] : annotations)
    if (key == wanted) return value;
  return {};
}

// The config's own counts before crun's older words for it.
std::string agent_of(oci::Spec const& spec, std::string const& receiver) {
  std::string const& own = spec.linux_config->seccomp->listener_path;
  if (!own.empty()) return absolute_path(own, "linux.seccomp.listenerPath");
  if (auto const value = value_of(spec.annotations, receiver_key); !value.empty())
    return absolute_path(value, place_of_annotation(receiver_key));
  return receiver.empty() ? "" : absolute_path(receiver, "RUN_OCI_SECCOMP_RECEIVER");
}

// A listener comes with a filter that has something to say to it, and only then: the spec lets its path be ignored.
void plan_listener(oci::Spec const& spec, std::string const& receiver, bool notifies, HostFacts& host, Seccomp& seccomp) {
  auto const& profile = *spec.linux_config->seccomp;
  constexpr unsigned killable = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  if (profile.listener_path.empty() && !profile.listener_metadata.empty())
    throw Refusal{"linux.seccomp.listenerMetadata", "is set, and listenerPath is not"};
  if (!notifies) {
    seccomp.flags &= ~killable;
    return;
  }
  std::string const agent = agent_of(spec, receiver);
  if (agent.empty()) throw Refusal{"linux.seccomp", "has the action SCMP_ACT_NOTIFY and no listenerPath"};
  seccomp.listener = {agent, profile.listener_metadata};
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

void plan_seccomp(oci::Spec const& spec, HostFacts& host, std::string const& receiver, Plan& plan) {
  constexpr char raw_key[] = "run.oci.seccomp_bpf_data";
  if (auto const raw = value_of(spec.annotations, raw_key); !raw.empty()) {
    plan.process.seccomp.emplace().program = raw_filter(raw, place_of_annotation(raw_key));
    return;
  }
  if (!spec.linux_config || !spec.linux_config->seccomp) return;
  oci::LinuxSeccomp const& profile = *spec.linux_config->seccomp;
  auto& seccomp = plan.process.seccomp.emplace();
  seccomp.flags = flags_of(profile);
  bool const has_rule = compile_seccomp(profile, wants_known_names(spec.annotations), plan);
  bool const notifies = has_rule || profile.default_action == oci::SeccompAction::notify;
  plan_listener(spec, receiver, notifies, host, seccomp);
}

}  // namespace orlop::plan

#include "describe.hpp"

#include "orlop/base/text.hpp"

namespace orlop::plan {

namespace {

struct FlagWord {
  unsigned flag;
  char const* word;
};
constexpr FlagWord flag_words[] = {
    {SECCOMP_FILTER_FLAG_TSYNC, "tsync"},
    {SECCOMP_FILTER_FLAG_LOG, "log"},
    {SECCOMP_FILTER_FLAG_SPEC_ALLOW, "spec_allow"},
    {SECCOMP_FILTER_FLAG_NEW_LISTENER, "new_listener"},
    {SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, "wait_killable_recv"},
};

std::string answer_text(std::uint32_t answer) {
  std::uint32_t const data = answer & SECCOMP_RET_DATA;
  switch (answer & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_KILL_PROCESS: return "kill the process";
    case SECCOMP_RET_KILL_THREAD: return "kill the thread";
    case SECCOMP_RET_TRAP: return "SIGSYS";
    case SECCOMP_RET_ERRNO: return concat({"errno ", data});
    case SECCOMP_RET_USER_NOTIF: return "ask the listener";
    case SECCOMP_RET_TRACE: return concat({"ask the tracer, with ", data});
    case SECCOMP_RET_LOG: return "allow and log";
    case SECCOMP_RET_ALLOW: return "allow";
  }
  return "?";
}

std::string joined(std::vector<std::string> const& words) {
  std::string text;
  for (auto const& word : words) text += concat({text.empty() ? "" : " ", word});
  return text;
}

}  // namespace

Description describe_seccomp(Seccomp const& seccomp) {
  Description section;
  if (seccomp.architectures.empty()) {
    section.add("given as it is, instructions", Description::number(seccomp.program.size()));
    return section;
  }
  section.add("architectures", Description::text(joined(seccomp.architectures)));
  for (auto const& group : seccomp.groups)
    section.add(answer_text(group.answer), Description::text(concat({group.calls, " system calls"})));
  if (!seccomp.by_arguments.empty()) section.add("by their arguments", Description::text(joined(seccomp.by_arguments)));
  if (!seccomp.newest.empty())
    section.add("those newer than", Description::text(concat({seccomp.newest, ": errno 38 (ENOSYS)"})));
  section.add("others", Description::text(answer_text(seccomp.other_calls)));
  section.add("other architectures", Description::text(answer_text(seccomp.other_architectures)));
  std::string flags;
  for (auto const& row : flag_words)
    if (seccomp.flags & row.flag) flags += concat({flags.empty() ? "" : " ", row.word});
  if (!flags.empty()) section.add("flags", Description::text(flags));
  if (seccomp.listener) {
    section.add("listener", Description::text(seccomp.listener->path));
    if (!seccomp.listener->metadata.empty()) section.add("metadata", Description::text(seccomp.listener->metadata));
  }
  section.add("instructions", Description::number(seccomp.program.size()));
  return section;
}

}  // namespace orlop::plan

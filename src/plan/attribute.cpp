// process.oomScoreAdj, scheduler, ioPriority and linux.memoryPolicy, personality.
#include "attribute_number.hpp"
#include "section.hpp"

#include "orlop/base/text.hpp"

#include <sys/personality.h>
#include <tuple>

namespace orlop::plan {

namespace {

constexpr std::uint64_t most_nodes = 32768;  // what fits into the page that the kernel reads

template <class Value, std::size_t size, class Enum>
Value number_of(Value const (&table)[size], Enum word) {
  return table[static_cast<std::size_t>(word)];
}

// sched(7): the kernel says only EINVAL. Scripts look for words of crun's. A period of 0 is the deadline.
void check_deadline(oci::Scheduler const& wanted) {
  constexpr std::uint64_t least = 1024, most = std::uint64_t{1} << 63;
  auto const refuse = [](char const* member, std::initializer_list<Piece> why) {
    throw Refusal{std::string{"process.scheduler"} + member, "sched_setattr: `SCHED_DEADLINE` " + concat(why)};
  };
  auto const [runtime, deadline, period] = std::tuple{wanted.runtime, wanted.deadline, wanted.period};
  if (!runtime) refuse("", {"requires `runtime`; sched_setattr: `SCHED_DEADLINE` runtime must be greater than 0"});
  if (!deadline) refuse("", {"requires `deadline`"});
  if (runtime < least || runtime >= most)
    refuse(".runtime", {"runtime ", runtime, " must be between ", least, " and ", most - 1, " (nanoseconds)"});
  if (runtime > deadline) refuse(".runtime", {"runtime ", runtime, " must be <= deadline ", deadline});
  if (period && deadline > period) refuse(".deadline", {"deadline ", deadline, " must be <= period ", period});
}

void plan_scheduler(oci::Scheduler const& wanted, Process& process) {
  auto& scheduling = process.scheduling.emplace();
  if (wanted.priority < 0)
    throw Refusal{"process.scheduler.priority", concat({wanted.priority, " is below 0"})};
  if (wanted.nice < -20 || wanted.nice > 19)
    throw Refusal{"process.scheduler.nice", concat({wanted.nice, " is not between -20 and 19"})};
  scheduling.policy = number_of(scheduler_policies, wanted.policy);
  for (auto const flag : wanted.flags) scheduling.flags |= number_of(scheduler_flags, flag);
  scheduling.nice = wanted.nice;
  scheduling.priority = static_cast<std::uint32_t>(wanted.priority);
  scheduling.runtime = wanted.runtime;
  scheduling.deadline = wanted.deadline;
  scheduling.period = wanted.period;
  if (wanted.policy == oci::SchedulerPolicy::deadline) check_deadline(wanted);
}

void plan_io_priority(oci::LinuxIoPriority const& wanted, Process& process) {
  if (wanted.priority < 0 || wanted.priority > 7)
    throw Refusal{"process.ioPriority.priority", concat({wanted.priority, " is not between 0 and 7"})};
  process.io_priority = {static_cast<unsigned>(wanted.io_class) + 1, static_cast<unsigned>(wanted.priority)};
}

std::uint64_t node_of(std::string_view text, std::string_view list) {
  auto const number = whole_number(text);
  if (!number || *number >= most_nodes)
    throw Refusal{"linux.memoryPolicy.nodes", concat({"\"", list, "\" is no list of nodes such as 0-3,7"})};
  return *number;
}

std::vector<unsigned long> nodes_of(std::string const& list) {
  constexpr std::uint64_t word_bits = sizeof(unsigned long) * 8;
  std::vector<unsigned long> nodes;
  for (auto const range : split(list, ',')) {
    auto const dash = range.find('-');
    std::uint64_t const first = node_of(trimmed(range.substr(0, dash)), list);
    std::uint64_t const last = dash == range.npos ? first : node_of(trimmed(range.substr(dash + 1)), list);
    if (last < first) throw Refusal{"linux.memoryPolicy.nodes", concat({"\"", range, "\" runs backwards"})};
    if (nodes.size() <= last / word_bits) nodes.resize(last / word_bits + 1);
    for (std::uint64_t node = first; node <= last; ++node) nodes[node / word_bits] |= 1UL << node % word_bits;
  }
  return nodes;
}

void plan_memory_policy(oci::LinuxMemoryPolicy const& wanted, Process& process) {
  auto& policy = process.memory_policy.emplace();
  policy.mode = number_of(memory_modes, wanted.mode);
  for (auto const flag : wanted.flags) policy.mode |= number_of(memory_flags, flag);
  policy.nodes = nodes_of(wanted.nodes);
}

}  // namespace

void plan_descriptors(Descriptors const& wanted, Process& process) {
  process.listen_fds = wanted.listen;
  process.kept_descriptors = wanted.listen + wanted.preserved;
}

void plan_attributes(oci::Process const& process, oci::LinuxConfig const& config, Plan& plan) {
  if (auto const score = process.oom_score_adj) {
    if (*score < -1000 || *score > 1000)
      throw Refusal{"process.oomScoreAdj", concat({*score, " is not between -1000 and 1000"})};
    plan.process.oom_score_adj = *score;
  }
  if (process.scheduler) plan_scheduler(*process.scheduler, plan.process);
  if (process.io_priority) plan_io_priority(*process.io_priority, plan.process);
  if (config.memory_policy) plan_memory_policy(*config.memory_policy, plan.process);
  if (config.personality) {
    if (!config.personality->flags.empty()) throw Refusal{"linux.personality.flags", "the runtime-spec defines no flag"};
    bool const is_32 = config.personality->domain == oci::PersonalityDomain::linux_32;
    plan.process.personality = is_32 ? PER_LINUX32 : PER_LINUX;
  }
}

}  // namespace orlop::plan

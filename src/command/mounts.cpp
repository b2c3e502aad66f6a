#include "orlop/launch/mounts.hpp"

#include "launch.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/kernel/self_exe.hpp"
#include "orlop/launch/join.hpp"
#include "orlop/launch/survey.hpp"
#include "orlop/plan/mounts.hpp"

#include "oci/described.hpp"
#include "oci/json.hpp"

#include <unistd.h>

namespace orlop::command {

namespace {

constexpr std::size_t most_json = 16 * 1024 * 1024;
constexpr char standard_input[] = "standard input";

std::vector<oci::Mount> read_mounts(std::string const& path) {
  bool const is_stdin = path == "-";
  std::string const text = is_stdin ? file::read(STDIN_FILENO, standard_input, most_json) : file::read(path, most_json);
  try {
    return oci::parse<std::vector<oci::Mount>>(text, is_stdin ? standard_input : path);
  } catch (oci::ParseError const& error) {
    throw Error::refusal(error.what());
  }
}

plan::Plan plan_for(bool is_removal, std::vector<oci::Mount> wanted, container::ContainerDir const& container,
                    container::Record const& record) {
  try {
    auto spec = oci::parse<oci::Spec>(container.read_config(), "config.json");
    spec.mounts = std::move(wanted);
    if (is_removal) return plan::make_unmounts(spec, record.id);
    plan::MountsRequest const request{record.id, record.bundle, ordinary_caller().has_value(),
                                      launch::denies_setgroups(record)};
    launch::Survey host;
    return plan::make_mounts(spec, host, request);
  } catch (plan::Refusal const& refusal) {
    throw Error::refusal(refusal.what());
  }
}

}  // namespace

int mounts(Context const& context, Arguments const& arguments) {
  auto const& words = arguments.words();
  bool const is_removal = words[0] == "remove";
  if (!is_removal && words[0] != "add") throw Error::refusal(concat({json_quoted(words[0]), " is neither add nor remove"}));
  Doing const doing{words[1]};
  Fd const spare = kernel::protect_self_exe(context.argv);
  auto const container = container::ContainerDir::open(context.root(), words[1]);
  auto wanted = read_mounts(words[2]);
  auto const record = container.read_record();
  Fd init = launch::hold_init_for_mounts(container, record);
  auto const plan = plan_for(is_removal, std::move(wanted), container, record);
  report_notes(plan);
  launch::SignalGuard const signals;
  (is_removal ? launch::remove_mounts : launch::add_mounts)(plan, record, std::move(init));
  return 0;
}

}  // namespace orlop::command

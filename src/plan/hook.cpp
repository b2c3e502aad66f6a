#include "section.hpp"

#include "orlop/base/text.hpp"

namespace orlop::plan {

namespace {

constexpr char stdout_annotation[] = "run.oci.hooks.stdout";
constexpr char stderr_annotation[] = "run.oci.hooks.stderr";

std::vector<oci::Hook> planned(std::vector<oci::Hook> const& wanted, std::string const& list) {
  std::vector<oci::Hook> hooks = wanted;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    auto& hook = hooks[i];
    if (hook.path.empty() || hook.path.front() != '/')
      throw Refusal{at(list, i, "path"), concat({"\"", hook.path, "\" is not an absolute path"})};
    if (hook.timeout && *hook.timeout <= 0)
      throw Refusal{at(list, i, "timeout"), concat({*hook.timeout, " is not a time to wait: it has to be above 0"})};
    if (hook.args.empty()) hook.args = {hook.path};
  }
  return hooks;
}

std::string file_of(oci::Annotations const& annotations, std::string_view name) {
  for (auto const& [key, value] : annotations) {
    if (key != name || value.empty()) continue;
    if (value.front() != '/')
      throw Refusal{concat({"annotations[\"", key, "\"]"}), concat({"\"", value, "\" is not an absolute path"})};
    return value;
  }
  return {};
}

}  // namespace

void plan_hooks(oci::Spec const& spec, Plan& plan) {
  if (!spec.hooks || *spec.hooks == oci::Hooks{}) return;
  auto const& wanted = *spec.hooks;
  auto& hooks = plan.hooks.emplace();
  hooks.of.prestart = planned(wanted.prestart, "hooks.prestart");
  hooks.of.create_runtime = planned(wanted.create_runtime, "hooks.createRuntime");
  hooks.of.create_container = planned(wanted.create_container, "hooks.createContainer");
  hooks.of.start_container = planned(wanted.start_container, "hooks.startContainer");
  hooks.of.poststart = planned(wanted.poststart, "hooks.poststart");
  hooks.of.poststop = planned(wanted.poststop, "hooks.poststop");
  hooks.output = hook_output(spec.annotations);
  hooks.state.oci_version = spec.oci_version;
  hooks.state.id = plan.id;
  hooks.state.bundle = plan.bundle;
  hooks.state.annotations = spec.annotations;
}

HookOutput hook_output(oci::Annotations const& annotations) {
  return {file_of(annotations, stdout_annotation), file_of(annotations, stderr_annotation)};
}

}  // namespace orlop::plan

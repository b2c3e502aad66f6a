#include "describe.hpp"

namespace orlop::plan {

namespace {

Description describe_list(std::vector<oci::Hook> const& hooks) {
  Description list = Description::list();
  for (auto const& hook : hooks) {
    Description one;
    one.add("execute", Description::text(hook.path));
    one.add("arguments", Description::texts(hook.args));
    if (hook.env)
      one.add("environment", Description::texts(*hook.env));
    else
      one.add("environment", Description::text("inherited"));
    if (hook.timeout) one.add("killed after seconds", Description::number(static_cast<std::uint64_t>(*hook.timeout)));
    list.add(std::move(one));
  }
  return list;
}

}  // namespace

Description describe_hooks(Hooks const& hooks) {
  Description section;
  auto const add = [&](char const* kind, std::vector<oci::Hook> const& list) {
    if (!list.empty()) section.add(kind, describe_list(list));
  };
  add("prestart", hooks.of.prestart);
  add("createRuntime", hooks.of.create_runtime);
  add("createContainer", hooks.of.create_container);
  add("startContainer", hooks.of.start_container);
  add("poststart", hooks.of.poststart);
  add("poststop", hooks.of.poststop);
  if (!hooks.output.stdout_file.empty()) section.add("standard output to", Description::text(hooks.output.stdout_file));
  if (!hooks.output.stderr_file.empty()) section.add("standard error to", Description::text(hooks.output.stderr_file));
  return section;
}

}  // namespace orlop::plan

#include "orlop/plan/print.hpp"

#include "launch.hpp"

#include "orlop/base/error.hpp"
#include "orlop/command/command.hpp"
#include "orlop/container/state_root.hpp"
#include "orlop/launch/survey.hpp"

namespace orlop::command {

int plan(Context const& context, Arguments const& arguments) {
  std::string const format = arguments.value("format", "text");
  if (format != "text" && format != "json") throw Error::refusal(concat({"unknown format \"", format, "\" (text or json)"}));
  std::string const id = arguments.words().empty() ? "container" : arguments.words()[0];
  container::check_id(id);
  Bundle const bundle = load_bundle(arguments.value("bundle", "."), arguments.value("config"));
  launch::Survey host;
  auto const made = make_plan(bundle, host, make_request(context, arguments, id));
  print(format == "json" ? plan::json(made) : plan::text(made));
  return 0;
}

}  // namespace orlop::command

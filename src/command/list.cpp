#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/log.hpp"
#include "orlop/command/command.hpp"
#include "orlop/container/container_dir.hpp"
#include "orlop/container/state_root.hpp"
#include "orlop/container/status.hpp"
#include "orlop/launch/status.hpp"

#include "oci/json.hpp"

namespace orlop::command {

namespace {

using container::StateReport;

// The host's passwd(5), read by hand: a static program cannot ask the name services.
std::string read_passwd() {
  try {
    return file::read("/etc/passwd", 16 * 1024 * 1024);
  } catch (Error const&) {
    return {};
  }
}

std::string user_name(std::uint32_t uid) {
  static std::string const text = read_passwd();
  for (auto const line : split(text, '\n')) {
    auto const fields = split(line, ':');
    if (fields.size() > 2 && whole_number(fields[2]) == uid) return std::string{fields[0]};
  }
  return concat({"#", uid});
}

std::vector<StateReport> reports(std::string const& root) {
  std::vector<StateReport> all;
  for (auto const& id : container::container_ids(root)) {
    auto const container = container::ContainerDir::try_open(root, id);
    if (!container) continue;  // gone since we looked
    try {
      auto const record = container->read_record();
      all.push_back(container::report(record, launch::status_of(*container, record)));
      all.back().owner = user_name(record.owner);
    } catch (std::exception const& error) {  // one damaged container does not hide the others
      log::warning(concat({"list: ", id, ": ", error.what()}));
    }
  }
  return all;
}

std::string table(std::vector<StateReport> const& all) {
  std::vector<std::vector<std::string>> rows{{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (auto const& one : all) rows.push_back({one.id, std::to_string(one.pid), one.status, one.bundle, one.created, one.owner});
  std::vector<std::size_t> widths(rows[0].size(), 9);
  for (auto const& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (auto const& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      text += row[i];
      text.append(widths[i] + 3 - row[i].size(), ' ');
    }
    text += row.back() + "\n";
  }
  return text;
}

std::string json(std::vector<StateReport> const& all) {
  std::string text = "[";
  for (auto const& one : all) text += concat({text.size() > 1 ? "," : "", oci::print(one, oci::Style::compact)});
  return text + "]\n";
}

}  // namespace

int list(Context const& context, Arguments const& arguments) {
  std::string const format = arguments.value("format", "table");
  if (format != "table" && format != "json") throw Error::refusal(concat({"unknown format \"", format, "\" (table or json)"}));
  auto const all = reports(context.root());
  if (arguments.has("quiet")) {
    std::string ids;
    for (auto const& one : all) ids += one.id + "\n";
    print(ids);
  } else {
    print(format == "json" ? json(all) : table(all));
  }
  return 0;
}

}  // namespace orlop::command

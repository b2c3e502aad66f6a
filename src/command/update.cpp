#include "orlop/launch/update.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/log.hpp"
#include "orlop/base/path.hpp"
#include "orlop/command/command.hpp"
#include "orlop/container/status.hpp"
#include "orlop/launch/survey.hpp"

#include "oci/described.hpp"
#include "oci/json.hpp"

#include <fcntl.h>
#include <limits>
#include <unistd.h>

namespace orlop::command {

namespace {

constexpr std::size_t most_json = 16 * 1024 * 1024;

[[noreturn]] void refuse(char const* option, std::string const& text, char const* what) {
  throw Error::refusal(concat({"option --", option, ": ", json_quoted(text), " is no ", what}));
}

// A whole number, or a negative one where the type has them.
template <class Number>
Number number_of(char const* option, std::string const& text) {
  bool const is_negative = std::numeric_limits<Number>::is_signed && text.starts_with('-');
  auto const number = whole_number(std::string_view{text}.substr(is_negative));
  if (!number || *number > static_cast<std::uint64_t>(std::numeric_limits<Number>::max())) refuse(option, text, "number");
  return is_negative ? static_cast<Number>(-static_cast<std::int64_t>(*number)) : static_cast<Number>(*number);
}

// "512m", "1GiB", "1048576", "-1".
std::int64_t bytes_of(char const* option, std::string const& text) {
  std::string_view digits = text;
  auto const end = digits.find_first_not_of("-0123456789");
  std::string_view unit = end == std::string_view::npos ? "" : digits.substr(end);
  digits = digits.substr(0, end);
  if (unit.ends_with('b') || unit.ends_with('B')) unit.remove_suffix(1);
  if (unit.ends_with('i')) unit.remove_suffix(1);
  constexpr std::string_view units = "kmgtp";
  unsigned shift = 0;
  if (!unit.empty()) {
    auto const place = units.find(static_cast<char>(unit[0] | 0x20));
    if (unit.size() != 1 || place == std::string_view::npos) refuse(option, text, "number of bytes");
    shift = static_cast<unsigned>(place + 1) * 10;
  }
  auto const number = number_of<std::int64_t>(option, std::string{digits});
  if (number > std::numeric_limits<std::int64_t>::max() >> shift) refuse(option, text, "number of bytes");
  return number < 0 ? number : number << shift;
}

class Flags {
public:
  explicit Flags(Arguments const& arguments) : arguments_{arguments} {}
  template <class Object, class Number>
  void take(char const* option, std::optional<Object>& object, std::optional<Number> Object::*member) const {
    if (arguments_.has(option)) existing(object).*member = number_of<Number>(option, arguments_.value(option));
  }
  template <class Object>
  void take_bytes(char const* option, std::optional<Object>& object, std::optional<std::int64_t> Object::*member) const {
    if (arguments_.has(option)) existing(object).*member = bytes_of(option, arguments_.value(option));
  }
  template <class Object>
  void take_text(char const* option, std::optional<Object>& object, std::string Object::*member) const {
    if (arguments_.has(option)) existing(object).*member = arguments_.value(option);
  }

private:
  template <class Object>
  static Object& existing(std::optional<Object>& object) {
    return object ? *object : object.emplace();
  }
  Arguments const& arguments_;
};

void take_flags(Arguments const& arguments, oci::LinuxResources& wanted) {
  Flags const flags{arguments};
  flags.take("blkio-weight", wanted.block_io, &oci::LinuxBlockIo::weight);
  flags.take("cpu-burst", wanted.cpu, &oci::LinuxCpu::burst);
  flags.take("cpu-idle", wanted.cpu, &oci::LinuxCpu::idle);
  flags.take("cpu-period", wanted.cpu, &oci::LinuxCpu::period);
  flags.take("cpu-quota", wanted.cpu, &oci::LinuxCpu::quota);
  flags.take("cpu-rt-period", wanted.cpu, &oci::LinuxCpu::realtime_period);
  flags.take("cpu-rt-runtime", wanted.cpu, &oci::LinuxCpu::realtime_runtime);
  flags.take("cpu-share", wanted.cpu, &oci::LinuxCpu::shares);
  flags.take_text("cpuset-cpus", wanted.cpu, &oci::LinuxCpu::cpus);
  flags.take_text("cpuset-mems", wanted.cpu, &oci::LinuxCpu::mems);
  flags.take_bytes("kernel-memory", wanted.memory, &oci::LinuxMemory::kernel);
  flags.take_bytes("kernel-memory-tcp", wanted.memory, &oci::LinuxMemory::kernel_tcp);
  flags.take_bytes("memory", wanted.memory, &oci::LinuxMemory::limit);
  flags.take_bytes("memory-reservation", wanted.memory, &oci::LinuxMemory::reservation);
  flags.take_bytes("memory-swap", wanted.memory, &oci::LinuxMemory::swap);
  flags.take("pids-limit", wanted.pids, &oci::LinuxPids::limit);
}

oci::LinuxResources resources_in(std::string const& text, std::string const& name) {
  try {
    return oci::parse<oci::LinuxResources>(text, name);
  } catch (oci::ParseError const& error) {
    throw Error::refusal(error.what());
  }
}

oci::LinuxResources wanted_by(Arguments const& arguments) {
  oci::LinuxResources wanted;
  if (std::string const path = arguments.value("resources"); path == "-")
    wanted = resources_in(file::read(STDIN_FILENO, "standard input", most_json), "standard input");
  else if (!path.empty())
    wanted = resources_in(file::read(path, most_json), path);
  take_flags(arguments, wanted);
  return wanted;
}

plan::Systemd systemd_of(container::Record const& record) {
  if (record.unit.empty()) return plan::Systemd::none;
  return record.unit_is_users ? plan::Systemd::user : plan::Systemd::system;
}

plan::Update plan_update(container::ContainerDir const& container, container::Record const& record,
                         oci::LinuxResources const& wanted) {
  auto const spec = oci::parse<oci::Spec>(container.read_config(), "config.json");
  oci::LinuxResources before;
  if (spec.linux_config && spec.linux_config->resources) before = *spec.linux_config->resources;
  if (auto const text = container.try_read_resources()) before = resources_in(*text, "resources.json");
  launch::Survey host;
  try {
    return plan::make_update(spec, before, wanted, host, record.id, systemd_of(record), record.all_cgroups);
  } catch (plan::Refusal const& refusal) {
    throw Error::refusal(refusal.what());
  }
}

void take_back_killed(container::ContainerDir& container, container::Record const& record) {
  auto const left = container.try_read_unfinished();
  if (!left) return;
  if (!launch::is_half_done(container, *left)) return container.remove_unfinished();
  log::warning("an update before this one was killed half way: it is taken back");
  launch::take_back(container, record, plan_update(container, record, left->wanted), *left);
}

}  // namespace

int update(Context const& context, Arguments const& arguments) {
  auto const& id = arguments.words()[0];
  auto container = container::ContainerDir::open(context.root(), id);
  auto const wanted = wanted_by(arguments);
  container.lock_changes();
  auto const record = container.read_record();
  auto const status = container::status_of(container, record);
  if (status == container::Status::stopped || status == container::Status::creating)
    throw Error::refusal(concat({"cannot update a container that is not running: ", container::word(status)}));
  // Where they would be, there may be somebody else's.
  if (record.all_cgroups.empty() && wanted != oci::LinuxResources{})
    throw Error::refusal("the container has no cgroup in which something could be limited: it was made without one");
  take_back_killed(container, record);
  auto const planned = plan_update(container, record, wanted);
  for (auto const& warning : planned.warnings) log::warning(warning);
  std::vector<std::string> schemata;
  for (char const* option : {"l3-cache-schema", "mem-bw-schema"})
    if (arguments.has(option)) schemata.push_back(arguments.value(option));
  launch::update(container, record, planned, wanted, schemata);
  return 0;
}

}  // namespace orlop::command

#include "orlop/launch/status.hpp"

#include "orlop/base/error.hpp"

namespace orlop::launch {

namespace {

using container::Status;

constexpr int patience_ms = 5000;

kernel::Freezer freezer_of(container::Record const& record) {
  refuse_without_own_cgroup(record);
  if (auto freezer = try_freezer_of(record)) return std::move(*freezer);
  throw Error::refusal("none of the container's own cgroups can be frozen: cgroup v1 without its freezer, or v2 before "
                       "Linux 5.2");
}

}  // namespace

void refuse_without_own_cgroup(container::Record const& record) {
  if (record.cgroups.empty())
    throw Error::refusal("the container has no cgroup of its own: it was made without one, or in one that was there "
                         "before, and its processes cannot be told from others'");
}

std::optional<kernel::Freezer> try_freezer_of(container::Record const& record) {
  return kernel::try_freezer(record.cgroups);
}

// The freezer first: a paused init does not accept, and each knock at its gate would stay in the queue.
Status status_of(container::ContainerDir const& container, container::Record const& record) {
  auto const freezer = try_freezer_of(record);
  bool const is_paused = freezer && kernel::is_frozen(*freezer);
  if (!is_paused) return container::status_of(container, record);
  if (record.phase == container::Phase::creating && container::is_alive(record.maker, record.boot_id))
    return Status::creating;
  return container::is_alive(record.init, record.boot_id) ? Status::paused : Status::stopped;
}

container::StateReport report_of(container::ContainerDir const& container) {
  auto record = container.read_record();
  auto const status = launch::status_of(container, record);
  bool const has_changed = record.phase == container::Phase::creating && status != Status::creating;
  if (has_changed) record = container.read_record();
  return container::report(record, status);
}

void thaw_after_kill(std::span<std::string const> cgroups) {
  auto const freezer = kernel::try_freezer(cgroups);
  if (freezer && !freezer->is_v2 && kernel::is_freeze_wanted(*freezer)) kernel::thaw(*freezer);
}

void pause(container::ContainerDir const& container) {
  auto const record = container.read_record();
  Status const status = launch::status_of(container, record);
  if (status == Status::paused) throw Error::refusal("container is already paused");
  if (status != Status::running && status != Status::created) throw Error::refusal("container not running");
  auto const freezer = freezer_of(record);
  Doing const doing{"freezer"};
  if (!kernel::try_freeze(freezer, patience_ms))
    throw Error::refusal(concat({freezer.directory, ": some process could not be frozen within ", patience_ms / 1000,
                                 " s; all of them go on"}));
}

void resume(container::ContainerDir const& container) {
  auto const record = container.read_record();
  Status const status = launch::status_of(container, record);
  if (status == Status::stopped || status == Status::creating) throw Error::refusal("container not running");
  auto const freezer = freezer_of(record);
  if (!kernel::is_freeze_wanted(freezer)) throw Error::refusal("container not paused");
  Doing const doing{"freezer"};
  kernel::thaw(freezer);
}

}  // namespace orlop::launch

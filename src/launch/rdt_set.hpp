// The resctrl groups of a container that is being made: removed again with it, unless committed.
#pragma once
#include "orlop/container/record.hpp"
#include "orlop/plan/plan.hpp"

#include <unistd.h>

namespace orlop::launch {

class RdtSet {
public:
  explicit RdtSet(plan::IntelRdt const& plan) : plan_{plan} {}
  RdtSet(RdtSet const&) = delete;
  RdtSet& operator=(RdtSet const&) = delete;
  ~RdtSet();
  // Before make(): what will be there, and what of it goes with the container.
  void record(container::Record& record);
  void make(pid_t init) const;
  void commit() { made_.clear(); }

private:
  plan::IntelRdt const& plan_;
  std::vector<std::string> made_;
  pid_t owner_ = getpid();
};

// Of a record; what cannot be removed is a warning.
void remove_rdt_groups(std::vector<std::string> const& directories) noexcept;

}  // namespace orlop::launch

#include "harness/catch.hpp"
#include "harness/child.hpp"

#include "orlop/base/child.hpp"
#include "orlop/kernel/processor.hpp"

#include <sched.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::in_child;

namespace {

cpu_set_t allowed() {
  cpu_set_t set;
  REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
  return set;
}

unsigned first_of(cpu_set_t const& set) {
  unsigned one = 0;
  while (!CPU_ISSET(one, &set)) ++one;
  return one;
}

}  // namespace

TEST_CASE("processor: whoever makes way keeps its affinity") {
  in_child([] {
    cpu_set_t const before = allowed();
    for (int i = 0; i < 20; ++i) {
      auto const here = static_cast<unsigned>(sched_getcpu());
      bool const has_gone = try_make_way(here);  // whether another one is idle, nobody knows
      if (has_gone) CHECK(CPU_COUNT(&before) > 1);
      cpu_set_t const after = allowed();
      CHECK(CPU_EQUAL(&before, &after));
    }
  });
}

TEST_CASE("processor: nobody makes way for a child that has another processor, or where there is only one") {
  in_child([] {
    auto const here = first_of(allowed());
    run_on({here});
    CHECK_FALSE(try_make_way(here));
    CHECK_FALSE(try_make_way(here + 1));
    cpu_set_t const after = allowed();
    CHECK((CPU_COUNT(&after) == 1 && CPU_ISSET(here, &after)));
  });
}

TEST_CASE("process: on which processor somebody is") {
  in_child([] {
    auto const here = first_of(allowed());
    run_on({here});
    auto const found = process::try_identity(getpid());
    REQUIRE(found);
    CHECK(found->processor == here);
  });
}

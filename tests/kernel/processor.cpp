#include "harness/catch.hpp"
#include "harness/child.hpp"

#include "orlop/kernel/processor.hpp"

using orlop::kernel::ElsewhereWhile;

namespace {

cpu_set_t affinity() {
  cpu_set_t set;
  REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
  return set;
}

void stay_on(unsigned processor) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
}

}  // namespace

TEST_CASE("processor: we go elsewhere, and get our affinity back") {
  harness::in_child([] {
    cpu_set_t const before = affinity();
    if (CPU_COUNT(&before) < 2) harness::skip("one processor only");
    {
      int const here = sched_getcpu();
      ElsewhereWhile const elsewhere;
      cpu_set_t const now = affinity();
      // Between the two lines the scheduler may have moved us: then it is another one that is left out.
      CHECK(CPU_COUNT(&now) == CPU_COUNT(&before) - 1);
      CHECK((sched_getcpu() != here || CPU_ISSET(static_cast<unsigned>(here), &now)));
    }
    cpu_set_t const after = affinity();
    CHECK(CPU_EQUAL(&before, &after));
  });
}

TEST_CASE("processor: who may use only one stays there") {
  harness::in_child([] {
    stay_on(static_cast<unsigned>(sched_getcpu()));
    cpu_set_t const before = affinity();
    {
      ElsewhereWhile const elsewhere;
      cpu_set_t const now = affinity();
      CHECK(CPU_EQUAL(&before, &now));
    }
    cpu_set_t const after = affinity();
    CHECK(CPU_EQUAL(&before, &after));
  });
}

#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"
#include "status.hpp"

#include "orlop/kernel/capability.hpp"

#include <algorithm>
#include <linux/capability.h>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>
#ifdef ORLOP_TEST_LIBCAP
#include <sys/capability.h>
#endif

using namespace orlop::kernel;
using harness::failure_of;
using harness::in_child;
using test::status_bits;

namespace {

constexpr CapabilitySet set_of(std::initializer_list<unsigned> capabilities) {
  CapabilitySet set = 0;
  for (unsigned const one : capabilities) set |= CapabilitySet{1} << one;
  return set;
}

static_assert(capability_of("CAP_CHOWN") == CAP_CHOWN);
static_assert(capability_of("CAP_SYS_ADMIN") == CAP_SYS_ADMIN);
static_assert(capability_of("CAP_CHECKPOINT_RESTORE") == CAP_CHECKPOINT_RESTORE);
static_assert(!capability_of("CAP_NOSUCH") && !capability_of("cap_chown") && !capability_of(""));

void need_root() {
  if (status_bits("CapEff") == 0) harness::skip("needs capabilities");
}

}  // namespace

#ifdef ORLOP_TEST_LIBCAP
TEST_CASE("capability: the table is libcap's") {
  for (unsigned i = 0; i < capability_count; ++i) {
    char* const name = cap_to_name(static_cast<cap_value_t>(i));
    std::string upper = name;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
    CHECK(capability_names[i] == upper);
    CHECK(capability_of(upper) == i);
    cap_free(name);
  }
}
#endif

TEST_CASE("capability: what may be handed on is the permitted and the bounding set") {
  auto const grantable = grantable_capabilities(~CapabilitySet{0});
  CHECK(grantable.permitted == status_bits("CapPrm"));
  CHECK(grantable.bounding == status_bits("CapBnd"));
}

TEST_CASE("capability: the bounding set is limited to what is kept") {
  in_child([] {
    need_root();
    CapabilitySet const before = status_bits("CapBnd");
    CapabilitySet const kept = set_of({CAP_CHOWN, CAP_KILL, CAP_CHECKPOINT_RESTORE, CAP_SETPCAP});
    limit_bounding_set(kept);
    CHECK(status_bits("CapBnd") == (before & kept));
    limit_bounding_set(kept | CapabilitySet{1} << 63);
    CHECK(status_bits("CapBnd") == (before & kept));
    limit_bounding_set(0);
    CHECK(status_bits("CapBnd") == 0);
  });
}

TEST_CASE("capability: all five sets are exact") {
  in_child([] {
    need_root();
    Capabilities wanted;
    wanted.permitted = set_of({CAP_CHOWN, CAP_KILL, CAP_NET_RAW, CAP_BPF});
    wanted.effective = set_of({CAP_CHOWN, CAP_BPF});
    wanted.inheritable = set_of({CAP_NET_RAW, CAP_CHOWN});
    wanted.ambient = set_of({CAP_NET_RAW});
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    set_capabilities(wanted);
    CHECK(status_bits("CapPrm") == wanted.permitted);
    CHECK(status_bits("CapEff") == wanted.effective);
    CHECK(status_bits("CapInh") == wanted.inheritable);
    CHECK(status_bits("CapAmb") == wanted.ambient);
  });
}

TEST_CASE("capability: what was ambient before is not any more") {
  in_child([] {
    need_root();
    Capabilities wanted;
    wanted.permitted = wanted.inheritable = set_of({CAP_CHOWN, CAP_KILL});
    wanted.ambient = wanted.permitted;
    set_capabilities(wanted);
    wanted.ambient = set_of({CAP_KILL});
    set_capabilities(wanted);
    CHECK(status_bits("CapAmb") == set_of({CAP_KILL}));
    set_capabilities({});
    for (char const* name : {"CapPrm", "CapEff", "CapInh", "CapAmb"}) CHECK(status_bits(name) == 0);
  });
}

TEST_CASE("capability: what the kernel refuses is named") {
  in_child([] {
    need_root();
    Capabilities one;
    one.permitted = set_of({CAP_CHOWN});
    set_capabilities(one);
    Capabilities more;
    more.permitted = set_of({CAP_CHOWN, CAP_SYS_ADMIN});
    CHECK(failure_of([&] { set_capabilities(more); }) == "capset(): operation not permitted");
    Capabilities loud = one;
    loud.ambient = set_of({CAP_CHOWN});
    CHECK(failure_of([&] { set_capabilities(loud); }) == "prctl(PR_CAP_AMBIENT_RAISE, 0): operation not permitted");
    CHECK(failure_of([] { limit_bounding_set(0); }) == "prctl(PR_CAPBSET_DROP, 0): operation not permitted");
  });
}

#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"
#include "status.hpp"

#include "orlop/base/error.hpp"
#include "orlop/kernel/rlimit.hpp"

#include <algorithm>
#include <linux/capability.h>
#include <set>
#include <sys/syscall.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::in_child;

namespace {

static_assert(rlimit_of("RLIMIT_NOFILE") == RLIMIT_NOFILE);
static_assert(!rlimit_of("NOFILE") && !rlimit_of("RLIMIT_NOSUCH") && !rlimit_of(""));

rlimit now(int resource) {
  rlimit limit{};
  REQUIRE(getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) == 0);
  return limit;
}

void drop_all_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct const none[2] = {};
  REQUIRE(syscall(SYS_capset, &header, none) == 0);
}

}  // namespace

TEST_CASE("rlimit: the table has every limit once, in the kernel's order") {
  int number = 0;
  for (auto const& row : rlimit_names) {
    CHECK(row.resource == number++);
    CHECK(rlimit_of(row.name) == row.resource);
  }
  CHECK(number == RLIM_NLIMITS);
}

TEST_CASE("rlimit: each one is set, soft and hard") {
  for (auto const& row : rlimit_names) {
    INFO(row.name);
    in_child([&] {
      auto const hard = std::min<std::uint64_t>(now(row.resource).rlim_max, 1'000'000);
      Rlimit const wanted{row.resource, hard / 2, hard};
      set_rlimit(wanted);
      CHECK(now(row.resource).rlim_cur == wanted.soft);
      CHECK(now(row.resource).rlim_max == wanted.hard);
    });
  }
}

TEST_CASE("rlimit: no limit stays no limit") {
  in_child([] {
    auto const before = now(RLIMIT_FSIZE);
    if (before.rlim_max != RLIM_INFINITY) harness::skip("the file size is limited here");
    set_rlimit({RLIMIT_FSIZE, RLIM_INFINITY, RLIM_INFINITY});
    CHECK(now(RLIMIT_FSIZE).rlim_cur == RLIM_INFINITY);
  });
}

TEST_CASE("rlimit: raising the hard limit says what it needs") {
  in_child([] {
    drop_all_capabilities();
    set_rlimit({RLIMIT_NOFILE, 64, 64});
    try {
      set_rlimit({RLIMIT_NOFILE, 64, 65});
      FAIL("it was raised");
    } catch (Error const& error) {
      CHECK(std::string{error.what()} == "setrlimit(RLIMIT_NOFILE, 64, 65): operation not permitted");
      CHECK(error.hint().find("CAP_SYS_RESOURCE") != std::string::npos);
      CHECK(error.hint().find("not permitted") == std::string::npos);  // engines search the whole text for it
    }
  });
}

TEST_CASE("rlimit: soft above hard, or an unknown limit, is refused without a hint") {
  in_child([] {
    try {
      set_rlimit({RLIMIT_CORE, 2, 1});
      FAIL("it was set");
    } catch (Error const& error) {
      CHECK(std::string{error.what()} == "setrlimit(RLIMIT_CORE, 2, 1): invalid argument");
      CHECK(error.hint() == "");
    }
    CHECK(harness::failure_of([] { set_rlimit({999, 0, 0}); }) == "setrlimit(RLIMIT_?, 0, 0): invalid argument");
  });
}

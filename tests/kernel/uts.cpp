#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/kernel/uts.hpp"

#include <sched.h>
#include <sys/utsname.h>

using namespace orlop::kernel;

TEST_CASE("uts: the names of a namespace of our own, and only there") {
  utsname before{};
  REQUIRE(uname(&before) == 0);
  harness::in_child([] {
    if (unshare(CLONE_NEWUTS) < 0) harness::skip("no UTS namespace of its own");
    set_hostname("web1");
    set_domainname("example.org");
    utsname now{};
    REQUIRE(uname(&now) == 0);
    CHECK(std::string{now.nodename} == "web1");
    CHECK(std::string{now.domainname} == "example.org");
    std::string const longest(64, 'h');
    set_hostname(longest);
    set_domainname("");
    REQUIRE(uname(&now) == 0);
    CHECK(std::string{now.nodename} == longest);
    CHECK(std::string{now.domainname} == "");
    CHECK(harness::failure_of([&] { set_hostname(longest + "x"); }) ==
          "sethostname(\"" + longest + "x\"): invalid argument");
    CHECK(harness::failure_of([&] { set_domainname(longest + "x"); }) ==
          "setdomainname(\"" + longest + "x\"): invalid argument");
  });
  utsname after{};
  REQUIRE(uname(&after) == 0);
  CHECK(std::string{after.nodename} == before.nodename);
}

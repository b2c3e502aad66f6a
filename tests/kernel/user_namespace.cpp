#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/text.hpp"
#include "orlop/kernel/namespace.hpp"
#include "orlop/kernel/user_namespace.hpp"

#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::in_child;

namespace {

IdSpans const map{{0, 300000, 10}, {20, 400000, 1}};

std::optional<Child> paused(std::uint64_t namespaces) {
  auto child = clone_into(namespaces, -1);
  if (!child)
    for (;;) pause();
  return child;
}

}  // namespace

TEST_CASE("user namespace: a map as the kernel reads it, and the ids outside") {
  CHECK(id_map_text(map) == "0 300000 10\n20 400000 1\n");
  CHECK(id_map_text({}).empty());
  CHECK(id_outside(map, 0) == 300000U);
  CHECK(id_outside(map, 9) == 300009U);
  CHECK(id_outside(map, 10) == std::nullopt);
  CHECK(id_outside(map, 20) == 400000U);
}

TEST_CASE("user namespace: its maps are written from outside, setgroups denied or not") {
  in_child([] {
    harness::need_root();
    for (bool const deny : {false, true}) {
      auto const child = paused(CLONE_NEWUSER);
      std::string const process = concat({"/proc/", child->pid(), "/"});
      write_id_maps(child->pid(), map, map, deny);
      CHECK(split(file::read(process + "uid_map"), '\n').size() == map.size());
      CHECK(file::read(process + "setgroups") == (deny ? "deny\n" : "allow\n"));
      CHECK(harness::failure_of([&] { write_id_maps(child->pid(), map, map, false); }) ==
            concat({"write(\"", process, "uid_map\", \"0 300000 10?20 400000 1?\"): operation not permitted"}));
    }
  });
}

TEST_CASE("user namespace: its owner has all capabilities, and cannot be looked into") {
  in_child([] {
    harness::need_root();
    int gate[2];
    REQUIRE(pipe(gate) == 0);
    auto child = clone_into(CLONE_NEWUSER, -1);
    if (!child) {
      char c;
      close(gate[1]);
      if (read(gate[0], &c, 1) != 1) _exit(1);
      become_owner(0, 0);
      bool const is_root = getuid() == 0 && getegid() == 0 && getgroups(0, nullptr) == 0;
      bool const can = unshare(CLONE_NEWNS | CLONE_NEWNET) == 0;
      bool const is_hidden = prctl(PR_GET_DUMPABLE) != 1;
      _exit(is_root && can && is_hidden ? 42 : 43);
    }
    write_id_maps(child->pid(), map, map, false);
    REQUIRE(write(gate[1], "x", 1) == 1);
    CHECK(process::exit_code(child->reap()) == 42);
  });
}

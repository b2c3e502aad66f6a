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
  CHECK(id_map_of("         0     300000         10\n        20     400000          1\n") == map);
  CHECK(id_map_of("").empty());
  CHECK(owner_in(map) == 0);
  CHECK(owner_in({{5, 300000, 1}, {7, 1, 1}}) == 5);
}

TEST_CASE("user namespace: its maps are written from outside, setgroups denied or not") {
  in_child([] {
    harness::need_root();
    for (bool const deny : {false, true}) {
      auto const child = paused(CLONE_NEWUSER);
      std::string const process = concat({"/proc/", child->pid(), "/"});
      write_uid_map(child->pid(), map);
      write_gid_map(child->pid(), map, deny);
      CHECK(split(file::read(process + "uid_map"), '\n').size() == map.size());
      CHECK(file::read(process + "setgroups") == (deny ? "deny\n" : "allow\n"));
      auto const found = id_maps_of(child->pid());
      CHECK(found.uids == map);
      CHECK(found.gids == map);
      CHECK(found.denies_setgroups == deny);
      CHECK(harness::failure_of([&] { write_uid_map(child->pid(), map); }) ==
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
    write_uid_map(child->pid(), map);
    write_gid_map(child->pid(), map, false);
    REQUIRE(write(gate[1], "x", 1) == 1);
    CHECK(process::exit_code(child->reap()) == 42);
  });
}

TEST_CASE("user namespace: a sibling is born with CLONE_PARENT, inside of one that was joined") {
  in_child([] {
    harness::need_root();
    auto const donor = paused(CLONE_NEWUSER);
    write_uid_map(donor->pid(), map);
    write_gid_map(donor->pid(), map, false);
    int report[2];
    REQUIRE(pipe(report) == 0);
    auto stage = clone_into(0, -1);
    if (!stage) {
      join_namespace(open_namespace(concat({"/proc/", donor->pid(), "/ns/user"}), CLONE_NEWUSER), CLONE_NEWUSER);
      auto child = clone_into(CLONE_NEWPID | CLONE_PARENT, -1);
      if (!child) _exit(getpid() == 1 ? 42 : 43);
      pid_t const pid = child->release();
      _exit(write(report[1], &pid, sizeof pid) == sizeof pid ? 0 : 1);
    }
    pid_t pid = 0;
    REQUIRE(read(report[0], &pid, sizeof pid) == sizeof pid);
    CHECK(process::exit_code(stage->reap()) == 0);
    CHECK(process::exit_code(Child{pid, Fd{}}.reap()) == 42);
  });
}

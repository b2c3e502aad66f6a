#include "harness/catch.hpp"
#include "harness/child.hpp"

#include "orlop/base/error.hpp"

#include <cctype>
#include <cstring>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace orlop;

namespace {

std::string text_of(Error const& error) { return error.what(); }

Error failing_open() {
  try {
    check(open("/no/such/file", O_RDONLY), "open", {"/no/such/file", Word{"O_RDONLY"}});
  } catch (Error const& error) {
    return error;
  }
  return Error::refusal("open did not fail");
}

}  // namespace

TEST_CASE("error: the trail names the scopes, outermost first") {
  CHECK(Doing::trail() == "");
  Doing const outer{"create", "web1"};
  CHECK(Doing::trail() == "create web1");
  std::string const place = "/data";
  {
    Doing const mount{"mounts", 1, place};
    CHECK(Doing::trail() == "create web1: mounts[1] /data");
    Doing const plain{"step"};
    CHECK(Doing::trail() == "create web1: mounts[1] /data: step");
  }
  CHECK(Doing::trail() == "create web1");
}

TEST_CASE("error: index 0 is shown, an empty detail is not") {
  Doing const hook{"hooks.prestart", 0, ""};
  CHECK(Doing::trail() == "hooks.prestart[0]");
}

TEST_CASE("error: a scope ends when an exception passes") {
  CHECK_THROWS_AS([] {
    Doing const inner{"inner"};
    throw Error::refusal("no");
  }(), Error);
  CHECK(Doing::trail() == "");
}

TEST_CASE("error: a child reports only what it did since") {
  Doing const outer{"create web1"};
  harness::in_child([] {
    Doing::forget_outer();
    CHECK(Doing::trail() == "");
    Doing const own{"joining", "net"};
    CHECK(Doing::trail() == "joining net");
  });
  CHECK(Doing::trail() == "create web1");
}

TEST_CASE("error: the text is trail, call and errno") {
  CHECK(text_of(failing_open()) == "open(\"/no/such/file\", O_RDONLY): no such file or directory");
  Doing const outer{"create web1"};
  Doing const mount{"mounts", 1, "/data"};
  Error const error = failing_open();
  CHECK(text_of(error) ==
        "create web1: mounts[1] /data: open(\"/no/such/file\", O_RDONLY): no such file or directory");
  CHECK(error.code() == ENOENT);
  CHECK(error.call() == "open(\"/no/such/file\", O_RDONLY)");
  CHECK(error.trail() == "create web1: mounts[1] /data");
  CHECK(error.hint() == "");
}

TEST_CASE("error: a refusal has no errno and keeps the trail") {
  Doing const outer{"update web1"};
  Error const error = Error::refusal("the container is stopped");
  CHECK(text_of(error) == "update web1: the container is stopped");
  CHECK(error.code() == 0);
}

TEST_CASE("error: a hint is no part of the text") {
  Error const error = Error{EPERM, "setrlimit()"}.with_hint("needs CAP_SYS_RESOURCE");
  CHECK(text_of(error) == "setrlimit(): operation not permitted");
  CHECK(error.hint() == "needs CAP_SYS_RESOURCE");
}

TEST_CASE("error: seen from further out it keeps call, code and hint") {
  Error const inner = Error{EIO, "read(\"x\")", "mounts[0] /a"}.with_hint("look");
  Error const outer = inner.within("create web1");
  CHECK(text_of(outer) == "create web1: mounts[0] /a: read(\"x\"): input/output error");
  CHECK(outer.code() == EIO);
  CHECK(outer.hint() == "look");
  CHECK(text_of(inner.within("")) == text_of(inner));
  CHECK(text_of(Error{EIO, "read()", ""}.within("delete web1")) == "delete web1: read(): input/output error");
}

TEST_CASE("error: arguments are shown by kind") {
  CHECK(call_text("f", {}) == "f()");
  CHECK(call_text("f", {"a b", 1, -2, Word{"O_PATH"}, 3UL, 4ULL, 5L, 6U}) == "f(\"a b\", 1, -2, O_PATH, 3, 4, 5, 6)");
  CHECK(call_text("f", {"line\nand\x1b[31m\x7f"}) == "f(\"line?and?[31m?\")");
  CHECK(call_text("f", {std::string{"a\0b", 3}}) == "f(\"a?b\")");
}

TEST_CASE("error: check hands a good result through, and takes errno from a bad one") {
  CHECK(check(7, "f") == 7);
  CHECK(check(0L, "f") == 0L);
  try {
    errno = EBUSY;
    check(-1L, "umount2", {"/a", 2});
    FAIL("it did not throw");
  } catch (Error const& error) {
    CHECK(error.code() == EBUSY);
    CHECK(text_of(error) == "umount2(\"/a\", 2): device or resource busy");
  }
}

TEST_CASE("error: retry goes on after EINTR only") {
  int calls = 0;
  CHECK(retry([&] { return ++calls < 3 ? (errno = EINTR, -1) : 5; }) == 5);
  CHECK(calls == 3);
  CHECK(retry([&] { return ++calls, errno = EAGAIN, -1; }) == -1);
  CHECK(calls == 4);
}

TEST_CASE("error: errno texts are those that engines search for") {
  CHECK(errno_text(ENOENT) == "no such file or directory");
  CHECK(errno_text(EPERM) == "operation not permitted");
  CHECK(errno_text(EACCES) == "permission denied");
  CHECK(errno_text(ESRCH) == "no such process");
  CHECK(errno_text(EISDIR) == "is a directory");
  CHECK(errno_text(ENOTDIR) == "not a directory");
  CHECK(errno_text(E2BIG) == "argument list too long");
  CHECK(errno_text(EXDEV) == "invalid cross-device link");
  CHECK(errno_text(ERFKILL) == "operation not possible due to RF-kill");
  CHECK(errno_text(99999) == "errno 99999");
}

TEST_CASE("error: every errno text begins in lower case, unless with an abbreviation") {
  for (int code = 1; code < 134; ++code) {
    std::string const text = errno_text(code);
    INFO(code << " " << text);
    REQUIRE(text.size() > 1);
    bool const is_abbreviation = std::isupper(static_cast<unsigned char>(text[1]));
    CHECK((is_abbreviation || !std::isupper(static_cast<unsigned char>(text[0]))));
  }
}

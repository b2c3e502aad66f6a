// What `exec` makes of its options, and what it does not take.
#include "base_spec.hpp"
#include "table.hpp"

#include "harness/catch.hpp"

namespace plan_test {

namespace {

using orlop::plan::ExecRequest;
using orlop::plan::Refusal;

ExecRequest request_for(std::string program) {
  ExecRequest request;
  request.id = "web1";
  request.args = {std::move(program)};
  request.container_cgroups = {"/sys/fs/cgroup/web1"};
  return request;
}

void check_refused(ExecRequest const& request, std::string const& where) {
  Table host;
  try {
    orlop::plan::make_exec(base_spec(), host, request);
    FAIL_CHECK("taken: " << where);
  } catch (Refusal const& refusal) {
    CHECK(refusal.where() == where);
  }
}

}  // namespace

TEST_CASE("exec: spellings of --user") {
  for (char const* const text : {"x", "1x", "-1", "+1", " 1", "1:", ":1", ":", "1:1:1", "4294967295", "4294967296", "sailor"}) {
    INFO(text);
    auto request = request_for("true");
    request.user = text;
    check_refused(request, "--user");
  }
}

TEST_CASE("exec: no way out of the container's cgroup") {
  for (char const* const text : {"..", "../web10", "a/../../b", "/..", "/../web10"}) {
    INFO(text);
    auto request = request_for("true");
    request.cgroups = {text};
    check_refused(request, "--cgroup");
  }
  for (char const* const text : {"a", "/a", "./a", "//a/"}) {
    Table host{{std::nullopt, std::nullopt}};
    auto request = request_for("true");
    request.cgroups = {text};
    auto const plan = orlop::plan::make_exec(base_spec(), host, request);
    CHECK(plan.exec->cgroups == std::vector<std::string>{"/sys/fs/cgroup/web1/a"});
    CHECK_FALSE(plan.exec->may_follow_init);
  }
}

TEST_CASE("exec: a controller that the container has no directory of") {
  auto request = request_for("true");
  request.cgroups = {"nothing:a"};
  check_refused(request, "--cgroup");
}

TEST_CASE("exec: variables, capabilities and groups") {
  for (char const* const text : {"", "NAME", "=x"}) {
    auto request = request_for("true");
    request.env = {text};
    check_refused(request, "--env");
  }
  auto request = request_for("true");
  request.capabilities = {"net_raw"};
  check_refused(request, "--cap");
  request = request_for("true");
  request.additional_gids = {"wheel"};
  check_refused(request, "--additional-gids");
}

TEST_CASE("exec: lists of processors") {
  for (char const* const text : {"x", "1-", "-1", "3-1", "8192", "0-99999999", "1;2"}) {
    INFO(text);
    auto spec = base_spec();
    spec.process->exec_cpu_affinity = oci::CpuAffinity{text, ""};
    Table host;
    CHECK_THROWS_AS(orlop::plan::make(spec, host, {"web1", "/srv/bundle", false}), Refusal);
  }
}

}  // namespace plan_test

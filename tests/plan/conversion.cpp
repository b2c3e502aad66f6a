// Values of v1 in the terms of v2, as runc 1.4 and crun 1.23 convert them.
#include "harness/catch.hpp"

#include "orlop/plan/conversion.hpp"

namespace plan_test {

namespace {

struct WeightRow {
  std::uint64_t from, to;
};
constexpr WeightRow cpu_rows[] = {
    {0, 1},       {1, 1},       {2, 1},       {3, 2},        {10, 4},         {50, 10},        {100, 17},
    {256, 35},    {512, 59},    {1000, 99},   {1024, 100},   {1025, 101},     {2048, 174},     {4096, 303},
    {10240, 639}, {100000, 4340}, {262143, 10000}, {262144, 10000}, {300000, 10000},
};
constexpr WeightRow io_rows[] = {{10, 1}, {11, 11}, {100, 910}, {500, 4950}, {999, 9989}, {1000, 10000}};

}  // namespace

TEST_CASE("conversion: shares to weight") {
  for (auto const& row : cpu_rows) {
    INFO(row.from);
    CHECK(orlop::plan::cpu_weight(row.from) == row.to);
  }
  for (std::uint64_t shares = 3; shares < 262144; shares += 7)
    REQUIRE(orlop::plan::cpu_weight(shares) >= orlop::plan::cpu_weight(shares - 1));
}

TEST_CASE("conversion: weights of block devices") {
  for (auto const& row : io_rows) CHECK(orlop::plan::io_weight(static_cast<std::uint16_t>(row.from)) == row.to);
}

TEST_CASE("conversion: swap alone") {
  CHECK(orlop::plan::swap_alone(500, 200) == 300);
  CHECK(orlop::plan::swap_alone(1000, 1000) == 0);
}

}  // namespace plan_test

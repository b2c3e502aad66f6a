#include "refuse.hpp"

#include "catch.hpp"

#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <vector>

namespace harness {

void refuse_call(long number, int code, std::optional<std::uint32_t> first_argument) {
  auto const load = [](std::size_t offset) {
    return sock_filter(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<__u32>(offset)));
  };
  auto const skip_unless = [](std::uint32_t value, __u8 count) {
    return sock_filter(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count));
  };
  auto const answer = [](std::uint32_t value) { return sock_filter(BPF_STMT(BPF_RET | BPF_K, value)); };

  std::vector<sock_filter> filter{load(offsetof(seccomp_data, nr))};
  if (first_argument) {
    filter.push_back(skip_unless(static_cast<std::uint32_t>(number), 3));
    filter.push_back(load(offsetof(seccomp_data, args)));
    filter.push_back(skip_unless(*first_argument, 1));
  } else {
    filter.push_back(skip_unless(static_cast<std::uint32_t>(number), 1));
  }
  filter.push_back(answer(SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(code)));
  filter.push_back(answer(SECCOMP_RET_ALLOW));
  sock_fprog const program{static_cast<unsigned short>(filter.size()), filter.data()};
  REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0);
}

}  // namespace harness

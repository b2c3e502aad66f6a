#include "orlop/kernel/capability.hpp"

#include "orlop/base/error.hpp"

#include <cerrno>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace orlop::kernel {

static_assert(capability_count == CAP_LAST_CAP + 1, "the kernel headers know other capabilities than this table");

namespace {

constexpr CapabilitySet bit(unsigned capability) { return CapabilitySet{1} << capability; }
constexpr std::uint32_t low(CapabilitySet set) { return static_cast<std::uint32_t>(set); }
constexpr std::uint32_t high(CapabilitySet set) { return static_cast<std::uint32_t>(set >> 32); }

}  // namespace

Grantable grantable_capabilities(CapabilitySet asked) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  check(syscall(SYS_capget, &header, data), "capget");
  Grantable grantable;
  grantable.permitted = CapabilitySet{data[1].permitted} << 32 | data[0].permitted;
  for (unsigned i = 0; i < 64; ++i) {
    if (!(asked & bit(i))) continue;  // a call for each
    int const has = prctl(PR_CAPBSET_READ, i, 0, 0, 0);
    if (has < 0) break;  // EINVAL: behind the kernel's last one
    if (has > 0) grantable.bounding |= bit(i);
  }
  return grantable;
}

void limit_bounding_set(CapabilitySet kept) {
  for (unsigned i = 0; i < 64; ++i) {
    if (kept & bit(i)) continue;
    if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) return;  // behind the kernel's last one
    fail("prctl", {Word{"PR_CAPBSET_DROP"}, i});
  }
}

void set_capabilities(Capabilities const& wanted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct const data[2] = {
      {low(wanted.effective), low(wanted.permitted), low(wanted.inheritable)},
      {high(wanted.effective), high(wanted.permitted), high(wanted.inheritable)},
  };
  check(syscall(SYS_capset, &header, data), "capset");
  check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl", {Word{"PR_CAP_AMBIENT_CLEAR_ALL"}});
  for (unsigned i = 0; i < 64; ++i)
    if (wanted.ambient & bit(i))
      check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0), "prctl", {Word{"PR_CAP_AMBIENT_RAISE"}, i});
}

}  // namespace orlop::kernel

#include "orlop/kernel/uts.hpp"

#include "orlop/base/error.hpp"

#include <unistd.h>

namespace orlop::kernel {

void set_hostname(std::string const& name) { check(sethostname(name.data(), name.size()), "sethostname", {name}); }

void set_domainname(std::string const& name) { check(setdomainname(name.data(), name.size()), "setdomainname", {name}); }

}  // namespace orlop::kernel

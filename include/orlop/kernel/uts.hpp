// The names of a UTS namespace that is our own: sethostname(2), setdomainname(2).
#pragma once
#include <string>

namespace orlop::kernel {

void set_hostname(std::string const& name);
void set_domainname(std::string const& name);

}  // namespace orlop::kernel

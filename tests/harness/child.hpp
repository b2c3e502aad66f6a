// Test bodies that need a process of their own: one that may change its namespaces, its user, its root or its limits.
// Catch's assertions and harness::skip work inside; what failed there is reported by the calling test case.
#pragma once
#include <functional>
#include <string>

namespace harness {

// A forked child with the default signal handlers; killed after 20 s.
void in_child(std::function<void()> const& body);

// The same as root, in a private copy of the mount namespace, with an empty tmpfs: its path is the argument.
void in_private_mounts(std::function<void(std::string const& scratch)> const& body);

}  // namespace harness

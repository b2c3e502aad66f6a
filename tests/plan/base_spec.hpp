// The smallest config that orlop takes: tests change one thing in it.
#pragma once
#include "orlop/plan/make.hpp"

namespace plan_test {

inline oci::Spec base_spec() {
  oci::Spec spec;
  spec.oci_version = "1.3.0";
  spec.process.emplace();
  spec.process->args = {"sh"};
  spec.process->cwd = "/";
  spec.root = {"rootfs", false};
  spec.linux_config.emplace();
  spec.linux_config->namespaces = {{oci::NamespaceKind::mount, ""}};
  return spec;
}

}  // namespace plan_test

// The bundle that a command line names: its config.json read once, whole, and the plan made of it.
#pragma once
#include "orlop/plan/make.hpp"
#include "orlop/plan/plan.hpp"

#include "oci/spec.hpp"

#include <string>

namespace orlop::command {

struct Bundle {
  std::string path;    // absolute
  std::string config_name;  // as errors show it
  std::string config;  // its text
  oci::Spec spec;
};

// The path seen from our working directory.
std::string absolute(std::string const& directory);

// Errors name the place: "config.json:14:9: linux.namespaces[2].type: …".
// `config`: a file to read instead of the config.json of `directory`; "": none.
Bundle load_bundle(std::string const& directory, std::string const& config);
// A refusal of the plan gets its line and column in config.json.
plan::Plan make_plan(Bundle const& bundle, plan::HostFacts& host, plan::Request request);

}  // namespace orlop::command

#include "bundle.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/log.hpp"
#include "orlop/base/path.hpp"

#include "oci/json.hpp"

#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace orlop::command {

namespace {

constexpr std::size_t most_config = 16 * 1024 * 1024;

// O_NONBLOCK: a FIFO of that name must not hang us.
std::string read_config(std::string const& path) {
  struct stat status;
  Fd const fd = path::open_host(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  check(fstat(fd, &status), "fstat", {path});
  if (!S_ISREG(status.st_mode)) throw Error::refusal(concat({path, " is no regular file"}));
  return file::read(fd, path, most_config);
}

}  // namespace

std::string absolute(std::string const& directory) {
  if (directory.starts_with('/')) return path::cleaned(directory);
  char here[PATH_MAX];
  if (!getcwd(here, sizeof here)) fail("getcwd", {});
  return path::cleaned(path::joined(here, directory));
}

Bundle load_bundle(std::string const& directory, std::string const& config) {
  Doing const doing{"bundle"};
  Bundle bundle;
  bundle.path = absolute(directory);
  bundle.config_name = config.empty() ? "config.json" : config;
  struct stat status;
  check(stat(bundle.path.c_str(), &status), "stat", {bundle.path});
  bundle.config = read_config(config.empty() ? path::joined(bundle.path, "config.json") : config);
  oci::Notes notes;
  try {
    bundle.spec = oci::parse<oci::Spec>(bundle.config, bundle.config_name, log::is_debug() ? &notes : nullptr);
  } catch (oci::ParseError const& error) {
    throw Error::refusal(error.what());
  }
  for (auto const& note : notes) log::debug(concat({note.place, ": ", note.path, ": unknown member, passed over"}));
  return bundle;
}

plan::Plan make_plan(Bundle const& bundle, plan::HostFacts& host, plan::Request request) {
  request.bundle = bundle.path;
  try {
    return plan::make(bundle.spec, host, request);
  } catch (plan::Refusal const& refusal) {
    throw Error::refusal(concat({oci::place_of(bundle.config, bundle.config_name, refusal.where()), ": ", refusal.what()}));
  }
}

}  // namespace orlop::command

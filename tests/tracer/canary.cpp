#include "canary.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

namespace tracer {

namespace {

std::string place(pid_t pid, std::string const& file) { return "/proc/" + std::to_string(pid) + "/" + file; }

// As long as it still has the host's root, the names in its mountinfo are the host's.
bool has_our_root(pid_t pid) {
  struct stat ours, theirs;
  return stat("/", &ours) == 0 && stat(place(pid, "root").c_str(), &theirs) == 0 && ours.st_ino == theirs.st_ino &&
         ours.st_dev == theirs.st_dev;
}

}  // namespace

void Canary::add(std::string const& directory) {
  directories_.push_back(directory);
  auto const note = [&](std::string const& path) {
    struct stat status;
    if (lstat(path.c_str(), &status) == 0) inodes_.insert({status.st_dev, status.st_ino});
  };
  note(directory);
  for (auto const& entry : std::filesystem::recursive_directory_iterator{directory}) note(entry.path());
}

std::string Canary::reached_by(pid_t pid, std::string const& file) const {
  struct stat status;
  std::string const path = place(pid, file);
  if (inodes_.empty() || stat(path.c_str(), &status) < 0 || !inodes_.count({status.st_dev, status.st_ino})) return {};
  return file + " is " + std::filesystem::read_symlink(path).string();
}

std::string Canary::mounted_by(pid_t pid) const {
  if (!has_our_root(pid)) return {};
  std::ifstream lines{place(pid, "mountinfo")};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string word;
    for (int i = 0; i < 5; ++i) words >> word;
    for (auto const& directory : directories_)
      if (word == directory || word.starts_with(directory + "/")) return "a mount on " + word;
  }
  return {};
}

}  // namespace tracer

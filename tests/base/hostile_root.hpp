// A root full of links that lead astray, and a canary directory beside it that nobody may touch.
#pragma once
#include "orlop/base/directory.hpp"

#include <string>

namespace hostile {

struct Root {
  explicit Root(std::string scratch);
  std::string scratch, path, canary;
  orlop::Directory directory;

  std::string inside(std::string const& name) const { return path + "/" + name; }
  void make_directory(std::string const& name) const;
  void make_file(std::string const& name) const;
  void make_link(std::string const& name, std::string const& target) const;
  void mount_proc() const;
};

// The same text as before: the directory and what is below is as it was.
std::string snapshot(std::string const& directory);

// Runs a body twice: with openat2, and with the walk in user space.
template <class Body>
void with_both_resolvers(Body body);

}  // namespace hostile

#include "harness/catch.hpp"
#include "orlop/base/path.hpp"

template <class Body>
void hostile::with_both_resolvers(Body body) {
  for (bool const walk : {false, true}) {
    INFO((walk ? "the walk" : "openat2"));
    orlop::path::walk_only(walk);
    body();
  }
  orlop::path::walk_only(false);
}

// The walk in user space: one component at a time, O_NOFOLLOW, "..", symlinks and the root's edge handled here.
// For kernels and filters without openat2, and for making what is missing of a path.
#pragma once
#include "orlop/base/fd.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orlop::path {

class Walk {
public:
  enum class Make { nothing, directory, file };
  explicit Walk(int root) : root_{root} {}

  // A closed Fd and errno when it fails.
  Fd open(std::string_view path, int flags);
  Fd make(std::string_view path, Make last);

private:
  int here() const { return above_.empty() ? root_ : static_cast<int>(above_.back()); }
  bool step(std::string const& name, Make make, bool follow);
  bool enter(Fd next);
  bool follow_link(Fd const& link);
  bool run(std::string_view path, Make last, bool follow_last);
  void push_front(std::string_view path);

  int root_;
  std::vector<Fd> above_;            // the directories walked through: ".." goes back to one that was held, never up
  std::vector<std::string> ahead_;   // the components still to go, last first
  Fd last_;                          // a non-directory at the end of the path
  int links_ = 0;
};

}  // namespace orlop::path

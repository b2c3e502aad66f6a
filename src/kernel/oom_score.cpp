#include "orlop/kernel/oom_score.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"

#include <cerrno>
#include <string>

namespace orlop::kernel {

void set_oom_score(pid_t process, int score) {
  std::string const who = process ? std::to_string(process) : "self";
  try {
    file::write_existing(concat({"/proc/", who, "/oom_score_adj"}), std::to_string(score));
  } catch (Error& error) {
    if (error.code() != EACCES) throw;
    throw std::move(error).with_hint("to lower the score, orlop's caller needs CAP_SYS_RESOURCE");
  }
}

}  // namespace orlop::kernel

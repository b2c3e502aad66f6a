// Bytes between the caller's standard input and output and the container's terminal, both ways, without ever waiting.
#pragma once
#include "orlop/base/fd.hpp"
#include "orlop/kernel/terminal.hpp"

#include <poll.h>
#include <string>

namespace orlop::launch {

class Relay {
public:
  explicit Relay(Fd master);
  bool is_open() const { return master_.is_open(); }
  // What to wait for (three entries: input, master, output) and what to do when it has come.
  void prepare(pollfd (&waiting)[3]) const;
  void proceed(pollfd const (&waiting)[3]);
  void resize() const noexcept { kernel::copy_window_size(size_source_, master_); }
  // Reads what is left after the program's end, and gives the caller's terminal back as it was.
  void finish();

private:
  void read_input();
  void end_input();
  void write_master();
  void read_master();
  void write_output();

  Fd master_;
  kernel::RawMode raw_mode_;
  bool input_is_terminal_;
  int size_source_;
  bool input_open_ = true;
  std::string to_master_, to_output_;
};

}  // namespace orlop::launch

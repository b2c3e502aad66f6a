#include "orlop/launch/parley.hpp"

#include "orlop/base/error.hpp"

#include <cstring>
#include <poll.h>
#include <sys/wait.h>

namespace orlop::launch {

void serve(int channel, SignalGuard& signals, bool const& is_executing, char const* milestone,
           std::function<bool(Heard&)> const& is_done) {
  for (;;) {
    pollfd waiting[] = {{channel, POLLIN, 0}, {is_executing ? -1 : signals.interruption(), POLLIN, 0}};
    check(retry([&] { return poll(waiting, 2, -1); }), "poll");
    if (waiting[0].revents) {
      Heard heard = hear(channel);
      if (is_done(heard)) return;
    } else if (!is_executing) {
      signals.check_interruption(milestone);
    }
  }
}

void throw_failure_in(int channel) {
  for (Heard heard = hear(channel); heard.message.word != Word::end_of_file; heard = hear(channel))
    if (heard.message.word == Word::failed) throw error_of(heard.message).within(Doing::trail());
}

void throw_end(char const* who, int status) {
  constexpr char before[] = " before it could execute the program";
  if (WIFSIGNALED(status))
    throw Error::refusal(concat({who, " was killed by SIG", sigabbrev_np(WTERMSIG(status)), before}));
  throw Error::refusal(concat({who, " ended with status ", WEXITSTATUS(status), before}));
}

}  // namespace orlop::launch

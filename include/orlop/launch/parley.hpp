// The parent's end of the channel, as far as making a container and joining one are alike.
#pragma once
#include "orlop/launch/channel.hpp"
#include "orlop/launch/signal_guard.hpp"

#include <functional>

namespace orlop::launch {

// Gives every word to `is_done` until that is true. As long as the child is not executing, a signal to us ends it, if the
// child has said nothing meanwhile: a signal behind its last word is the container's. `milestone`: what was not reached.
void serve(int channel, SignalGuard& signals, bool const& is_executing, char const* milestone,
           std::function<bool(Heard&)> const& is_done);
// The child does not hear or speak any more: throws what it said last, if that says why.
void throw_failure_in(int channel);
// "WHO was killed by SIGSEGV before it could execute the program"; `status` as of waitpid(2).
[[noreturn]] void throw_end(char const* who, int status);

}  // namespace orlop::launch

// A foreground run from the program's first instruction to its end: signals, terminal, exit code.
//
//   who reaps          orlop its child, the container's init, which reaps inside (pid_namespaces(7)). If orlop is pid 1
//                      itself, orphans of its own namespace come to it: every child that ends is reaped.
//   signals            see signal_guard.hpp; they go to init by pidfd, so never to a stranger.
//   SIGHUP             goes to init as any other. Our own terminal gone (end of file, EIO on it): the container's
//                      terminal is closed, and the kernel sends its session SIGHUP.
//   end of our input   not a terminal: the end is passed on as the terminal's VEOF character (as script(1) does).
//   the last bytes     after init's end the terminal is read until it is closed by all, or silent for a moment while
//                      somebody outside of the container's pid namespace still holds it.
//   without terminal   the container has our own 0, 1 and 2: nothing is copied.
#pragma once
#include "orlop/base/child.hpp"
#include "orlop/launch/notify.hpp"
#include "orlop/launch/signal_guard.hpp"

#include <optional>

namespace orlop::launch {

// `terminal`: the master of the container's terminal, or closed. Returns what a shell would show as the exit code.
int supervise(Child& init, Fd terminal, SignalGuard const& signals, std::optional<Notifier> notifier = {});

}  // namespace orlop::launch

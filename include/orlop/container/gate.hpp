// The gate between `create` and `start`: a listening AF_UNIX SEQPACKET socket named "gate" in the container's
// directory, bound by the creating parent and held by init, which waits in accept(2) for the word to go.
//
// Why a socket: it is two-way (start learns why the execve failed), its state is the truth without anybody keeping a
// book (it listens as long as init has not executed the program: execve or death closes it, and connecting is refused
// from that moment on), and only one of two racing starts is served. A FIFO has one direction, and whether init has
// gone on must be written down by somebody who may die first.
//
// start:  connect, "go"                       init: accept, read
//   - start dies before "go": init reads end of file and waits for the next one. The container stays created.
//   - start dies behind "go": init goes on to its execve. The container runs; nobody hears about a failure but its
//     status (stopped).
//   - the answer is a failure (a packet), or `executing` and end of file (the socket was closed by execve).
// Measured (kernel 6.18): making and binding it costs 20 to 30 µs of `create`; `run` needs no gate and makes none.
#pragma once
#include "orlop/base/fd.hpp"
#include "orlop/container/container_dir.hpp"

#include <optional>

namespace orlop::container {

Fd make_gate(ContainerDir const& container);
// nullopt: nobody waits there: init has gone on, or is dead.
std::optional<Fd> try_knock(ContainerDir const& container);
void remove_gate(ContainerDir const& container) noexcept;

}  // namespace orlop::container

// The words between the child (init) and the parent. The child asks, the parent answers; the order is the child's
// straight line (init.cpp). Both hold the same Plan, so a message is a word and at most one descriptor.
//
//   child                  parent                                                             answer
//   (enter_cgroup)     ←   cgroups_made (+ gate): the container is claimed and recorded, its cgroups are there
//   forked(pid) + fd   →   (from a stage: stage.hpp) remembers init, whose pidfd it is, and reaps the stage   -
//   (enter_user)       ←   ids_mapped: (user namespace) its maps are written, and what needs the host's privilege is
//                          done by pid: raised limits, owners of 0, 1 and 2
//   (make_devices)     ←   cgroups_set: they have all their settings
//                          these are said without being asked: the child has other work until then, and would have to
//                          wake the parent up (70 µs)
//   enter_payload      →   puts it into the cgroup below the container's own that is its program's   done
//   write_time_offsets →   (user namespace) of the child's new time namespace                 done
//   move_netdevs + fd  →   moves the host's network devices into the namespace that the socket  done
//                          (kernel::open_rtnetlink) speaks for
//   open_source(i) + fd →  a directory or file that the owner of the user namespace may not   done + fd
//                          reach, opened below the child's own root (which the descriptor is):
//                          so all that is locked there stays locked; i: of the mount, -1: the root
//   open_mount(i)      →   makes what mounts[i] of the plan mounts, its ids mapped            done + fd
//   map_mount(i) + fd  →   (user namespace) maps the ids of what the child has made itself    done
//   open_devices       →   (user namespace) makes the nodes of linux.devices                 done + fd
//   terminal + fd      →   keeps the master of the pty, or hands it to the console socket     done
//   run_hooks          →   runs the prestart and createRuntime hooks                          done
//   set_priorities     →   (user namespace) scheduler and I/O priority, which ask for the host's privilege and      done
//                          for what the cgroups, that are entered by now, have for them
//   last_settings      →   (only if there are some) memory limits so tight that init could hit them        done
//   ready              →   (create) pid file and state are written: the container is created  done (create returns)
//   executing          →   (run) the same; end of file follows when execve has closed it      -
//                          beside it, from a process that will be under a filter: the file of its last words
//   listener + fd      →   gives the filter's listener to the seccomp agent                   done
//   failed             →   throws the child's error, and rolls back                           -
//   and at the gate: go (from start); executing, listener or failed (from init)
//
// End of file is success only after the word `executing`; without it the child died. The socket is SEQPACKET and
// CLOEXEC. A failure carries errno, the call and the trail since the clone, cut to a fixed length.
#pragma once
#include "orlop/base/error.hpp"
#include "orlop/base/fd.hpp"

#include <cstdint>
#include <exception>
#include <unistd.h>

namespace orlop::launch {

enum class Word : std::uint8_t {
  end_of_file,
  cgroups_made,
  forked,
  ids_mapped,
  cgroups_set,
  enter_payload,
  write_time_offsets,
  move_netdevs,
  open_source,
  open_mount,
  map_mount,
  open_devices,
  terminal,
  run_hooks,
  set_priorities,
  last_settings,
  ready,
  executing,
  listener,
  failed,
  done,
  go,
};

struct Message {
  Word word = Word::end_of_file;
  std::int32_t code = 0;   // errno of a failure
  std::int32_t index = 0;  // of the thing in its list of the plan, where the word is about one
  // Text only in a failure; each ends with a NUL.
  char call[1024], trail[512], hint[256];
};

struct Heard {
  Message message;
  Fd fd;
};

// False: the peer is gone.
bool say(int channel, Word word, int fd = -1, std::int32_t index = 0);
void say_failure(int channel, Error const& error) noexcept;
// The top of a child, which leaves by execve or _exit only: what `body` throws is said into the channel, whichever it is
// by then.
template <typename Body>
[[noreturn]] void run_as_child(int const& channel, Body const& body) noexcept {
  try {
    body();
  } catch (Error const& error) {
    say_failure(channel, error);
  } catch (std::exception const& error) {
    say_failure(channel, Error{0, error.what()});
  }
  _exit(1);
}
// Waits for one message. A word that is cut or unknown is an Error.
Heard hear(int channel);
// The child waits for a word of the parent, and takes the descriptor beside it. Error: the parent is gone.
Fd expect(int channel, Word word);
// The child's question: says the word, waits for `done`. Error: the parent is gone, or answers `failed`.
void ask(int channel, Word word, int fd = -1, std::int32_t index = 0);
// The same where the answer brings a descriptor.
Fd ask_for(int channel, Word word, int fd = -1, std::int32_t index = 0);
// The failure that tells of an error, and the error that a failure tells of.
Message message_of(Error const& error) noexcept;
Error error_of(Message const& message);

}  // namespace orlop::launch

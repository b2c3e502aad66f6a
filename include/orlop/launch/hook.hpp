// Hooks of the runtime-spec (config.md, "POSIX-platform Hooks"): programs that others hang into a container's life.
//
//   kind              run by     when                                  sees              status    on failure
//   prestart          parent     mounts made, root not yet changed     the host          created   the container is undone
//   createRuntime     parent     right behind                          the host          created   the container is undone
//   createContainer   init       right behind                          the container's   created   the container is undone
//                                                                      namespaces, the
//                                                                      host's files
//   startContainer    init       behind the gate                       the container     created   it ends
//   poststart         start/run  the program is executed               the host          running   it is deleted
//   poststop          delete/run everything is removed                 the host          stopped   a warning
//
// What init runs has the rights that it has itself at that place: all of them for createContainer, the container's user
// within its bounding set for startContainer. No lock is held meanwhile: a hook may call orlop for its own container.
#pragma once
#include "orlop/base/fd.hpp"
#include "orlop/container/record.hpp"
#include "orlop/plan/plan.hpp"

#include "oci/state.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

namespace orlop::launch {

// Descriptors of the files that the annotations name; closed where there is none.
struct HookFiles {
  Fd output, errors;
};
HookFiles open_hook_files(plan::HookOutput const& output);

struct HookSetting {
  std::string directory;   // where they begin; empty: where we are
  HookFiles const& files;
  int interruption = -1;   // when this becomes readable the hook is killed, and the Error says so
};

// One list, in its order, up to the first that fails: "hooks.prestart[0] /bin/x: error running
// prestart hook #0: prestart hook failed with exit code 1: …".
void run_hooks(char const* list, std::vector<oci::Hook> const& hooks, oci::State const& state, HookSetting const& setting);

// What is recorded, but for the pid.
oci::State state_of(container::Record const& record, char const* status);
// The state that a kind of hook reads.
oci::State hook_state(plan::Hooks const& hooks, char const* status, pid_t pid);

// With what the record of the container says. A poststop hook that fails is a warning, and the next one is run.
void run_poststart(container::Record const& record, int interruption = -1);
void run_poststop(container::Record const& record) noexcept;

}  // namespace orlop::launch

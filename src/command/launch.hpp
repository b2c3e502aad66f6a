// What create and run have in common: from the command line to a ready container.
#pragma once
#include "bundle.hpp"

#include "orlop/command/command.hpp"
#include "orlop/launch/create.hpp"

#include <memory>
#include <optional>

namespace orlop::command {

// Options that only fit together in some ways, as runc has them.
enum class TerminalUse { to_socket, relayed };

void check_terminal(plan::Plan const& plan, std::string const& socket, TerminalUse use);
// To the log, at its level.
void report_notes(plan::Plan const& plan);

// What the command line, and who has typed it, add to the config.
plan::Request make_request(Context const& context, Arguments const& arguments, std::string const& id);
// Nobody that could make namespaces without one for users.
std::optional<plan::OrdinaryUser> ordinary_caller();

struct Launch {
  Bundle bundle;
  plan::Plan plan;
  launch::Source source;
  launch::CreateOptions options;
  Fd spare;  // of protect_self_exe
};

// Protects the own executable, reads the bundle, makes the plan. Nothing has been made outside yet. `runs`: the program at
// once, not at a later `start`.
Launch prepare_launch(Context const& context, Arguments const& arguments, TerminalUse terminal, bool runs);

// LISTEN_FDS and --preserve-fds: all of the former are open, and the last one of the latter.
plan::Descriptors descriptors_of(Context const& context, Arguments const& arguments);

}  // namespace orlop::command

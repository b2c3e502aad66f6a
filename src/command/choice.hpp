// Which containers a command is meant for: the one of this id, or (--regex) all whose ids match.
#pragma once
#include "orlop/command/command.hpp"

#include <functional>
#include <string>

namespace orlop::command {

// Calls `act` for each of them. Without --regex its error goes on as it is; with it every match is tried, and the first
// error is thrown at the end. No match is no error. Throws Error for an expression that is none.
void for_each_chosen(Context const& context, Arguments const& arguments, std::function<void(std::string const& id)> const& act);

}  // namespace orlop::command

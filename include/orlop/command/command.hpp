// A command: its name, its table of options and what it does. All of them are listed in command_table().
#pragma once
#include "orlop/command/option.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace orlop::command {

// --cgroup-manager, --systemd-cgroup. Of a container that is there, its record says which one it was.
enum class CgroupManager : std::uint8_t { cgroupfs, systemd, disabled };

// What every command gets to know.
struct Context {
  char* const* argv;       // of main, to start again from a protected executable
  std::string state_root;  // empty: the default
  std::string rootless;    // --rootless
  unsigned inherited = 0;  // how many descriptors were open from 3 on, without a gap, when we were started
  CgroupManager cgroup_manager = CgroupManager::cgroupfs;
  std::string root() const;
};

struct Command {
  char const* name;
  char const* usage;    // "[options] ID"
  char const* summary;  // one line
  std::span<Option const> options;
  Order order;
  std::size_t least_words, most_words;
  int (*run)(Context const& context, Arguments const& arguments);
  int failure_status = 1;  // what orlop's own failure exits with: 255 where the program's own 1 must be told from it
};

std::span<Command const> command_table();
std::span<Option const> global_options();
std::string command_help(Command const& command);
std::string global_help();

int completion(Context const& context, Arguments const& arguments);
int create(Context const& context, Arguments const& arguments);
int delete_(Context const& context, Arguments const& arguments);
int events(Context const& context, Arguments const& arguments);
int exec(Context const& context, Arguments const& arguments);
int features(Context const& context, Arguments const& arguments);
int info(Context const& context, Arguments const& arguments);
int kill(Context const& context, Arguments const& arguments);
int list(Context const& context, Arguments const& arguments);
int mounts(Context const& context, Arguments const& arguments);
int pause(Context const& context, Arguments const& arguments);
int plan(Context const& context, Arguments const& arguments);
int ps(Context const& context, Arguments const& arguments);
int resume(Context const& context, Arguments const& arguments);
int run(Context const& context, Arguments const& arguments);
int spec(Context const& context, Arguments const& arguments);
int start(Context const& context, Arguments const& arguments);
int state(Context const& context, Arguments const& arguments);
int update(Context const& context, Arguments const& arguments);

// Standard output, all of it, or an Error (a full disk, a closed pipe).
void print(std::string_view text);

}  // namespace orlop::command

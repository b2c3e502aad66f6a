// A container on disk: STATE_ROOT/ID with state.json, config.json (as it was read at create), resources.json (once they
// were updated), update.json (while they are) and, until `start`, the gate. Claiming is atomic: the directory appears
// with its record inside, by rename(2).
#pragma once
#include "orlop/base/directory.hpp"
#include "orlop/container/record.hpp"
#include "orlop/container/unfinished_update.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>

namespace orlop::container {

// A directory in it that the container sees.
constexpr char notify_directory[] = "notify";
constexpr char notify_name[] = "notify.sock";

class ContainerDir {
public:
  ContainerDir() = default;
  // "container with given ID already exists". Removed again by the destructor, unless committed.
  static ContainerDir claim(std::string const& state_root, Record const& record, std::string_view config);
  // "container does not exist".
  static ContainerDir open(std::string const& state_root, std::string const& id);
  static std::optional<ContainerDir> try_open(std::string const& state_root, std::string const& id);

  ContainerDir(ContainerDir&& other) noexcept;
  ContainerDir& operator=(ContainerDir&& other) noexcept;
  ~ContainerDir();

  Record read_record() const;
  // False: what is left of a removal that was killed half way (a claim has its record from the first moment).
  bool has_record() const;
  void write_record(Record const& record);
  std::string read_config() const;
  // The resources that an update has put in the place of config.json's; nullopt: none has.
  std::optional<std::string> try_read_resources() const;
  void write_resources(std::string_view text);
  // What an update that was killed half way has left; nullopt: none was.
  std::optional<UnfinishedUpdate> try_read_unfinished() const;
  void write_unfinished(UnfinishedUpdate const& update);
  void remove_unfinished() noexcept;
  Directory const& directory() const { return directory_; }

  // One removal or update at a time: waits for another command's; behind a removal has_record() is false. Held until the
  // end of this object; a second call does nothing. flock(2).
  void lock_changes();
  void commit() { mine_ = false; }
  // Takes the directory away; absent is fine, and a later container's directory of the same name is left alone.
  // False: it is still there, or that cannot be told.
  bool remove() noexcept;

private:
  std::optional<bool> is_there() const noexcept;
  std::optional<std::string> try_read(char const* name) const;
  ContainerDir(Directory root, std::string id, Directory directory, bool mine);
  Directory root_;
  std::string id_;
  Directory directory_;
  Fd lock_;
  bool mine_ = false;
  pid_t owner_ = getpid();
};

// Half-made directories of a claim that was killed: gone when their maker is.
void remove_stale_claims(std::string const& state_root, std::string const& id) noexcept;

}  // namespace orlop::container

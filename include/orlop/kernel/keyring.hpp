// The session keyring: keyctl(2), session-keyring(7). Keys of the caller's session (of Kerberos, of encrypted file
// systems) are not for a container. A kernel without keys has none to hide.
#pragma once
#include <string>

namespace orlop::kernel {

// Joins a new session keyring of this name, never one that is there: somebody else could have made it for us. Where a
// stranger's keyring has the name, ours has none. It is gone with the last process that has it.
void new_session_keyring(std::string const& name);

}  // namespace orlop::kernel

// Which kernel parameters belong to a namespace, and so may be a container's: network_namespaces(7), ipc_namespaces(7),
// uts_namespaces(7), user_namespaces(7). All others are the host's.
#include "section.hpp"

#include "orlop/base/text.hpp"
#include "orlop/kernel/namespace.hpp"

#include <algorithm>

namespace orlop::plan {

namespace {

struct Row {
  std::string_view path;  // one that ends with / means all below
  std::uint64_t kind;
  char const* name;
};
constexpr Row rows[] = {
    {"net/", CLONE_NEWNET, "network"},
    {"fs/mqueue/", CLONE_NEWIPC, "ipc"},
    {"kernel/auto_msgmni", CLONE_NEWIPC, "ipc"},
    {"kernel/msg_next_id", CLONE_NEWIPC, "ipc"},
    {"kernel/msgmax", CLONE_NEWIPC, "ipc"},
    {"kernel/msgmnb", CLONE_NEWIPC, "ipc"},
    {"kernel/msgmni", CLONE_NEWIPC, "ipc"},
    {"kernel/sem", CLONE_NEWIPC, "ipc"},
    {"kernel/sem_next_id", CLONE_NEWIPC, "ipc"},
    {"kernel/shm_next_id", CLONE_NEWIPC, "ipc"},
    {"kernel/shm_rmid_forced", CLONE_NEWIPC, "ipc"},
    {"kernel/shmall", CLONE_NEWIPC, "ipc"},
    {"kernel/shmmax", CLONE_NEWIPC, "ipc"},
    {"kernel/shmmni", CLONE_NEWIPC, "ipc"},
    {"kernel/domainname", CLONE_NEWUTS, "uts"},
    {"user/", CLONE_NEWUSER, "user"},
};

std::string place(std::string const& key) { return concat({"linux.sysctl[", json_quoted(key), "]"}); }

// As sysctl(8) reads a key: the separator that comes first is the separator, the other one is part of the names.
std::string path_of(std::string const& key) {
  std::string path = key;
  auto const first = key.find_first_of("./");
  if (first == std::string::npos || key[first] == '/') return path;
  for (char& c : path) c = c == '.' ? '/' : c == '/' ? '.' : c;
  return path;
}

void refuse_odd(std::string const& key, std::string const& path) {
  bool is_odd = path.empty() || path.back() == '/';
  for (auto const part : split(path, '/')) is_odd |= part.empty() || part == "." || part == "..";
  if (is_odd) throw Refusal{place(key), "is no name of a kernel parameter"};
}

Row const* row_of(std::string_view path) {
  for (auto const& row : rows)
    if (row.path.back() == '/' ? path.starts_with(row.path) : path == row.path) return &row;
  return nullptr;
}

void refuse_name(oci::Spec const& spec, std::string const& key, std::string const& path, std::string const& value) {
  if (path == "kernel/hostname") throw Refusal{place(key), "is what the member hostname is for"};
  if (path == "kernel/domainname" && !spec.domainname.empty() && spec.domainname != value)
    throw Refusal{place(key), "contradicts the member domainname"};
}

}  // namespace

void plan_sysctls(oci::Spec const& spec, HostFacts& host, Plan& plan) {
  if (!spec.linux_config) return;
  for (auto const& [key, value] : spec.linux_config->sysctl) {
    std::string path = path_of(key);
    refuse_odd(key, path);
    refuse_name(spec, key, path, value);
    Row const* const row = row_of(path);
    if (!row) throw Refusal{place(key), "belongs to no namespace: it would change the host"};
    if (!plan.namespaces.has(row->kind))
      throw Refusal{place(key), concat({"needs a new ", row->name, " namespace: this one is the host's"})};
    for (auto const& joined : plan.namespaces.joined)
      if (joined.kind == row->kind && host.is_own_namespace(joined.kind, joined.path))
        throw Refusal{place(key), concat({"needs a ", row->name, " namespace of its own: ", joined.path, " is the host's"})};
    for (auto const& earlier : plan.sysctls)
      if (earlier.path == path) throw Refusal{place(key), concat({"is the same as ", earlier.name})};
    plan.sysctls.push_back({key, std::move(path), value});
  }
}

}  // namespace orlop::plan

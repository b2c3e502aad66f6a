"""The smallest policy that SELinux takes: container_t may not read secret_t, and all else is allowed."""

import os
import subprocess

# In the order of the kernel's numbers.
_INITIAL = """kernel security unlabeled fs file file_labels init any_socket port netif netmsg node igmp_packet icmp_socket
    tcp_socket sysctl_modprobe sysctl sysctl_fs sysctl_kernel sysctl_net sysctl_net_unix sysctl_vm sysctl_dev kmod policy
    scmp_packet devnull""".split()
_TYPES = ("host_t", "container_t", "other_t", "file_t", "secret_t", "inside_t")
HOST = "u:r:host_t:s0"
CONTAINER = "u:r:container_t:s0:c0,c1"
OTHER = "u:r:other_t:s0"
SECRET = "u:object_r:secret_t:s0"
INSIDE = "u:object_r:inside_t:s0:c0,c1"


def _text():
    yield "(handleunknown allow) (mls true) (policycap nnp_nosuid_transition)"
    yield "(class process (transition dyntransition)) (class file (read entrypoint)) (class dir ()) (classorder (process file dir))"
    yield "(sensitivity s0) (sensitivityorder (s0)) (category c0) (category c1) (categoryorder (c0 c1))"
    yield "(sensitivitycategory s0 (range c0 c1)) (role r) (role object_r) (user u) (userrole u r) (userrole u object_r)"
    yield "(userlevel u (s0)) (userrange u ((s0) (s0 (range c0 c1))))"
    for name in _TYPES:
        yield "(type %s) (roletype r %s) (roletype object_r %s)" % (name, name, name)
    yield "(sidorder (%s))" % " ".join(_INITIAL)
    for name in _INITIAL:
        context = "r host_t" if name in ("kernel", "init") else "object_r file_t"
        yield "(sid %s) (sidcontext %s (u %s ((s0) (s0))))" % (name, name, context)
    for name in ("tmpfs", "devpts", "mqueue"):
        yield '(fsuse trans "%s" (u object_r file_t ((s0) (s0))))' % name
    for name in ("container_t", "other_t"):
        yield "(allow host_t %s (process (transition)))" % name
    # A process is a file, too, in /proc.
    for process in ("host_t", "container_t", "other_t"):
        for name in _TYPES:
            if (process, name) != ("container_t", "secret_t"):
                yield "(allow %s %s (file (read entrypoint)))" % (process, name)


def load(directory):
    """By the kernel of this machine: for a guest that ends with the test. Enforcing from then on."""
    source, binary = os.path.join(directory, "policy.cil"), os.path.join(directory, "policy")
    with open(source, "w") as file:
        file.write("\n".join(_text()))
    subprocess.run(["secilc", "-c", "33", "-o", binary, "-f", os.devnull, source], check=True)
    with open(binary, "rb") as file:
        policy = file.read()
    if not os.path.exists("/sys/fs/selinux/load"):
        subprocess.run(["mount", "-t", "selinuxfs", "selinuxfs", "/sys/fs/selinux"], check=True)
    for name, data in (("load", policy), ("enforce", b"1")):
        file = os.open("/sys/fs/selinux/" + name, os.O_WRONLY)
        os.write(file, data)
        os.close(file)

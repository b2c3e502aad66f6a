"""Podman: what its tests as root, as an ordinary user and with systemd have in common. conmon calls orlop for every
container."""

import os
import resource
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cli  # noqa: E402
import engine  # noqa: E402
from cli import QUIET  # noqa: E402
from engine import RUNTIME, path  # noqa: E402

IMAGE = "localhost/bb:1"
INFRA = "localhost/infra:1"
NAME = os.path.basename(RUNTIME or "orlop")
# Root of a test machine may not be able to raise limits, as Podman's own defaults want.
CONFIG = """
[engine]
cgroup_manager = "%(manager)s"
events_logger = "file"
runtime = "%(name)s"
runtime_supports_json = ["%(name)s"]
runtime_supports_nocgroup = ["%(name)s"]
init_path = "/usr/bin/tini-static"
infra_image = "%(infra)s"
[engine.runtimes]
%(name)s = ["%(runtime)s"]
[containers]
log_driver = "k8s-file"
default_ulimits = ["nofile=20000:20000", "nproc=%(processes)d:%(processes)d"]
%(more)s
[network]
network_backend = "netavark"
network_config_dir = "%(networks)s"
"""


def processes():
    """No more than what an ordinary user of a small machine has."""
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    return 30000 if hard == resource.RLIM_INFINITY else min(30000, hard)


class Podman(engine.Engine):
    """`argv` is the kind's own."""

    needs = ("podman", "conmon", "iptables")
    manager = "cgroupfs"
    image = IMAGE
    at_once = ("--time", "0")

    def __init__(self, runtime=RUNTIME, more="", home="p"):
        seccomp = "" if engine.has_seccomp() else 'seccomp_profile = "unconfined"\n'
        with open(path("containers.conf"), "w") as file:
            file.write(CONFIG % {"name": NAME, "infra": INFRA, "runtime": runtime, "networks": path(home, "networks"),
                                 "manager": self.manager, "processes": processes(), "more": seccomp + more})
        os.chmod(path("containers.conf"), 0o644)
        self.env = {"CONTAINERS_CONF": path("containers.conf"), "TMPDIR": path(), "HOME": path()}

    def import_images(self):
        for name, change in ((IMAGE, "CMD /bin/sh"), (INFRA, "ENTRYPOINT [\"/bin/sleep\", \"100000\"]")):
            result = self.call("import", "--change", change, engine.root_archive(), name)
            assert result.status == 0, str(result)

    def call(self, *words, **how):
        return engine.call(*self.argv(*words), env=self.env, **how)

    def remove_all(self):
        self.call("pod", "rm", "--all", "--force", "--time", "0")
        self.call("rm", "--all", "--force", "--time", "0")

    def stop(self):
        self.remove_all()
        self.call("system", "reset", "--force")


class Health(cli.CliCase):
    def test_health(self):
        """The program that asks is an exec; without systemd's timers Podman has it asked by hand."""
        name = self.sleeper("--health-cmd", "cat /well", "--health-interval", "disable", "--health-retries", "1")
        self.fails(1, "healthcheck", "run", name)
        self.assertEqual(self.inspect(name, ".State.Health.Status"), "unhealthy")
        self.ok("exec", name, "touch", "/well")
        self.quiet("healthcheck", "run", name)
        self.assertEqual(self.inspect(name, ".State.Health.Status"), "healthy")
        self.remove(name)


class Pod(cli.CliCase):
    def make_pod(self, *options):
        pod = self.new_id()
        number = self.ok("pod", "create", *QUIET, "--name", pod, *options).strip()
        # The pod's cgroup is Podman's to remove, and it does so only in the hierarchies of controllers, with any runtime.
        self.engine.cgroup_parents += ("/" + number,)
        return pod

    def test_pod(self):
        pod, first = self.make_pod(), self.new_id()
        self.ok("run", "--detach", "--pod", pod, "--name", first, IMAGE, "httpd", "-f", "-p", "8080", "-h", "/etc")
        text = self.ok("run", "--rm", "--pod", pod, IMAGE, "sh", "-c", "for i in net ipc uts; do readlink /proc/self/ns/$i; done; "
                       "wget -q -O - http://127.0.0.1:8080/group")
        shared = self.ok("exec", first, "sh", "-c", "for i in net ipc uts; do readlink /proc/self/ns/$i; done")
        self.assertEqual(text.splitlines()[:3], shared.splitlines())
        self.assertIn("sailor", text)
        self.pause_pod(pod)
        self.ok("pod", "rm", "--force", "--time", "0", pod)

    def pause_pod(self, pod):
        self.ok("pod", "pause", pod)
        self.ok("pod", "unpause", pod)


class UserNamespaces(cli.CliCase):
    def map_of(self, *options):
        return self.run_in("cat", "/proc/self/uid_map", options=(*QUIET, *options)).split()

    def test_automatic_user_namespace(self):
        """Root's are from the range of a user "containers", an ordinary user's from its own."""
        inside, outside, size = self.map_of("--userns", "auto")
        self.assertEqual(inside, "0")
        self.assertNotEqual(outside, "0")
        self.assertGreaterEqual(int(size), 1024)

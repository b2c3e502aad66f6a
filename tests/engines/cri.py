#!/usr/bin/python3
"""containerd as kubernetes drives it: pods by the Container Runtime Interface, orlop named in config.toml."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cri_client  # noqa: E402
import engine  # noqa: E402
from engine import RUNTIME, TAG, EngineCase, path  # noqa: E402
from harness import cgroup, program  # noqa: E402

IMAGE = "localhost/bb:1"
INFRA = "localhost/infra:1"
CONFIG = """
version = 2
root = "%(dir)s/root"
state = "%(dir)s/state"
[grpc]
  address = "%(dir)s/c.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "%(image)s"
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "orlop"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.orlop]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.orlop.options]
        BinaryName = "%(runtime)s"
        Root = "%(state)s"
        SystemdCgroup = %(systemd)s
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "%(dir)s/none"
    conf_dir = "%(dir)s/none"
"""
NODE = 2  # a namespace mode: the host's
EXITED = 2


class Cri(engine.Engine):
    needs = ("containerd", "containerd-shim-runc-v2", "ctr", "curl")
    env = {}
    systemd = False
    parent = "/" + TAG
    namespace = "k8s.io"

    def __init__(self):
        os.mkdir(path("cri"))
        self.socket = path("cri", "c.sock")
        with open(path("cri", "config.toml"), "w") as file:
            file.write(CONFIG % {"dir": path("cri"), "image": INFRA, "runtime": RUNTIME, "state": path("cri-runc"),
                                 "systemd": str(self.systemd).lower()})
        self.cgroup_parents = (self.parent,)
        self.state_roots = (path("cri-runc", self.namespace),)
        self.client = cri_client.Client(self.socket, engine.CALL_SECONDS)
        self.pods = {}
        self.daemon = engine.Daemon("cri", ["containerd", "--config", path("cri", "config.toml")], self.is_ready)
        for name, command in ((IMAGE, ("/bin/sh",)), (INFRA, ("/bin/sleep", "100000"))):
            result = engine.call("ctr", "--address", self.socket, "--namespace", self.namespace, "images", "import",
                                 engine.image_archive(name, command))
            assert result.status == 0, str(result)

    def is_ready(self):
        try:
            return self.client.call("Version")[2] == b"containerd"
        except cri_client.Refused:
            return False

    def remove_pod(self, pod):
        self.client.call("StopPodSandbox", {1: pod})
        self.client.call("RemovePodSandbox", {1: pod})
        del self.pods[pod]

    def remove_all(self):
        for pod in list(self.pods):
            self.remove_pod(pod)

    def stop(self):
        self.remove_all()
        self.daemon.stop()


class CriCase(EngineCase):
    def ask(self, method, message):
        return self.engine.client.call(method, message)

    def start_pod(self):
        """In the host's network: there are no plug-ins here that would make one."""
        name = self.new_id()
        config = {1: {1: name, 2: name, 3: "default"}, 3: path("cri"),
                  8: {1: self.engine.parent, 2: {1: {1: NODE}}}}
        pod = self.ask("RunPodSandbox", {1: config})[1].decode()
        self.engine.pods[pod] = config
        return pod

    def start(self, pod, *words, resources=None):
        """A container of the pod; `resources` are its LinuxContainerResources."""
        name = self.new_id()
        config = {1: {1: name}, 2: {1: IMAGE}, 3: list(words), 11: name + ".log"}
        if resources:
            config[15] = {1: resources}
        made = self.ask("CreateContainer", {1: pod, 2: config, 3: self.engine.pods[pod]})[1].decode()
        self.ask("StartContainer", {1: made})
        return made, path("cri", name + ".log")

    def status(self, name):
        return cri_client.decode(self.ask("ContainerStatus", {1: name})[1])

    def wait(self, name):
        """Its exit code."""
        program.until(lambda: self.status(name).get(3) == EXITED, "it has ended", 20)
        return self.status(name).get(7, 0)

    def execute(self, name, *words):
        answer = self.ask("ExecSync", {1: name, 2: list(words), 3: 20})
        return answer.get(3, 0), answer.get(1, b"").decode()

    def cgroup_of(self, name):
        """The directory of a hierarchy that has memory, or of version 2."""
        found = [each for each in cgroup.directories() if name in each]
        self.assertTrue(found)
        return next((each for each in found if "/memory/" in each), found[0])


class Pods(CriCase):
    def test_a_pod_with_two_containers(self):
        pod = self.start_pod()
        first, log = self.start(pod, "sh", "-c", "echo hello; exec sleep 1000")
        second, _ = self.start(pod, "sh", "-c", "exit 3")
        self.assertEqual(self.wait(second), 3)
        program.until(lambda: os.path.exists(log) and "hello" in open(log).read(), "the log has its output")
        self.assertEqual(self.execute(first, "sh", "-c", "echo in; exit 7"), (7, "in\n"))
        self.assertIn("sleep", self.execute(first, "ps")[1])
        self.ask("StopContainer", {1: first, 2: 0})
        self.assertEqual(self.wait(first), 137)
        self.ask("RemoveContainer", {1: first})
        with self.assertRaisesRegex(cri_client.Refused, "not found"):
            self.status(first)

    def test_a_program_that_is_not_there(self):
        pod = self.start_pod()
        with self.assertRaisesRegex(cri_client.Refused, "executable file not found"):
            self.start(pod, "nosuch")

    def test_limits_and_update(self):
        pod = self.start_pod()
        name, _ = self.start(pod, "sleep", "1000", resources={4: 64 << 20})
        directory = self.cgroup_of(name)
        files = ("memory.max", "memory.limit_in_bytes")
        file = next(file for file in files if os.path.exists(os.path.join(directory, file)))

        def limit():
            with open(os.path.join(directory, file)) as found:
                return int(found.read())
        self.assertEqual(limit(), 64 << 20)
        self.ask("UpdateContainerResources", {1: name, 2: {4: 96 << 20}})
        self.assertEqual(limit(), 96 << 20)

    def test_what_stays_behind_is_cleaned(self):
        pod = self.start_pod()
        self.start(pod, "sh", "-c", "trap '' TERM; while true; do sleep 1; done")
        self.engine.remove_pod(pod)
        self.assertEqual([each for each in cgroup.directories() if pod in each], [])


if __name__ == "__main__":
    engine.main(Cri)

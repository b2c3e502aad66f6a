"""What the tests of the engines have in common: a place of their own, daemons, an image, calls with a time limit.

Before anything else the program enters mount and network namespaces of its own, with its own /run. So the engines see no
other engine of this machine, and their interfaces, iptables rules, sockets and mounts end with the program. RUNTIME in the
environment names another runtime (RUNTIME=runc), to tell orlop's faults from the machine's limits.
"""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import cgroup, kernel, program, reaper, runner, settings  # noqa: E402
from harness.terminal import Session  # noqa: E402

RUNTIME = shutil.which(os.environ.get("RUNTIME", settings.ORLOP))
# In the names of cgroups and containers. Of the process that began: it lives as long as the program.
TAG = settings.TAG
CALL_SECONDS = 60 * settings.PATIENCE
DAEMON_SECONDS = 40
CLONE_NEWNET = 0x40000000
# Written to by engines wherever their own directories are.
PRIVATE = ("/run", "/var/lib/cni", "/var/lib/containers", "/var/lib/docker", "/etc/cni", "/etc/containers/networks",
           "/etc/docker")
APPLETS = ("cat", "chown", "echo", "env", "false", "grep", "head", "hostname", "httpd", "id", "ip", "ls", "mkdir", "mount", "mv",
           "nc", "ps", "readlink", "rm", "sh", "sleep", "stat", "stty", "sync", "touch", "true", "tty", "umount", "wget")

_directory = []


def directory():
    """Of this program: removed when it ends."""
    if not _directory:
        _directory.append(tempfile.mkdtemp(prefix="orlop-engine-"))
        os.chmod(_directory[0], 0o755)
    return _directory[0]


def path(*words):
    return os.path.join(directory(), *words)


def orlop_has(command):
    """Whether the runtime knows the command; other runtimes do."""
    return program.run([RUNTIME, command, "--help"]).status == 0


def needs(command):
    """A test that an orlop without that command skips."""
    return unittest.skipUnless(RUNTIME and orlop_has(command), "no command %s in this version" % command)


def has_seccomp():
    """Whether the runtime takes the engines' default seccomp profiles."""
    if os.path.basename(RUNTIME) != "orlop":
        return True
    return bool(json.loads(program.run([RUNTIME, "features"]).stdout).get("linux", {}).get("seccomp", {}).get("enabled"))


# ---- the place ----
def _private_directories():
    for place in PRIVATE:
        if os.path.isdir(place):
            kernel.mount("tmpfs", place, "tmpfs", 0, "mode=755")
    for name in ("/run/lock", "/run/user"):
        os.makedirs(name, exist_ok=True)


def _enter():
    kernel.unshare(kernel.CLONE_NEWNS | CLONE_NEWNET)
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_SHARED)
    _private_directories()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True, timeout=10)


def replace_file(target, content):
    """For this program and its children: a file of the machine's, which stays as it is."""
    own = path(os.path.basename(target))
    with open(own, "w") as file:
        file.write(content)
    os.chmod(own, 0o644)
    kernel.mount(own, target, None, kernel.MS_BIND)


def cgroups_left():
    """Cgroups of this program, deepest first."""
    return sorted((each for each in cgroup.directories() if TAG in each), reverse=True)


def remove_empty_cgroups():
    """The parents that engines make for their containers and leave behind, with any runtime."""
    for each in cgroups_left():
        try:
            os.rmdir(each)
        except OSError:
            pass


# ---- programs ----
def call(*argv, timeout=CALL_SECONDS, env=None, **how):
    return program.run(list(argv), timeout=timeout, env=program.environment(**(env or {})), **how)


class Daemon:
    """Started with its output in a file, stopped by SIGTERM, else by SIGKILL."""

    def __init__(self, name, argv, is_ready, env=None):
        self.log = path(name + ".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                            env=program.environment(**(env or {})))
        try:
            program.until(lambda: self._is_up(is_ready), name + " answers", DAEMON_SECONDS, 0.1)
        except AssertionError as error:
            self.stop()
            raise AssertionError("%s\n%s" % (error, self.tail()))

    def _is_up(self, is_ready):
        assert self.process.poll() is None, "it ended with %s" % self.process.poll()
        with contextlib.suppress(AssertionError):  # no answer in time
            return is_ready()
        return False

    def tail(self):
        with open(self.log, errors="replace") as file:
            return file.read()[-3000:]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            program.end_group(self.process)


def read_url(url):
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return answer.read()
    except OSError:
        return b""


# ---- images ----
def root_directory():
    """A root file system of busybox."""
    root = path("img")
    if not os.path.isdir(root):
        for name in ("bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "var"):
            os.makedirs(os.path.join(root, name))
        os.chmod(os.path.join(root, "tmp"), 0o1777)
        shutil.copy(settings.BUSYBOX, os.path.join(root, "bin", "busybox"))
        for name in APPLETS:
            os.symlink("busybox", os.path.join(root, "bin", name))
        with open(os.path.join(root, "etc", "passwd"), "w") as file:
            file.write("root:x:0:0:root:/root:/bin/sh\nsailor:x:1000:1000::/tmp:/bin/sh\n")
        with open(os.path.join(root, "etc", "group"), "w") as file:
            file.write("root:x:0:\nsailor:x:1000:\ncrew:x:2000:sailor\n")
    return root


def root_archive():
    """The same as a tar file, for import."""
    archive = path("root.tar")
    if not os.path.exists(archive):
        with tarfile.open(archive, "w") as tar:
            tar.add(root_directory(), arcname=".")
    return archive


def _digest(data):
    return hashlib.sha256(data).hexdigest()


def image_archive(name, command=("/bin/sh",)):
    """An image as `docker save` writes one: layer, configuration, manifest."""
    with open(root_archive(), "rb") as file:
        layer = file.read()
    config = json.dumps({
        "architecture": "amd64" if os.uname().machine == "x86_64" else "arm64", "os": "linux",
        "config": {"Env": ["PATH=/bin"], "Cmd": list(command)},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + _digest(layer)]},
        "history": [{"created": "2026-01-01T00:00:00Z"}], "created": "2026-01-01T00:00:00Z",
    }).encode()
    manifest = [{"Config": _digest(config) + ".json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    place = path("image")
    os.makedirs(place, exist_ok=True)
    for file, data in ((_digest(config) + ".json", config), ("layer.tar", layer),
                       ("manifest.json", json.dumps(manifest).encode())):
        with open(os.path.join(place, file), "wb") as out:
            out.write(data)
    with tarfile.open(path("image.tar"), "w") as tar:
        for file in sorted(os.listdir(place)):
            tar.add(os.path.join(place, file), arcname=file)
    return path("image.tar")


# ---- the tests ----
def command_of(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            return file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""


class Engine:
    """What a kind of engine says of itself, besides `needs`, `env`, `argv`, `call`, `remove_all` and `stop`."""

    in_guest = False  # the whole machine is this program's
    cgroup_parents = ()  # ends of cgroups that stay
    own_mounts = ()
    state_roots = ()


class EngineCase(unittest.TestCase):
    """`engine` is started once for the program. After each test its containers are removed, and no process, cgroup, mount
    or state of them may be left."""

    engine = None
    maxDiff = None
    seconds = 120

    def setUp(self):
        self.number = 0
        self.before = self._traces()
        self.addCleanup(self._leave)

    def new_id(self):
        self.number += 1
        return "%s-%s-%d" % (TAG, self._testMethodName[5:25].strip("_").replace("_", "-"), self.number)

    def _traces(self):
        with open("/proc/self/mountinfo") as file:
            found = {"mount " + line.split()[4] for line in file if line.split()[4] not in self.engine.own_mounts}
        for place in self.engine.state_roots:
            names = os.listdir(place) if os.path.isdir(place) else []
            found |= {"state " + name for name in names if not name.startswith(".")}
        found |= {"cgroup " + each for each in cgroups_left() if not each.endswith(self.engine.cgroup_parents)}
        pids = [pid for pid in reaper.descendants(os.getppid()) if pid != os.getpid() and program.alive(pid)]
        return found | {"process %d %s" % (pid, command_of(pid)) for pid in pids}

    def _leave(self):
        self.engine.remove_all()
        try:
            program.until(lambda: not self._traces() - self.before, "nothing is left", 5, 0.05)
        except AssertionError:
            raise AssertionError("left behind:\n  " + "\n  ".join(sorted(self._traces() - self.before)))

    def file_of(self, name, controller, file):
        """A file of the container's cgroup. `pid_of` is the engine's."""
        own = cgroup.own(self.pid_of(name))
        for key, target in cgroup.hierarchies().items():
            if controller in key.split(","):
                with open(target + own[key] + "/" + file) as found:
                    return found.read().strip()
        self.skipTest("no v1 hierarchy of " + controller)

    def call(self, *words, **how):
        return self.engine.call(*words, **how)

    def ok(self, *words, **how):
        result = self.call(*words, **how)
        self.assertEqual(result.status, 0, str(result))
        return result.stdout

    def quiet(self, *words, **how):
        """Succeeds without a word on stderr."""
        result = self.call(*words, **how)
        self.assertEqual((result.status, result.stderr), (0, ""), str(result))
        return result.stdout

    def fails(self, status, *words, **how):
        result = self.call(*words, **how)
        self.assertEqual(result.status, status, str(result))
        return result.stderr

    def terminal(self, *words):
        session = Session(self.engine.argv(*words), env=program.environment(**self.engine.env))
        self.addCleanup(session.close)
        return session


def _unmount_below(place):
    """What an engine keeps mounted: its own directory over itself."""
    with open("/proc/self/mountinfo") as file:
        points = [line.split()[4] for line in file]
    for point in sorted(points, reverse=True):
        if point.startswith(place + "/"):
            kernel.unmount(point)


@contextlib.contextmanager
def _running(engine_type):
    if not engine_type.in_guest:
        _enter()
    try:
        EngineCase.engine = engine_type()
        yield
    finally:
        if EngineCase.engine:
            EngineCase.engine.stop()
        remove_empty_cgroups()
        _unmount_below(directory())
        shutil.rmtree(directory(), ignore_errors=True)


def main(engine_type):
    """The program: what the engine consists of must be there, else all of it is a skip."""
    missing = [name for name in engine_type.needs if not shutil.which(name)]
    if missing:
        print("skip %s: not installed: %s" % (os.path.basename(sys.argv[0]), ", ".join(missing)))
        print("0 passed, 0 failed, 1 skipped")
        return
    runner.main(lambda: _running(engine_type), needs_root=not engine_type.in_guest)

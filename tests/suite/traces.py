"""What a test program must not leave on the machine."""

import os
import re
import shutil
import signal
import tempfile
import time

from harness import cgroup, program, reaper

PATIENCE_SECONDS = 2.0
# The names that the harness and the bench give to what they make, with the pid of the maker inside.
OURS = re.compile(r"(?:^|/)(?:ot|orlop-bench-)(\d+)")
STATE_ROOT = "/run/orlop"
TEMPORARY = re.compile(r"orlop-test-(\d+)-")


_spared = set()


def spare(pid):
    """A child of ours that is to live on, with its children, when a test program has ended."""
    _spared.add(pid)


def _children():
    return [pid for pid in reaper.children(os.getpid()) if pid not in _spared]


def _reap():
    for pid in _children():
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass


def _command(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            return "%d %s" % (pid, file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip())
    except OSError:
        return str(pid)


def _living():
    _reap()
    below = [pid for child in _children() for pid in (child, *reaper.descendants(child))]
    return [pid for pid in below if program.alive(pid)]


def _kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def end_descendants():
    """Every process below us, after a moment in which it may end by itself. Returns what had to be killed."""
    end = time.monotonic() + PATIENCE_SECONDS
    while _living() and time.monotonic() < end:
        time.sleep(0.02)
    left = [_command(pid) for pid in _living()]
    while pids := _living():
        _kill(pids)
        time.sleep(0.01)
    return left


def end_all():
    """Those that were spared, too."""
    _spared.clear()
    end_descendants()


def _mounts():
    """Where tests mount: the machine may mount a disk of its own meanwhile."""
    places = (os.environ["TMPDIR"], "/sys/fs/cgroup", STATE_ROOT)
    with open("/proc/self/mountinfo") as file:
        points = [line.split()[4] for line in file]
    return {"mount " + point for point in points if point.startswith(places)}


def _is_orphan(path):
    """A cgroup of a test that is not running: others may be testing here at the same time."""
    found = OURS.search(path)
    return found and not program.alive(int(found.group(1)))


def _names(path):
    return {"%s/%s" % (path, name) for name in os.listdir(path)} if os.path.isdir(path) else set()


def find():
    cgroups = {"cgroup " + path for path in cgroup.directories() if _is_orphan(path)}
    return cgroups | _mounts() | _names(STATE_ROOT) | _names(os.environ["TMPDIR"])


def left_since(before):
    return sorted(find() - before)


def _end_cgroup(path):
    try:
        with open(os.path.join(path, "cgroup.procs")) as file:
            _kill([pid for pid in map(int, file) if pid])  # 0: of a pid namespace that is not below ours
    except OSError:
        pass
    cgroup.remove(path)


def sweep():
    """Removes what earlier runs left that were killed: their makers are gone, so nobody else will."""
    for path in sorted(filter(_is_orphan, cgroup.directories()), reverse=True):
        _end_cgroup(path)
    base = tempfile.gettempdir()
    for name in os.listdir(base):
        found = TEMPORARY.match(name)
        if found and not program.alive(int(found.group(1))):
            shutil.rmtree(os.path.join(base, name), ignore_errors=True)


def make_directory():
    """Where all programs make their temporary files; containers' users may look into it."""
    directory = tempfile.mkdtemp(prefix="orlop-test-%d-" % os.getpid())
    os.chmod(directory, 0o755)
    return directory

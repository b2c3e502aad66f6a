"""Runs a program with captured output and a time limit: no call of a test can hang."""

import os
import select
import signal
import subprocess
import tempfile
import time

from . import settings


class Result:
    """How a program ended. Its output is read again on every access: a container may still be writing to it."""

    def __init__(self, argv, status, stdout, stderr, seconds):
        self.argv = argv
        self.status = status
        self.seconds = seconds
        self._stdout = stdout
        self._stderr = stderr

    @property
    def stdout(self):
        return _content(self._stdout).decode("utf-8", "surrogateescape")

    @property
    def stderr(self):
        return _content(self._stderr).decode("utf-8", "surrogateescape")

    def __str__(self):
        return "%s\nstatus %s\nstdout: %s\nstderr: %s" % (
            " ".join(self.argv), self.status, self.stdout[-3000:], self.stderr[-3000:])


def _content(file):
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0) if size else b""


def environment(**changes):
    """The caller's environment without what a service manager or an engine put there. None removes a variable."""
    values = dict(os.environ)
    for name in ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "XDG_RUNTIME_DIR"):
        values.pop(name, None)
    for name, value in changes.items():
        values.pop(name, None)
        if value is not None:
            values[name] = value
    return values


def _stdin(data):
    if data is None:
        return open(os.devnull, "rb")
    file = tempfile.TemporaryFile()
    file.write(data)
    file.seek(0)
    return file


def end_group(process):
    """SIGKILL to the process and all of its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait(5)


def wait(process, timeout):
    """The status of a Popen. Its own wait() with a time limit looks again after up to 50 ms, which is long for our calls."""
    descriptor = os.pidfd_open(process.pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(timeout * 1000):
            raise subprocess.TimeoutExpired(process.args, timeout)
    finally:
        os.close(descriptor)
    return process.wait()


def run(argv, data=None, timeout=settings.CALL_SECONDS, cwd=None, env=None, pass_fds=(), before=None):
    """Waits for the program alone, not for those that inherit its output: it goes to files, not to pipes."""
    stdout = tempfile.TemporaryFile()
    stderr = tempfile.TemporaryFile()
    begin = time.monotonic()
    with _stdin(data) as stdin:
        process = subprocess.Popen(
            argv, stdin=stdin, stdout=stdout, stderr=stderr, cwd=cwd, env=env or environment(),
            pass_fds=pass_fds, preexec_fn=before, start_new_session=True)
    try:
        status = wait(process, timeout)
    except subprocess.TimeoutExpired:
        end_group(process)
        raise AssertionError("no end after %g s: %s" % (timeout, Result(argv, None, stdout, stderr, timeout)))
    return Result(argv, status, stdout, stderr, time.monotonic() - begin)


def until(question, what, timeout=10.0, pause=0.01):
    """Asks again and again until the answer is true, and returns the answer."""
    end = time.monotonic() + timeout * settings.PATIENCE
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError("not within %g s: %s" % (timeout, what))
        time.sleep(pause)


def alive(pid):
    """Whether the process exists and is no zombie."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (OSError, IndexError):
        return False

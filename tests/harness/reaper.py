"""A parent that reaps at once. PID 1 of a test machine may take seconds, and a zombie init looks like a running one."""

import os
import signal
import sys

from . import kernel


def children(pid):
    """Those of its main thread, living or dead."""
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def descendants(pid):
    """Every live or dead process below pid."""
    found = []
    waiting = children(pid)
    while waiting:
        child = waiting.pop()
        found.append(child)
        waiting += children(child)
    return found


def _end_orphans():
    """Kills what the main child left to us, so that no test program leaves a process on the machine."""
    for _ in range(1000):
        for pid in descendants(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _serve(main):
    def forward(number, _frame):
        try:
            os.kill(main, number)
        except ProcessLookupError:
            pass

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, forward)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == main:
            break
    _end_orphans()
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def split():
    """Forks. The child returns and does the work; the parent reaps until the child ends, then exits with its status."""
    sys.stdout.flush()
    sys.stderr.flush()
    kernel.adopt_orphans()
    main = os.fork()
    if main == 0:
        kernel.adopt_orphans(False)
        return
    os._exit(_serve(main))

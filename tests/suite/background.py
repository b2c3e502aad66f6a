"""Programs that run beside the others, in the time that these spend waiting: the other builds, and the fuzzer.

They run one after another in a process of the lowest priority, which leaves the output and the exit status of each in
files.
"""

import os
import signal
import subprocess
import time
import traceback


def execute(program, log, session=True):
    """Its exit status. The output goes to a file, so that nobody who inherits it can keep us waiting."""
    argv = ["timeout", "--kill-after=15", str(program.seconds), *program.argv]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                          env={**os.environ, **program.env}, cwd=program.cwd, start_new_session=session).returncode


def _lower_priority():
    """Of this session, and in it: where the kernel groups processes by session, a niceness counts only within the group."""
    os.setsid()
    os.nice(19)
    try:
        with open("/proc/self/autogroup", "w") as file:
            file.write("19")
    except OSError:
        pass


class Background:
    def __init__(self, programs, logs):
        self._logs = logs
        self._waiting = {program.name for program in programs}
        self.pid = os.fork()
        if self.pid == 0:
            self._serve(programs)

    def _serve(self, programs):
        """In the child, which must not clean up in its parent's place."""
        try:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            _lower_priority()
            for program in programs:
                self._run(program)
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(0)

    def _run(self, program):
        begin = time.monotonic()
        with open(self._path(program, ".log"), "wb") as log:
            status = execute(program, log, session=False)
        with open(self._path(program, ".new"), "w") as file:
            file.write("%d %f" % (status, time.monotonic() - begin))
        os.rename(file.name, self._path(program, ".done"))

    def _path(self, program, kind):
        return os.path.join(self._logs, program.file_name() + kind)

    def _is_over(self):
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def take(self, program):
        """Exit status, output and seconds of a program that has been begun here, when it has ended. None: it runs in the
        foreground, as what has failed here and is tried again does."""
        if program.name not in self._waiting:
            return None
        self._waiting.remove(program.name)
        done = self._path(program, ".done")
        while not os.path.exists(done):
            if self._is_over() and not os.path.exists(done):
                return None
            time.sleep(0.1)
        with open(done) as file:
            status, seconds = file.read().split()
        os.unlink(done)
        with open(self._path(program, ".log"), "rb") as log:
            return int(status), log.read(), float(seconds)

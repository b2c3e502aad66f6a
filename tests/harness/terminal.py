"""A terminal as a person has one: a pty whose other side the test reads and types on."""

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import termios
import time

from . import program, settings


def set_size(handle, rows, columns):
    fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def size(handle):
    return struct.unpack("HHHH", fcntl.ioctl(handle, termios.TIOCGWINSZ, b"\0" * 8))[:2]


class Terminal:
    """The master side. Everything that was read stays in .seen."""

    def __init__(self, master):
        self.master = master
        self.seen = b""
        os.set_blocking(master, False)

    def type(self, data):
        """Writes all, reading meanwhile: a full pty would otherwise block both sides."""
        rest = data if isinstance(data, bytes) else data.encode()
        end = time.monotonic() + settings.CALL_SECONDS
        while rest:
            assert time.monotonic() < end, "the terminal takes no more input"
            self.read_some(0)
            try:
                rest = rest[os.write(self.master, rest):]
            except BlockingIOError:
                time.sleep(0.005)

    def read_some(self, timeout):
        """False at the end: nobody has the other side open any more."""
        ready, _, _ = select.select([self.master], [], [], timeout)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.seen += data
        return bool(data)

    def read_until(self, text, timeout=10.0):
        """Reads until the text has come since the last call; returns what came up to its end."""
        wanted = text if isinstance(text, bytes) else text.encode()
        end = time.monotonic() + timeout
        while wanted not in self.seen:
            assert time.monotonic() < end, "not seen: %r in %r" % (wanted, self.seen[-2000:])
            if not self.read_some(0.1) and wanted not in self.seen:
                raise AssertionError("the terminal closed before %r: %r" % (wanted, self.seen[-2000:]))
        cut = self.seen.index(wanted) + len(wanted)
        taken, self.seen = self.seen[:cut], self.seen[cut:]
        return taken

    def read_json(self):
        """The next JSON object; the terminal may have echoed something before it on the same line."""
        while True:
            line = self.read_until(b"\n")
            if b"{" in line:
                return json.loads(line[line.index(b"{"):])

    def read_rest(self):
        """What is still in the buffer, or everything until the other side closes."""
        while self.read_some(0.05):
            if not select.select([self.master], [], [], 0.05)[0]:
                break
        taken, self.seen = self.seen, b""
        return taken

    def resize(self, rows, columns):
        set_size(self.master, rows, columns)

    def close(self):
        os.close(self.master)


class Session(Terminal):
    """A program that has a new terminal as its controlling terminal, like one that a person starts from a shell."""

    def __init__(self, argv, rows=24, columns=80, env=None, cwd=None, stdin=None, stdout=None, stderr=None):
        master, self.slave = pty.openpty()
        set_size(master, rows, columns)
        super().__init__(master)
        self.before = self.modes()
        # The first terminal that the leader of a session opens is its controlling one. A preexec_fn would do it, too,
        # and take half a second for its fork of this program in a guest of the lab.
        argv = ["/bin/sh", "-c", ': <>"$0" && exec "$@"', os.ttyname(self.slave), *argv]
        streams = {name: self.slave if given is None else given
                   for name, given in (("stdin", stdin), ("stdout", stdout), ("stderr", stderr))}
        self.process = subprocess.Popen(argv, env=env or program.environment(), cwd=cwd, start_new_session=True,
                                        **streams)

    def read_some(self, timeout):
        """This side keeps the other one open for modes(), so the end is seen by the program's end."""
        ended = self.process.poll() is not None
        if ended and not select.select([self.master], [], [], 0)[0]:
            return False
        return super().read_some(timeout)

    def modes(self):
        return termios.tcgetattr(self.slave)

    def is_raw(self):
        return not self.modes()[3] & (termios.ICANON | termios.ECHO | termios.ISIG)

    def wait(self, timeout=settings.CALL_SECONDS):
        """The program's status. The terminal is read meanwhile, so that the program can write its last bytes."""
        end = time.monotonic() + timeout
        while self.process.poll() is None:
            if time.monotonic() > end:
                program.end_group(self.process)
                raise AssertionError("no end after %g s; the terminal shows %r" % (timeout, self.seen[-2000:]))
            self.read_some(0.01)
        while select.select([self.master], [], [], 0)[0] and self.read_some(0):
            pass
        return self.process.returncode

    def hang_up(self):
        """As when the window is closed: the program gets SIGHUP, its terminal is gone."""
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = -1

    def close(self):
        """A test that has seen enough need not wait, but a run that is ending may do so in peace."""
        try:
            if self.master >= 0:
                self.wait(1)
        except AssertionError:
            pass  # wait has killed it
        if self.process.poll() is None:
            program.end_group(self.process)
        for handle in (self.slave, self.master):
            if handle >= 0:
                os.close(handle)

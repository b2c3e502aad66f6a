"""Boots a guest, hands its output on while it runs, and says how it ended. The guest's side is guest.sh."""

import contextlib
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
KERNEL = "/usr/bin/linux.uml"
MODULES = "/usr/lib/uml/modules"
SYSTEMD = "/lib/systemd/systemd"
USER = "lab"

BOOT_SECONDS = 180  # on a busy machine; a quiet one needs less than ten
END_SECONDS = 20
TOO_LONG = 124
NO_GUEST = 125


def obstacle(systemd=False):
    """Why there can be no guest here, or None."""
    needed = [(KERNEL, "user-mode-linux"), ("/bin/busybox", "busybox-static")]
    if systemd:
        needed += [(SYSTEMD, "systemd"), ("/usr/bin/dbus-daemon", "dbus"), ("/usr/lib/systemd/user/dbus.socket",
                                                                           "dbus-user-session")]
    for path, package in needed:
        if not os.path.exists(path):
            return "no %s on this machine (package %s)" % (path, package)
    return None if os.geteuid() == 0 else "needs root"


def _modules():
    """The newest, if there are several."""
    found = sorted(os.listdir(MODULES)) if os.path.isdir(MODULES) else []
    return os.path.join(MODULES, found[-1]) if found else "/nonexistent"


def _free_id():
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(uid for uid in range(4000, 60000) if uid not in taken)


def _memory_directory(mib):
    """The guest's memory is a file there, of which only what the guest uses is really taken."""
    for path in ("/dev/shm", "/tmp", "/var/tmp"):
        with contextlib.suppress(OSError):
            space = os.statvfs(path)
            if space.f_bavail * space.f_frsize > mib << 20 and not space.f_flag & os.ST_NOEXEC:
                return path
    return tempfile.gettempdir()


class Guest:
    """`options` are those of lab.py. One guest, one command."""

    def __init__(self, options):
        self.options = options
        self.directory = tempfile.mkdtemp(prefix="orlop-lab-")
        self.share = options.share or os.path.join(self.directory, "share")

    def run(self, line):
        """Returns the exit status for lab.py."""
        try:
            self._fill(line)
            return self._boot()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def _fill(self, line):
        os.makedirs(self.share, exist_ok=True)
        # The ordinary user must get there.
        os.chmod(self.directory, 0o755)
        for name in ("status", "exit"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self.share, name))
        for name in ("guest.sh", "lab.service", "masked"):
            shutil.copy(os.path.join(HERE, name), self.share)
        with open(os.path.join(self.share, "command"), "w") as file:
            file.write("cd '%s' 2>/dev/null || cd /\n%s\n" % (os.getcwd().replace("'", r"'\''"), line))

    def _argv(self, output):
        mode = "systemd" if self.options.systemd else "plain"
        words = ["mem=%dM" % self.options.memory, "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet"]
        words += ["init=" + os.path.join(self.share, "guest.sh"), "con=null", "con0=null,fd:1", "ssl=null",
                  "ssl0=null,fd:%d" % output, "systemd.show_status=0"]
        words += ["ORLOP_LAB=" + self.share, "LAB_MODULES=" + _modules(), "LAB_MODE=" + mode]
        if self.options.user:
            words.append("LAB_USER=%s:%d" % (USER, _free_id()))
        return [KERNEL, *words, *self.options.append.split()]

    def _pin(self):
        """A system call in the guest is a conversation of two processes here: ten times slower between two processors."""
        allowed = sorted(os.sched_getaffinity(0))
        number = os.getpid() if self.options.cpu is None else self.options.cpu
        os.sched_setaffinity(0, {allowed[number % len(allowed)]})

    def _boot(self):
        self._pin()
        reading, writing = os.pipe()
        env = {"HOME": self.directory, "PATH": "/usr/bin:/bin",
               "TMPDIR": _memory_directory(self.options.memory)}
        with open(os.path.join(self.directory, "console"), "w+b") as console:
            process = subprocess.Popen(self._argv(writing), stdin=subprocess.DEVNULL, stdout=console,
                                       stderr=subprocess.STDOUT, env=env, pass_fds=(writing,), start_new_session=True)
            os.close(writing)
            try:
                in_time = self._follow(reading)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                os.close(reading)
            return self._judge(in_time, console)

    def _status(self):
        """None until the command starts, "started" until it ends, then its exit status."""
        try:
            with open(os.path.join(self.share, "status")) as file:
                return file.read().strip() or None
        except FileNotFoundError:
            return None

    def _follow(self, reading):
        """Copies the guest's output until the guest ends. False if it had to be stopped."""
        begin = time.monotonic()
        end = begin + BOOT_SECONDS
        status = None
        while time.monotonic() < end:
            if select.select([reading], [], [], 0.5)[0]:
                data = os.read(reading, 65536)
                if not data:
                    return True
                sys.stdout.buffer.write(data)
                sys.stdout.flush()
            if self._status() != status:
                status = self._status()
                end = time.monotonic() + (self.options.seconds if status == "started" else END_SECONDS)
        return False

    def _judge(self, in_time, console):
        status = self._status()
        if status is not None and status.isdigit():
            if self.options.console:
                self._show(console)
            return int(status)
        if status == "started":
            text = "the guest died while the command ran" if in_time else \
                "the command did not end within %d s" % self.options.seconds
        else:
            text = "the guest did not boot" + ("" if in_time else " within %d s" % BOOT_SECONDS)
        print("lab: %s; its console:" % text, file=sys.stderr)
        self._show(console)
        return TOO_LONG if status == "started" and not in_time else NO_GUEST

    @staticmethod
    def _show(console, most=40):
        console.seek(0)
        for line in console.read().decode("utf-8", "replace").splitlines()[-most:]:
            print("  | " + line, file=sys.stderr)

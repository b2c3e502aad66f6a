#!/usr/bin/python3
"""Runs a command in a guest: a kernel of its own, with pure cgroup v2, on a throw-away copy of this machine's root.

    lab.py [--systemd] [--user] [--append WORDS] [--seconds N] [--share DIR] [--] COMMAND [ARGUMENT...]

The guest is User Mode Linux (Debian's package user-mode-linux): it needs no virtual machine. It sees the files of this
machine, and what it writes is gone with it. A single word is a line for the shell. /lab is a directory of the machine,
/run/lab (TMPDIR) a tmpfs. The exit status is the command's; 124: the command took too long, 125: the guest did not boot
or died, 77: this machine has no guest.
"""

import argparse
import os
import shlex
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import reaper  # noqa: E402
from lab import guest  # noqa: E402


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systemd", action="store_true", help="systemd as process 1, with D-Bus")
    parser.add_argument("--user", action="store_true",
                        help="as an ordinary user with subordinate ids; with --systemd as a service of the user's manager")
    parser.add_argument("--append", default="", metavar="WORDS",
                        help="for the kernel's command line, e.g. 'security=apparmor apparmor=1'")
    parser.add_argument("--seconds", type=int, default=300, help="how long the command may take (300)")
    parser.add_argument("--memory", type=int, default=1024, metavar="MIB", help="the guest's memory (1024)")
    parser.add_argument("--cpu", type=int, help="the processor to run on (any one)")
    parser.add_argument("--share", metavar="DIR", help="a directory of the machine to be /lab")
    parser.add_argument("--console", action="store_true", help="print what the guest's kernel and systemd said, too")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def main():
    options = _arguments()
    reason = guest.obstacle(options.systemd)
    if reason:
        print("skip lab: %s\n0 passed, 0 failed, 1 skipped" % reason)
        sys.exit(77)
    line = options.command[0] if len(options.command) == 1 else shlex.join(options.command)
    reaper.split()
    # An end in order: the guest's processes and the directory go, too.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    sys.exit(guest.Guest(options).run(line))


if __name__ == "__main__":
    main()

"""An attacker: a probe in a container that lies in wait for the processes of orlop, for a time."""

import json
import subprocess

from . import settings


class Attacker:
    """`words` are an action of the probe that prints "ready", and in the end one object of what it has found."""

    def __init__(self, case, name, *words):
        self.process = subprocess.Popen(case.runtime.argv("exec", name, "/bin/probe", *words), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, env=case.runtime.environment())
        case.addCleanup(self.process.stdout.close)
        case.assertEqual(self.process.stdout.readline(), b'"ready"\n')
        self.case = case

    def found(self):
        seen = json.loads(self.process.stdout.readline())
        self.case.assertEqual(self.process.wait(20 * settings.PATIENCE), 0)
        return seen

"""The runtime under test, called as its users call it."""

import json
import os

from . import program, settings


class Runtime:
    """Every call names the private state root, so that no test sees the containers of another."""

    def __init__(self, root, executable=None):
        self.root = root
        self.executable = executable or settings.ORLOP

    def argv(self, *words, options=()):
        return [self.executable, "--root", self.root, *options, *words]

    def environment(self):
        """None: the caller's."""
        return None

    def call(self, *words, options=(), **how):
        return program.run(self.argv(*words, options=options), **how)

    def ok(self, *words, **how):
        result = self.call(*words, **how)
        assert result.status == 0, "should succeed: %s" % result
        return result

    def refuses(self, *words, **how):
        result = self.call(*words, **how)
        assert result.status not in (0, None), "should fail: %s" % result
        return result

    def state(self, name):
        return json.loads(self.ok("state", name).stdout)

    def status(self, name):
        """The status as "state" says it, or None when the container does not exist."""
        result = self.call("state", name)
        if result.status != 0:
            assert "does not exist" in result.stderr, str(result)
            return None
        return json.loads(result.stdout)["status"]

    def wait_for(self, name, status, timeout=10.0):
        program.until(lambda: self.status(name) == status, "%s is %s" % (name, status), timeout)

    def entries(self):
        """What lies in the state root. Names with a dot in front are the runtime's own, for example a cache."""
        if not os.path.isdir(self.root):
            return []
        return sorted(name for name in os.listdir(self.root) if not name.startswith("."))

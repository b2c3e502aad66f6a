#!/usr/bin/python3
"""Runs a command while containers are running: occupied.py, with a description on stdin. The state of the runtimes lives
in the view, so the containers have to be started, used and removed by one program inside of it.

  {"containers": [{"start": [...], "state": [...], "remove": [...]}, ...], "command": [...]}

A word {pid N} in the command becomes the pid of the init of container N, as its `state` says it.
"""

import json
import subprocess
import sys
import tempfile


def _must(command):
    """Its output. Files, not pipes: a container that stays keeps them open."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, timeout=60, check=False)
        output.seek(0)
        errors.seek(0)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{errors.read().strip()}")
        return output.read()


def _pid(container):
    return str(json.loads(_must(container["state"]))["pid"])


def main():
    wanted = json.load(sys.stdin)
    started = []
    try:
        for container in wanted["containers"]:
            started.append(container)
            _must(container["start"])
        pids = {f"{{pid {number}}}": _pid(container) for number, container in enumerate(started)}
        return subprocess.run([pids.get(word, word) for word in wanted["command"]], check=False).returncode
    finally:
        for container in started:
            subprocess.run(container["remove"], stdin=subprocess.DEVNULL, capture_output=True, check=False)


if __name__ == "__main__":
    sys.exit(main())

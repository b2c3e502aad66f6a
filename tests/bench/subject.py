"""Who is measured, and the command with which each of them runs the container once."""

import os
import shutil
import subprocess

import view
from bundle import PAYLOAD, PLAIN, STAYING

NAMES = ("orlop", "floor", "crun", "runc")
PEERS = ("crun", "runc")
ID = "{id}"  # the stopwatch puts another name here for every run


class Subject:
    def __init__(self, name, path):
        self.name = name
        self.path = path

    def version(self):
        if self.name == "floor":
            return "the bare system calls"
        said = subprocess.run([self.path, "--version"], capture_output=True, text=True, check=False).stdout
        return said.splitlines()[0] if said else "says no version"

    def command(self, bundle, view_name, identifier=ID, kind=PLAIN):
        if self.name == "floor":
            options = _hierarchies(view_name) + _cpuset_options(view_name)
            return [self.path, "-i", identifier, *options, bundle.rootfs, PAYLOAD]
        return [self.path, "run", "--bundle", bundle.for_view(view_name, kind), identifier]

    def staying_container(self, bundle, view_name, identifier):
        """How `occupied.py` starts, asks and removes a container for exec."""
        bundle_path = bundle.for_view(view_name, STAYING)
        return {"start": [self.path, "run", "--detach", "--bundle", bundle_path, identifier],
                "state": [self.path, "state", identifier], "remove": [self.path, "delete", "--force", identifier]}

    def many_commands(self, bundle, view_name, root):
        """For `many.py`: a container that comes and goes, as an engine calls it; and one that stays."""
        if self.name == "floor":
            return {"life": [self.command(bundle, view_name)]}
        words = [self.path, "--root", root]
        begin = [[*words, "create", "--bundle", bundle.for_view(view_name, STAYING), ID], [*words, "start", ID]]
        end = [*words, "delete", "--force", ID]
        return {"root": root, "life": [*begin, end], "begin": begin, "list": [*words, "list"], "end": end}

    def exec_command(self, identifier):
        return [self.path, "exec", identifier, PAYLOAD]


def enter_command(enter, view_name, identifier, pid):
    """The floor of exec, in a container that somebody else has started."""
    return [enter, "-i", identifier, *_hierarchies(view_name), pid, PAYLOAD]


def _hierarchies(view_name):
    if view_name == "v2":
        return ["-2", view.ROOT]
    options = [word for name in view.v1_hierarchies() for word in ("-1", name)]
    return options + (["-2", view.UNIFIED] if view_name == "hybrid" else [])


def _cpuset_options(view_name):
    if view_name == "v2" or "cpuset" not in view.v1_hierarchies():
        return []
    return ["-c", _cpuset("cpus"), "-m", _cpuset("mems")]


def _cpuset(what):
    with open(f"{view.ROOT}/cpuset/cpuset.{what}", encoding="ascii") as value:
        return value.read().strip()


def find_peer(name):
    """A path, or None. sbin is where Debian puts runc, and it is not in everybody's PATH."""
    places = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
    return shutil.which(name, path=places)

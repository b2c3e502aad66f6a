"""Bundles: a directory with config.json and a root that holds busybox and the probe."""

import json
import os
import shutil

from . import program, settings

APPLETS = ("sh", "cat", "echo", "false", "id", "ls", "mount", "ps", "sleep", "stty", "true", "hostname")

# Of the user namespaces that tests make: the host's id of their root, and how many there are.
USER_BASE, USER_COUNT = 300000, 65536

_base = []


def base_config(directory):
    """What "spec" of the runtime under test writes; asked once."""
    if not _base:
        empty = os.path.join(directory, "spec")
        os.makedirs(empty, exist_ok=True)
        result = program.run([settings.ORLOP, "spec"], cwd=empty)
        assert result.status == 0, "spec: %s" % result
        with open(os.path.join(empty, "config.json")) as file:
            _base.append(file.read())
    return json.loads(_base[0])


def _stock(directory):
    """One copy of the two programs; the roots of all bundles hold links to it."""
    stock = os.path.join(directory, "stock")
    if not os.path.isdir(stock):
        os.makedirs(stock)
        for source, name in ((settings.BUSYBOX, "busybox"), (settings.PROBE, "probe")):
            target = os.path.join(stock, name)
            shutil.copyfile(source, target)
            os.chmod(target, 0o755)
    return stock


class Bundle:
    """The configuration is a dictionary in .config; write() puts it on the disk."""

    def __init__(self, directory, path):
        self.path = path
        self.rootfs = os.path.join(path, "rootfs")
        self.config = base_config(directory)
        self.config["process"]["terminal"] = False
        self._fill(_stock(directory))

    def _fill(self, stock):
        for name in ("bin", "dev", "etc", "proc", "root", "sys", "tmp", "var"):
            os.makedirs(os.path.join(self.rootfs, name))
        os.chmod(os.path.join(self.rootfs, "tmp"), 0o1777)
        for name in ("busybox", "probe"):
            os.link(os.path.join(stock, name), os.path.join(self.rootfs, "bin", name))
        for name in APPLETS:
            os.symlink("busybox", os.path.join(self.rootfs, "bin", name))
        with open(os.path.join(self.rootfs, "etc", "passwd"), "w") as file:
            file.write("root:x:0:0:root:/root:/bin/sh\nsailor:x:1000:1000::/home/sailor:/bin/sh\n")
        with open(os.path.join(self.rootfs, "etc", "group"), "w") as file:
            file.write("root:x:0:\nsailor:x:1000:\n")

    @property
    def process(self):
        return self.config["process"]

    @property
    def linux(self):
        return self.config["linux"]

    def mount(self, destination, **members):
        """Appends an entry to the mounts."""
        self.config.setdefault("mounts", []).append(dict(destination=destination, **members))

    def namespaces(self):
        return [entry["type"] for entry in self.linux["namespaces"]]

    def drop_namespace(self, kind):
        self.linux["namespaces"] = [entry for entry in self.linux["namespaces"] if entry["type"] != kind]

    def own_cgroup_namespace(self):
        if "cgroup" not in self.namespaces():
            self.linux["namespaces"].append({"type": "cgroup"})

    def user_namespace(self, uids=((0, USER_BASE, USER_COUNT),), gids=None):
        """A new one of these ranges: inside, outside, size. The directories of the root belong to its first id."""
        self.linux["namespaces"].append({"type": "user"})
        for name, ranges in (("uidMappings", uids), ("gidMappings", gids or uids)):
            self.linux[name] = [dict(zip(("containerID", "hostID", "size"), each)) for each in ranges]
        for path, directories, _ in os.walk(self.rootfs):
            for name in ["."] + directories:
                os.lchown(os.path.join(path, name), uids[0][1], uids[0][1])

    def grant(self, *names):
        """Adds capabilities to the three sets that make them usable."""
        for kind in ("bounding", "effective", "permitted"):
            held = self.process["capabilities"].setdefault(kind, [])
            held += [name for name in names if name not in held]

    def write(self, text=None):
        # Without indentation, which only json's slow encoder has: half a second for each in a guest of the lab.
        with open(os.path.join(self.path, "config.json"), "w") as file:
            file.write(json.dumps(self.config) if text is None else text)
        return self

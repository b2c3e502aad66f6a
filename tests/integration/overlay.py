#!/usr/bin/python3
"""Overlay mounts: layers of few and many directories, short and long names; root file systems of several kinds."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import kernel, runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402


class Layers(ContainerCase):
    """On a tmpfs of the test: not every file system can be an upper layer."""

    def setUp(self):
        super().setUp()
        self.base = os.path.join(self.directory, "l")
        os.mkdir(self.base)
        kernel.mount("tmpfs", self.base, "tmpfs", 0)
        self.addCleanup(kernel.unmount, self.base)

    def layer(self, name, *files):
        path = os.path.join(self.base, name)
        os.makedirs(path)
        for file in files:
            with open(os.path.join(path, file), "w") as opened:
                opened.write(name)
        return path

    def mounted(self, *options):
        return lambda bundle: bundle.mount("/tmp", type="overlay", source="overlay", options=list(options))

    def names(self, *options):
        seen = self.lines("list", "/tmp", "+", "report", "mounts", change=self.mounted(*options))
        self.assertEqual([one["type"] for one in seen[1]["mounts"] if one["target"] == "/tmp"], ["overlay"])
        return sorted(seen[0]["names"])

    @quick
    def test_two_layers(self):
        lower = [self.layer(name, "of-" + name) for name in ("a", "b")]
        self.assertEqual(self.names("lowerdir=" + ":".join(lower)), ["of-a", "of-b"])

    @quick
    def test_upper_and_work(self):
        lower, upper, work = self.layer("lower", "one"), self.layer("upper"), self.layer("work")
        seen = self.lines("create", "/tmp/new", "+", "list", "/tmp", change=self.mounted(
            "lowerdir=" + lower, "upperdir=" + upper, "workdir=" + work))
        self.assertEqual(seen[0]["errno"], 0)
        self.assertEqual(sorted(seen[1]["names"]), ["new", "one"])
        self.assertEqual(os.listdir(upper), ["new"])

    @quick
    def test_many_layers(self):
        """Far above the 255 bytes of a value of fsconfig(2), and above the page of mount(2)."""
        # Since Linux 6.7 they are handed over one by one; before, all together have that page.
        is_modern = tuple(int(part) for part in os.uname().release.split(".")[:2]) >= (6, 7)
        for count in (8, 120) if is_modern else (8, 40):
            lower = [self.layer("%d-%s-%d" % (count, "x" * 20, i), "of-%d" % i) for i in range(count)]
            text = "lowerdir=" + ":".join(lower)
            self.assertGreater(len(text), 4095 if count == 120 else 255)
            self.assertEqual(len(self.names(text)), count)

    def test_the_first_layer_is_the_topmost(self):
        lower = [self.layer("%d-%s" % (i, "x" * 60), "same") for i in range(8)]
        seen = self.lines("read", "/tmp/same", change=self.mounted("lowerdir=" + ":".join(lower)))[0]
        self.assertEqual(seen["text"], os.path.basename(lower[0]))

    def test_a_long_upper(self):
        lower, work = self.layer("lower", "one"), self.layer("work")
        upper = self.layer("u/" + "/".join("x" * 80 for _ in range(4)))
        seen = self.lines("create", "/tmp/new", "+", "report", "mounts", change=self.mounted(
            "lowerdir=" + lower, "upperdir=" + upper, "workdir=" + work, "nosuid"))
        self.assertEqual(seen[0]["errno"], 0)
        self.assertEqual(os.listdir(upper), ["new"])
        mounts = [one for one in seen[1]["mounts"] if one["target"].startswith("/tmp")]
        self.assertEqual([one["type"] for one in mounts], ["overlay"])
        self.assertIn("nosuid", mounts[0]["options"])

    def test_a_colon_in_a_name(self):
        lower = [self.layer(name, "of-%d" % i) for i, name in enumerate(("a:b", "c" * 100, "d" * 100, "e" * 100))]
        text = "lowerdir=" + ":".join(path.replace(":", "\\:") for path in lower)
        self.assertEqual(self.names(text), ["of-0", "of-1", "of-2", "of-3"])

    def test_more_than_the_kernel_takes(self):
        deep = self.layer("d/" + "/".join("y" * 200 for _ in range(15)))
        upper, work = self.layer("upper"), self.layer("work")
        result = self.run_container("/bin/true", change=self.mounted(
            "lowerdir=" + deep + ":" + deep, "upperdir=" + upper, "workdir=" + work))
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "mounts[", "/tmp", "bytes long, and the kernel takes 4095")

    def test_a_layer_that_is_not_there(self):
        lower = [self.layer("%d-%s" % (i, "x" * 60)) for i in range(8)] + ["/no/such/layer"]
        result = self.run_container("/bin/true", change=self.mounted("lowerdir=" + ":".join(lower)))
        self.assertEqual(result.status, 1)
        self.assert_one_line(result, "mounts[", "/tmp", "no such file or directory")


class Roots(ContainerCase):
    """The root file system is what an engine has mounted, and stays it."""

    def run_on(self, mount, words=()):
        def change(bundle):
            stock = bundle.rootfs + ".stock"
            os.rename(bundle.rootfs, stock)
            os.mkdir(bundle.rootfs)
            mount(stock, bundle)
            self.addCleanup(kernel.unmount, bundle.rootfs)
            bundle.config["root"]["readonly"] = False
        seen = self.lines("create", "/var/new", "+", "report", "mounts", change=change, words=words)
        self.assertEqual(seen[0]["errno"], 0)
        return {one["target"]: one for one in seen[1]["mounts"]}["/"]

    def overlay(self, stock, bundle):
        base = os.path.join(bundle.path, "base")
        os.mkdir(base)
        kernel.mount("tmpfs", base, "tmpfs", 0)
        self.addCleanup(kernel.unmount, base)
        for name in ("upper", "work"):
            os.mkdir(os.path.join(base, name))
        kernel.mount("overlay", bundle.rootfs, "overlay", 0,
                     "lowerdir=%s,upperdir=%s/upper,workdir=%s/work" % (stock, base, base))

    def tmpfs(self, stock, bundle):
        kernel.mount("tmpfs", bundle.rootfs, "tmpfs", 0)
        shutil.copytree(stock, bundle.rootfs, symlinks=True, dirs_exist_ok=True)

    def bind(self, stock, bundle):
        kernel.mount(stock, bundle.rootfs, "", kernel.MS_BIND)

    def test_overlay(self):
        self.assertEqual(self.run_on(self.overlay)["type"], "overlay")

    def test_tmpfs(self):
        self.assertEqual(self.run_on(self.tmpfs)["type"], "tmpfs")

    def test_bind(self):
        self.run_on(self.bind)

    def test_without_pivot(self):
        for mount in (self.overlay, self.tmpfs, self.bind):
            with self.subTest(mount.__name__):
                self.run_on(mount, words=("--no-pivot",))


if __name__ == "__main__":
    runner.main()

#!/usr/bin/python3
"""Labels of AppArmor and SELinux: refused where the kernel has not that module, enforced where it has (tests/lab)."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner, selinux_policy  # noqa: E402
from harness.case import ContainerCase, program_directory, quick, skip  # noqa: E402

ATTR = "/proc/self/attr/current"
PROFILES = """
profile orlop-test flags=(attach_disconnected,mediate_deleted) {
  file, network, capability, signal, ptrace, mount, umount, pivot_root, unix, change_profile,
  deny /etc/secret r,
}
profile orlop-other flags=(attach_disconnected,mediate_deleted) {
  file, network, capability, signal, ptrace, mount, umount, pivot_root, unix, change_profile,
}
"""


def has_apparmor():
    try:
        with open("/sys/module/apparmor/parameters/enabled") as file:
            return file.read(1) == "Y"
    except OSError:
        return False


def has_selinux():
    with open("/proc/filesystems") as file:
        return "selinuxfs" in file.read()


def label_of(pid):
    with open("/proc/%d/attr/current" % pid) as file:
        return file.read().strip("\n\0")


def with_secret(more=None):
    def change(bundle):
        for name in ("secret", "public"):
            with open(os.path.join(bundle.rootfs, "etc", name), "w") as file:
                file.write(name + "\n")
        if more:
            more(bundle)
    return change


def process(**members):
    return with_secret(lambda bundle: bundle.process.update(members))


class Absent(ContainerCase):
    """What should be confined is not run without."""

    def refused(self, part, **members):
        bundle = self.bundle("/bin/true", change=lambda b: b.process.update(members))
        result = self.runtime.refuses("create", "--bundle", bundle.path, self.new_id())
        self.assert_one_line(result, part)
        self.assert_nothing_left()

    @quick
    def test_apparmor(self):
        if has_apparmor():
            skip("AppArmor is here")
        self.refused("process.apparmorProfile: cannot be applied: AppArmor is not enabled", apparmorProfile="web")
        result = self.run_container("/bin/true", change=lambda b: b.process.update(apparmorProfile="unconfined"))
        self.assertEqual(result.status, 0, str(result))
        name = self.start_sleeper()
        result = self.runtime.refuses("exec", "--apparmor", "web", name, "/bin/true")
        self.assertEqual(result.status, 255)
        self.assert_one_line(result, "process.apparmorProfile: cannot be applied")

    @quick
    def test_selinux(self):
        if has_selinux():
            skip("SELinux is here")
        self.refused("process.selinuxLabel: cannot be applied: SELinux is not enabled", selinuxLabel="u:r:t:s0")
        name = self.start_sleeper()
        result = self.runtime.refuses("exec", "--process-label", "u:r:t:s0", name, "/bin/true")
        self.assert_one_line(result, "process.selinuxLabel: cannot be applied")
        result = self.run_container("/bin/true", change=lambda b: b.linux.update(mountLabel="u:r:t:s0"))
        self.assertEqual(result.status, 0, str(result))
        self.assertIn("linux.mountLabel: left out", result.stderr)


class Labelled:
    """The same for both: a label, one more, and one that does not exist. The first may not read /etc/secret."""

    member = label = shown = other = unknown = option = hint = None

    def test_run(self):
        change = process(**{self.member: self.label})
        result = self.run_container("/bin/cat", ATTR, "/etc/public", change=change)
        self.assertEqual((result.status, result.stdout.replace("\0", "\n").split("\n")[:2]), (0, [self.shown, "public"]),
                         str(result))
        result = self.run_container("/bin/cat", "/etc/secret", change=change)
        self.assertNotEqual(result.status, 0)
        self.assertIn("Permission denied", result.stderr)
        self.assertEqual(self.run_container("/bin/cat", "/etc/secret", change=with_secret()).stdout, "secret\n")

    def test_create_start_exec(self):
        name = self.start_sleeper(change=process(**{self.member: self.label}))
        self.assertEqual(label_of(self.pid_of(name)), self.shown)
        result = self.runtime.call("exec", name, "/bin/cat", "/etc/secret")
        self.assertEqual(result.status, 1, str(result))
        self.assertIn("Permission denied", result.stderr)
        result = self.runtime.ok("exec", self.option, self.other, name, "/bin/cat", "/etc/secret")
        self.assertEqual(result.stdout, "secret\n")
        result = self.runtime.refuses("exec", self.option, self.unknown, name, "/bin/cat", "/etc/secret")
        self.assertEqual(result.status, 255)
        self.assert_one_line(result, self.hint)

    def test_with_privileges(self):
        def change(bundle):
            with_secret()(bundle)
            bundle.process.update(noNewPrivileges=False, **{self.member: self.label})
        result = self.run_container("/bin/cat", "/etc/secret", change=change)
        self.assertIn("Permission denied", result.stderr)

    def test_unknown(self):
        """It is found at create already, and not by the words that engines take for a program that is not there."""
        bundle = self.bundle("/bin/true", change=process(**{self.member: self.unknown}))
        result = self.runtime.refuses("create", "--bundle", bundle.path, self.new_id())
        self.assert_one_line(result, "process.%s: %s" % (self.member, self.hint))
        self.assertNotIn("no such file", result.stderr.lower())
        self.assert_nothing_left()

    def test_a_false_proc(self):
        """CVE-2019-16884: what lies where /proc should be takes the label, and the process runs without."""
        def change(bundle):
            with_secret()(bundle)
            bundle.process[self.member] = self.label
            bundle.config["mounts"] = [one for one in bundle.config["mounts"] if one["type"] != "proc"]
            bundle.linux.update(maskedPaths=[], readonlyPaths=[])
            for directory in ("self", "thread-self"):
                path = os.path.join(bundle.rootfs, "proc", directory, "attr", "apparmor")
                os.makedirs(path)
                for file in ("exec", "current", "../exec", "../current"):
                    with open(os.path.join(path, file), "w"):
                        pass
        name = self.start_sleeper(change=change)
        self.assertEqual(label_of(self.pid_of(name)), self.shown)
        self.assertIn("Permission denied", self.runtime.call("exec", name, "/bin/cat", "/etc/secret").stderr)

    def test_a_user_namespace(self):
        def change(bundle):
            with_secret()(bundle)
            bundle.process[self.member] = self.label
            bundle.user_namespace()
        name = self.start_sleeper(change=change)
        self.assertEqual(label_of(self.pid_of(name)), self.shown)
        self.assertIn("Permission denied", self.runtime.call("exec", name, "/bin/cat", "/etc/secret").stderr)


class AppArmor(Labelled, ContainerCase):
    member, label, shown, other, unknown = "apparmorProfile", "orlop-test", "orlop-test (enforce)", "orlop-other", "orlop-nosuch"
    option, hint = "--apparmor", 'AppArmor has no profile "orlop-nosuch" loaded'

    @classmethod
    def setUpClass(cls):
        if not has_apparmor():
            skip("no AppArmor")
        if not shutil.which("apparmor_parser"):
            skip("no apparmor_parser")
        subprocess.run(["apparmor_parser", "--replace", "--skip-cache"], input=PROFILES, text=True, check=True)

    def test_who_is_confined_stays_so(self):
        """Without new privileges the kernel lets nobody out of a profile: the container's is stacked upon it."""
        bundle = self.bundle("/bin/cat", ATTR, change=process(apparmorProfile="orlop-test"))
        def confine():
            with open("/proc/self/attr/exec", "w") as file:
                file.write("exec orlop-other")
        result = self.runtime.ok("run", "--bundle", bundle.path, self.new_id(), before=confine)
        self.assertIn("orlop-test", result.stdout)
        self.assertIn("orlop-other", result.stdout)

    def test_start_hooks_have_it(self):
        out = "/tmp/seen"
        def change(bundle):
            with_secret()(bundle)
            bundle.process["apparmorProfile"] = "orlop-test"
            bundle.config["root"]["readonly"] = False
            bundle.config["hooks"] = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "cat %s >%s" % (ATTR, out)]}]}
        result = self.run_container("/bin/cat", out, change=change)
        self.assertEqual(result.stdout, "orlop-test (enforce)\n", str(result))


class SELinux(Labelled, ContainerCase):
    member, label, shown = "selinuxLabel", selinux_policy.CONTAINER, selinux_policy.CONTAINER
    other, unknown = selinux_policy.OTHER, "u:r:nosuch_t:s0"
    option, hint = "--process-label", "write("

    @classmethod
    def setUpClass(cls):
        if not has_selinux():
            skip("no SELinux")
        if not shutil.which("secilc"):
            skip("no secilc")
        selinux_policy.load(program_directory())

    def bundle(self, *args, **how):
        bundle = super().bundle(*args, **how)
        secret = os.path.join(bundle.rootfs, "etc", "secret")
        if os.path.exists(secret):
            os.setxattr(secret, "security.selinux", selinux_policy.SECRET.encode())
        return bundle

    def test_mount_label(self):
        def change(bundle):
            bundle.linux["mountLabel"] = selinux_policy.INSIDE
            bundle.process["selinuxLabel"] = selinux_policy.CONTAINER
            bundle.mount("/data", type="tmpfs", source="tmpfs")
        name = self.start_sleeper(change=change)
        for path in ("data", "dev", "dev/shm", "dev/pts", "dev/mqueue"):
            with self.subTest(path):
                label = os.getxattr("/proc/%d/root/%s" % (self.pid_of(name), path), "security.selinux")
                self.assertEqual(label.rstrip(b"\0").decode(), selinux_policy.INSIDE)
        self.assertNotIn("warning", self.creations[name].stderr)

    def test_mask_has_the_mount_label(self):
        def change(bundle):
            bundle.linux.update(mountLabel=selinux_policy.INSIDE, maskedPaths=["/var"])
        name = self.start_sleeper(change=change)
        label = os.getxattr("/proc/%d/root/var" % self.pid_of(name), "security.selinux")
        self.assertEqual(label.rstrip(b"\0").decode(), selinux_policy.INSIDE)

    def test_other_kinds_of_context(self):
        def change(bundle):
            bundle.linux["mountLabel"] = selinux_policy.INSIDE
            bundle.config["annotations"] = {"run.oci.mount_context_type": "rootcontext"}
            bundle.mount("/data", type="tmpfs", source="tmpfs")
        name = self.start_sleeper(change=change)
        with open("/proc/%d/mountinfo" % self.pid_of(name)) as file:
            line = next(line for line in file if " /data " in line)
        self.assertIn("rootcontext=", line)

    def test_keyring(self):
        """The session keyring has the label of the process, which may be all that it may search."""
        result = self.run_container("/bin/cat", "/proc/keys", change=lambda bundle: (
            bundle.process.update(selinuxLabel=selinux_policy.CONTAINER), bundle.linux.update(maskedPaths=[])))
        self.assertIn("_ses.", result.stdout, str(result))


if __name__ == "__main__":
    runner.main()

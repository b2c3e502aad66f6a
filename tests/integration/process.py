#!/usr/bin/python3
"""The process of the configuration: user, capabilities, limits, environment, arguments, directory."""

import errno
import json
import os
import resource
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import kernel, runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402


def setting(**members):
    """A change that sets members of process."""
    return lambda bundle: bundle.process.update(members)


class User(ContainerCase):
    @quick
    def test_root_of_the_spec(self):
        user = self.report("user")["user"]
        self.assertEqual(user, {"uids": [0, 0, 0], "gids": [0, 0, 0], "groups": []})

    @quick
    def test_ids_and_additional_groups(self):
        change = setting(user={"uid": 1000, "gid": 1001, "additionalGids": [5, 10]})
        user = self.report("user", change=change)["user"]
        self.assertEqual(user["uids"], [1000] * 3)
        self.assertEqual(user["gids"], [1001] * 3)
        self.assertEqual(sorted(user["groups"]), [5, 10])

    def test_the_callers_groups_do_not_leak(self):
        user = self.report("user", before=lambda: os.setgroups([4, 24, 27]))["user"]
        self.assertEqual(user["groups"], [])

    def test_umask(self):
        change = setting(user={"uid": 0, "gid": 0, "umask": 0o027})
        self.assertEqual(self.report("attributes", change=change)["attributes"]["umask"], 0o027)

    def test_the_standard_streams_are_the_users(self):
        """So that it can open them again by /dev/stdout: files and pipes, not /dev/null, which is the host's."""
        before = os.stat("/dev/null").st_uid
        name, _ = self.create("/bin/sh", "-c", "echo again > /dev/stdout; exec sleep 100",
                              change=setting(user={"uid": 1000, "gid": 1001}))
        self.runtime.ok("start", name)
        self.wait_for_output(name, "again\n")
        for descriptor in (1, 2):
            owner = os.stat("/proc/%d/fd/%d" % (self.pid_of(name), descriptor))
            self.assertEqual((owner.st_uid, owner.st_gid), (1000, 1001))
        self.assertEqual(os.stat("/dev/null").st_uid, before)

    def test_umask_of_the_caller_does_not_leak(self):
        seen = self.report("attributes", before=lambda: os.umask(0o077))
        self.assertEqual(seen["attributes"]["umask"], 0o022)

    def test_home_comes_from_the_password_file(self):
        self.assertIn("HOME=/root", self.report("env")["env"])
        sailor = setting(user={"uid": 1000, "gid": 1000})
        self.assertIn("HOME=/home/sailor", self.report("env", change=sailor)["env"])

    def test_the_password_file_may_be_a_link_inside(self):
        for target, home in (("../var/passwd", "/home/mate"), ("/var/passwd", "/home/mate"), ("/proc/self/fd/0", "/"),
                             ("none", "/")):
            def change(bundle):
                os.remove(os.path.join(bundle.rootfs, "etc/passwd"))
                os.symlink(target, os.path.join(bundle.rootfs, "etc/passwd"))
                with open(os.path.join(bundle.rootfs, "var/passwd"), "w") as file:
                    file.write("mate:x:1000:1000::/home/mate:/bin/sh\n")
                bundle.process["user"] = {"uid": 1000, "gid": 1000}
            with self.subTest(target):
                self.assertIn("HOME=" + home, self.report("env", change=change)["env"])

    def test_home_of_an_unknown_user(self):
        stranger = setting(user={"uid": 4711, "gid": 4711})
        self.assertIn("HOME=/", self.report("env", change=stranger)["env"])

    def test_a_given_home_stays(self):
        change = setting(env=["HOME=/var", "PATH=/bin"])
        self.assertEqual([e for e in self.report("env", change=change)["env"] if e.startswith("HOME=")], ["HOME=/var"])

    def test_a_user_may_not_read_what_is_roots(self):
        def change(bundle):
            path = os.path.join(bundle.rootfs, "etc/private")
            with open(path, "w") as file:
                file.write("x")
            os.chmod(path, 0o600)
            bundle.process["user"] = {"uid": 1000, "gid": 1000}
        self.assertEqual(self.lines("read", "/etc/private", change=change)[0]["errno"], errno.EACCES)


class Capabilities(ContainerCase):
    @quick
    def test_those_of_the_spec(self):
        wanted = self.bundle().process["capabilities"]
        seen = self.report("capabilities")["capabilities"]
        for kind in ("bounding", "permitted", "effective"):
            self.assertEqual(sorted(seen[kind]), sorted(wanted[kind]), kind)
        self.assertEqual(seen["inheritable"], [])
        self.assertEqual(seen["ambient"], [])

    def sets(self, **sets):
        names = ("bounding", "permitted", "effective", "inheritable", "ambient")
        return {name: sets.get(name, []) for name in names}

    def seen(self, uid, **sets):
        change = setting(user={"uid": uid, "gid": uid}, capabilities=self.sets(**sets))
        return self.report("capabilities", change=change)["capabilities"]

    def test_none_at_all(self):
        self.assertEqual(self.seen(0), self.sets())

    def test_process_without_the_member_has_none(self):
        seen = self.report("capabilities", change=lambda bundle: bundle.process.pop("capabilities"))["capabilities"]
        self.assertEqual(seen, self.sets())

    def test_ambient_for_an_ordinary_user(self):
        one = ["CAP_NET_BIND_SERVICE"]
        seen = self.seen(1000, bounding=one, permitted=one, effective=one, inheritable=one, ambient=one)
        self.assertEqual(seen, dict.fromkeys(seen, one))

    def test_without_ambient_an_ordinary_user_keeps_the_bounding_set_only(self):
        two = ["CAP_KILL", "CAP_CHOWN"]
        seen = self.seen(1000, bounding=two, permitted=two, effective=two)
        self.assertEqual(seen, self.sets(bounding=["CAP_CHOWN", "CAP_KILL"]))

    def test_inheritable_only_when_asked(self):
        one = ["CAP_KILL"]
        self.assertEqual(self.seen(0, bounding=one, permitted=one, effective=one, inheritable=one)["inheritable"], one)

    def warned(self, name):
        """The container runs, without the capability, and one line warns by its name."""
        def change(bundle):
            bundle.grant(name)
            bundle.process["args"] = ["/bin/probe", "report", "capabilities"]
        result = self.run_container(change=change)
        self.assertEqual(result.status, 0, str(result))
        self.assertNotIn(name, result.stdout)
        lines = [line for line in result.stderr.splitlines() if name in line]
        self.assertEqual(len(lines), 1, str(result))
        for word in ("no such file", "not permitted", "denied"):
            self.assertNotIn(word, result.stderr.lower())

    def test_an_unknown_one_is_a_warning(self):
        self.warned("CAP_WALK_THE_PLANK")

    def test_one_that_cannot_be_granted_is_a_warning(self):
        with open("/proc/self/status") as file:
            bounding = next(int(line.split()[1], 16) for line in file if line.startswith("CapBnd"))
        if bounding >> 24 & 1:
            # Take it away from the runtime, so that the test is the same on a machine that has everything.
            self.warned_without_resource()
        else:
            self.warned("CAP_SYS_RESOURCE")

    def warned_without_resource(self):
        original = self.runtime.call

        def call(*words, **how):
            return original(*words, before=lambda: kernel.prctl(kernel.PR_CAPBSET_DROP, 24), **how)
        self.runtime.call = call
        self.warned("CAP_SYS_RESOURCE")

    def test_no_new_privileges(self):
        for wanted in (True, False):
            change = setting(noNewPrivileges=wanted)
            self.assertEqual(self.report("attributes", change=change)["attributes"]["no_new_privs"], int(wanted))

    def test_sets_without_no_new_privileges(self):
        """The runtime then sets the final sets itself, after the user."""
        wanted = self.bundle().process["capabilities"]["effective"]
        seen = self.report("capabilities", change=setting(noNewPrivileges=False))["capabilities"]
        self.assertEqual(sorted(seen["effective"]), sorted(wanted))


class Limits(ContainerCase):
    @quick
    def test_those_of_the_spec(self):
        self.assertEqual(self.report("rlimits")["rlimits"]["RLIMIT_NOFILE"], {"soft": 1024, "hard": 1024})

    def test_many(self):
        wanted = {
            "RLIMIT_NOFILE": (100, 200), "RLIMIT_CORE": (0, 0), "RLIMIT_NPROC": (50, 60), "RLIMIT_CPU": (1000, 2000),
            "RLIMIT_STACK": (4 << 20, 8 << 20), "RLIMIT_MSGQUEUE": (4096, 8192), "RLIMIT_FSIZE": (1 << 30, 1 << 31)}
        entries = [{"type": kind, "soft": soft, "hard": hard} for kind, (soft, hard) in wanted.items()]
        seen = self.report("rlimits", change=setting(rlimits=entries))["rlimits"]
        for kind, (soft, hard) in wanted.items():
            self.assertEqual(seen[kind], {"soft": soft, "hard": hard}, kind)

    def test_those_not_listed_are_the_callers(self):
        seen = self.report("rlimits", change=setting(rlimits=[]))["rlimits"]
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.assertEqual(seen["RLIMIT_NOFILE"], {"soft": soft, "hard": hard})

    def test_oom_score(self):
        self.need_support(setting(oomScoreAdj=500))
        self.assertEqual(self.report("attributes", change=setting(oomScoreAdj=500))["attributes"]["oom_score_adj"], 500)

    def test_oom_score_is_not_touched_without_the_member(self):
        def before():
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("321")
        self.assertEqual(self.report("attributes", before=before)["attributes"]["oom_score_adj"], 321)


class Words(ContainerCase):
    @quick
    def test_arguments_are_passed_unchanged(self):
        words = ["", " ", "a b", "\"'\\", "-x", "--", "naïve\n☸", "$HOME", "*"]
        change = setting(args=["/bin/probe", "report", "args", "+", "say"] + words)
        result = self.run_container(change=change)
        self.assertEqual(json.loads(result.stdout.splitlines()[0])["args"][5:], words, str(result))

    @quick
    def test_environment_is_exactly_the_configurations(self):
        env = ["PATH=/bin", "HOME=/root", "A=1=2", "EMPTY=", "UTF8=☸"]
        self.assertEqual(self.report("env", change=setting(env=env))["env"], env)

    def test_argument_zero_is_looked_up_in_the_containers_path(self):
        change = setting(args=["probe", "say", "found"], env=["PATH=/nowhere:/bin"])
        result = self.run_container(change=change, env=None)
        self.assertEqual(result.stdout, "found\n", str(result))

    def test_a_script(self):
        def change(bundle):
            path = os.path.join(bundle.rootfs, "bin/script")
            with open(path, "w") as file:
                file.write("#!/bin/sh\necho \"$1 ahoy\"\n")
            os.chmod(path, 0o755)
            bundle.process["args"] = ["/bin/script", "ship"]
        self.assertEqual(self.run_container(change=change).stdout, "ship ahoy\n")

    def test_relative_argument_zero_starts_at_the_directory(self):
        change = setting(args=["./probe", "say", "here"], cwd="/bin")
        self.assertEqual(self.run_container(change=change).stdout, "here\n")


class Directory(ContainerCase):
    @quick
    def test_it_is_entered(self):
        self.assertEqual(self.report("cwd", change=setting(cwd="/var"))["cwd"], "/var")

    def test_a_missing_one_is_made(self):
        def change(bundle):
            bundle.config["root"]["readonly"] = False
            bundle.process["cwd"] = "/srv/new"
        self.assertEqual(self.report("cwd", change=change)["cwd"], "/srv/new")

    def test_a_missing_one_is_made_below_a_read_only_root(self):
        self.assertEqual(self.report("cwd", change=setting(cwd="/srv/new"))["cwd"], "/srv/new")

    def test_a_link_stays_inside(self):
        def change(bundle):
            os.symlink("/var", os.path.join(bundle.rootfs, "way"))
            bundle.process["cwd"] = "/way"
        self.assertEqual(self.report("cwd", change=change)["cwd"], "/var")

    def test_the_users_own_private_directory(self):
        def change(bundle):
            path = os.path.join(bundle.rootfs, "var/home")
            os.mkdir(path, 0o700)
            os.chown(path, 1000, 1000)
            bundle.process.update(cwd="/var/home", user={"uid": 1000, "gid": 1000})
        self.assertEqual(self.report("cwd", change=change)["cwd"], "/var/home")

    def test_a_leaked_directory_of_the_host_is_no_way_in(self):
        """CVE-2024-21626: the configuration names a descriptor that the runtime or its caller has open."""
        handle = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        self.addCleanup(os.close, handle)
        for number in list(range(3, 20)) + [handle]:
            change = setting(cwd="/proc/self/fd/%d" % number, args=["/bin/probe", "list", "."])
            result = self.run_container(change=change, pass_fds=(handle,))
            self.assertNotIn("home", result.stdout, "descriptor %d: %s" % (number, result))


if __name__ == "__main__":
    runner.main()

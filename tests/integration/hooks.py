#!/usr/bin/python3
"""Hooks: when each kind is run, what it sees, what it is told, and what happens when it fails."""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner, settings  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402

KINDS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")
PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"


def journal_of(bundle):
    """A file that hooks reach on the host and, as /journal, inside."""
    return os.path.join(bundle.rootfs, "journal")


def add_hook(bundle, kind, script, **members):
    """A shell with this script; $J is the journal."""
    inside = kind == "startContainer"
    journal = "/journal" if inside else journal_of(bundle)
    hook = {"path": "/bin/busybox" if inside else settings.BUSYBOX, "args": ["sh", "-c", script],
            "env": [PATH, "J=" + journal]}
    hook.update(members)
    bundle.config.setdefault("hooks", {}).setdefault(kind, []).append(hook)
    bundle.config["root"]["readonly"] = False


def note(kind):
    """One line in the journal: kind, mount namespace, working directory, state."""
    return 'echo "%s $(busybox readlink /proc/self/ns/mnt) $(pwd) $(cat)" >> $J' % kind


def with_hooks(**scripts):
    def change(bundle):
        for kind, script in scripts.items():
            add_hook(bundle, kind, script)
    return change


class HookCase(ContainerCase):
    def journal(self, bundle):
        path = journal_of(bundle)
        if not os.path.exists(path):
            return []
        with open(path) as file:
            return file.read().splitlines()

    def refused(self, command, *parts, change):
        bundle = self.bundle("/bin/true", change=change)
        name = self.new_id()
        result = self.runtime.refuses(command, "--bundle", bundle.path, name)
        self.assert_one_line(result, *parts)
        self.assertIsNone(self.runtime.status(name))
        self.assert_nothing_left()
        return bundle, result


class Life(HookCase):
    @quick
    def test_order_namespaces_and_state(self):
        def change(bundle):
            bundle.config["annotations"] = {"a.b": "c"}
            for kind in KINDS:
                add_hook(bundle, kind, note(kind))

        name, bundle = self.create("/bin/probe", "sleep", change=change)
        pid = self.pid_of(name)
        self.assertEqual([line.split()[0] for line in self.journal(bundle)], list(KINDS[:3]))
        self.runtime.ok("start", name)
        self.assertEqual([line.split()[0] for line in self.journal(bundle)], list(KINDS[:5]))
        inside = os.readlink("/proc/%d/ns/mnt" % pid)
        host = os.readlink("/proc/self/ns/mnt")
        self.end(name)
        lines = [line.split(" ", 3) for line in self.journal(bundle)]
        self.assertEqual([line[0] for line in lines], list(KINDS))
        expected = {
            "prestart": (host, bundle.path, "created", pid), "createRuntime": (host, bundle.path, "created", pid),
            "createContainer": (inside, bundle.rootfs, "created", 1), "startContainer": (inside, "/", "created", 1),
            "poststart": (host, bundle.path, "running", pid), "poststop": (host, bundle.path, "stopped", None)}
        for kind, namespace, directory, text in lines:
            with self.subTest(kind):
                state = json.loads(text)
                self.assertEqual((namespace, directory, state["status"], state.get("pid")), expected[kind])
                self.assertEqual(state["id"], name)
                self.assertEqual(state["bundle"], bundle.path)
                self.assertEqual(state["ociVersion"], bundle.config["ociVersion"])
                self.assertEqual(state["annotations"], {"a.b": "c"})

    @quick
    def test_run(self):
        result_bundle = []

        def change(bundle):
            result_bundle.append(bundle)
            for kind in KINDS:
                add_hook(bundle, kind, "echo %s >> $J" % kind)

        result = self.run_container("/bin/probe", "sleep", "0.3", change=change)
        self.assertEqual((result.status, result.stderr), (0, ""), str(result))
        self.assertEqual(self.journal(result_bundle[0]), list(KINDS))

    def test_several_of_a_kind_in_their_order(self):
        def change(bundle):
            for i in range(3):
                add_hook(bundle, "createRuntime", "echo %d >> $J" % i)

        _, bundle = self.create("/bin/true", change=change)
        self.assertEqual(self.journal(bundle), ["0", "1", "2"])

    def test_environment_and_arguments_are_exactly_those(self):
        def change(bundle):
            add_hook(bundle, "createRuntime", "", args=["env"], env=["ONE=1", "EMPTY="])
            bundle.config["annotations"] = {"run.oci.hooks.stdout": os.path.join(bundle.path, "out")}

        _, bundle = self.create("/bin/true", change=change)
        with open(os.path.join(bundle.path, "out")) as file:
            self.assertEqual(file.read().splitlines(), ["ONE=1", "EMPTY="])

    def test_without_an_environment_of_its_own_it_gets_the_callers(self):
        """That of orlop; inside, that of the container."""
        def change(bundle):
            for kind in KINDS[:4]:
                add_hook(bundle, kind, "busybox env | busybox grep MARK= >> /%s" % "journal" if kind == "startContainer" else
                         "busybox env | busybox grep MARK= >> " + journal_of(bundle))
                del bundle.config["hooks"][kind][0]["env"]
            bundle.process["env"] = ["PATH=/bin", "MARK=inside"]

        os.environ["MARK"] = "outside"
        self.addCleanup(os.environ.pop, "MARK")
        name, bundle = self.create("/bin/true", change=change)
        self.runtime.ok("start", name)
        self.assertEqual(self.journal(bundle), ["MARK=outside"] * 3 + ["MARK=inside"])

    def test_each_kind_has_its_own_arguments_and_environment(self):
        def change(bundle):
            for kind in KINDS:
                inside = kind == "startContainer"
                journal = "/journal" if inside else journal_of(bundle)
                add_hook(bundle, kind, "", args=["sh", "-c", 'echo "$0 $KIND" >> $J', "zero-" + kind],
                         env=[PATH, "J=" + journal, "KIND=" + kind])
        bundle = self.bundle("/bin/true", change=change)
        self.assertEqual(self.runtime.call("run", "--bundle", bundle.path, self.new_id()).status, 0)
        self.assertEqual(self.journal(bundle), ["zero-%s %s" % (kind, kind) for kind in KINDS])

    def test_mounts_are_made_and_the_host_is_in_reach(self):
        script = "busybox grep -c ' %s/proc ' /proc/self/mountinfo >> $J; test -d %s && echo host >> $J"
        _, bundle = self.create("/bin/true", change=lambda b: add_hook(
            b, "createContainer", script % (b.rootfs, b.path)))
        self.assertEqual(self.journal(bundle), ["1", "host"])

    def test_createRuntime_finds_the_namespaces_of_init(self):
        script = ("pid=$(busybox sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/'); for n in net pid ipc uts; do "
                  "test $(busybox readlink /proc/$pid/ns/$n) != $(busybox readlink /proc/self/ns/$n) && echo $n >> $J; done")
        _, bundle = self.create("/bin/true", change=with_hooks(createRuntime=script))
        self.assertEqual(self.journal(bundle), ["net", "pid", "ipc", "uts"])

    def test_startContainer_has_the_containers_user(self):
        def change(bundle):
            bundle.process["user"] = {"uid": 1000, "gid": 1000}
            open(journal_of(bundle), "w").close()
            os.chmod(journal_of(bundle), 0o666)
            add_hook(bundle, "startContainer", "busybox id -u >> $J; busybox grep CapEff /proc/self/status >> $J")

        name, bundle = self.create("/bin/true", change=change)
        self.runtime.ok("start", name)
        self.assertEqual(self.journal(bundle), ["1000", "CapEff:\t0000000000000000"])

    def test_a_path_through_a_process(self):
        process = subprocess.Popen([settings.BUSYBOX, "sleep", "60"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for kind in ("createRuntime", "createContainer"):
            _, bundle = self.create("/bin/true", change=lambda b: add_hook(
                b, kind, "echo hello >> $J", path="/proc/%d/exe" % process.pid))
            self.assertEqual(self.journal(bundle), ["hello"], kind)

    def test_no_descriptor_leaks(self):
        ends = os.pipe()
        self.addCleanup(os.close, ends[0])
        self.addCleanup(os.close, ends[1])
        listing = "for f in /proc/self/fd/*; do echo ${f##*/} $(busybox readlink $f); done | busybox grep -v /proc/ >> $J"

        def change(bundle):
            for kind in KINDS:
                add_hook(bundle, kind, listing)
        bundle = self.bundle("/bin/true", change=change)
        self.runtime.ok("run", "--bundle", bundle.path, self.new_id(), pass_fds=ends)
        numbers = {line.split()[0] for line in self.journal(bundle) if " " in line}  # without that of the listing
        self.assertLessEqual(numbers, {"0", "1", "2"}, self.journal(bundle))
        self.assertNotIn("pipe:[%d]" % os.fstat(ends[0]).st_ino, " ".join(self.journal(bundle)))

    def test_configuration_as_it_was_at_create(self):
        name, bundle = self.create("/bin/probe", "sleep", change=with_hooks(
            poststart="echo poststart >> $J", poststop="echo poststop >> $J"))
        bundle.config["hooks"] = {"poststop": [{"path": "/nowhere"}], "poststart": [{"path": "/nowhere"}]}
        bundle.write()
        self.runtime.ok("start", name)
        self.end(name)
        self.assertEqual(self.journal(bundle), ["poststart", "poststop"])

    @quick
    def test_poststop_of_every_way_out(self):
        name, bundle = self.create("/bin/probe", "sleep", change=with_hooks(poststop="echo $0 >> $J"))
        self.runtime.ok("start", name)
        self.runtime.ok("delete", "--force", name)
        self.assertEqual(len(self.journal(bundle)), 1)
        name, bundle = self.create("/bin/true", change=with_hooks(poststop="echo never started >> $J"))
        self.runtime.ok("delete", name)
        self.assertEqual(self.journal(bundle), ["never started"])

    def test_the_bundle_may_be_gone_when_poststop_runs(self):
        out = os.path.join(self.directory, "out")
        name, bundle = self.create("/bin/true", change=with_hooks(poststop="pwd > " + out))
        os.rename(bundle.path, bundle.path + ".away")
        self.runtime.ok("delete", name)
        with open(out) as file:
            self.assertEqual(file.read(), "/\n")


class OwnContainer(HookCase):
    def orlop(self, *words):
        return " ".join(self.runtime.argv(*words))

    @quick
    def test_state(self):
        script = self.orlop("state", "$(busybox sed 's/.*\"id\":\"\\([^\"]*\\)\".*/\\1/')") + \
            " | busybox grep -E '\"(pid|status)\"' >> $J"
        for kind, status in (("prestart", "creating"), ("createRuntime", "creating"), ("createContainer", "creating"),
                             ("poststart", "running")):
            with self.subTest(kind):
                name, bundle = self.create("/bin/probe", "sleep", change=with_hooks(**{kind: script}))
                self.runtime.ok("start", name)
                text = " ".join(self.journal(bundle))
                self.assertIn('"%s"' % status, text)
                self.assertIn('"pid": %d' % self.pid_of(name), text)
                self.end(name)

    def told(self, kind, *calls):
        """What these calls on its own container gave to a hook: a status each. None waits for the other."""
        name = self.new_id()
        script = "; ".join("%s >/dev/null 2>>%s.err; echo $? >> $J" % (self.orlop(*(name if word == "ID" else word for word in call)),
                                                                       os.path.join(self.directory, name)) for call in calls)
        bundle = self.bundle("/bin/probe", "sleep", change=with_hooks(**{kind: script}))
        self.runtime.ok("run", "--detach", "--bundle", bundle.path, name, timeout=40)
        with open(os.path.join(self.directory, name + ".err")) as file:
            return name, [int(line) for line in self.journal(bundle)], file.read()

    def test_what_a_running_one_takes(self):
        name, codes, said = self.told("poststart", ("exec", "ID", "/bin/true"), ("ps", "--format", "json", "ID"), ("pause", "ID"),
                                      ("resume", "ID"), ("events", "--stats", "ID"), ("kill", "ID", "0"), ("list",))
        self.assertEqual((codes, said), ([0] * 7, ""))
        self.end(name)

    def test_what_one_in_the_making_takes(self):
        name, codes, said = self.told("createRuntime", ("ps", "--format", "json", "ID"), ("kill", "ID", "0"), ("list",),
                                      ("start", "ID"), ("exec", "ID", "/bin/true"), ("delete", "ID"))
        self.assertEqual(codes, [0, 0, 0, 1, 255, 1], said)
        for text in ("cannot start a container that is being created", "cannot exec in a container that is being created",
                     "that is not stopped: creating"):
            self.assertIn(text, said)
        self.end(name)

    def test_delete_in_poststart(self):
        name, codes, said = self.told("poststart", ("delete", "--force", "ID"))
        self.assertEqual((codes, said, self.runtime.status(name)), ([0], "", None))
        self.assert_nothing_left()

    def test_kill(self):
        name = self.new_id()
        bundle = self.bundle("/bin/true", change=with_hooks(createRuntime=self.orlop("kill", name, "KILL")))
        result = self.runtime.refuses("create", "--bundle", bundle.path, name)
        self.assert_one_line(result, "killed by SIGKILL")
        self.assertIsNone(self.runtime.status(name))
        self.assert_nothing_left()

    def test_from_another_pid_namespace(self):
        """A hook in the container's namespaces has the host's /proc before it, with numbers that mean nobody there, or
        somebody else. It is told so; to call the container dead would be wrong."""
        for words in (("kill", "ID", "KILL"), ("delete", "--force", "ID")):
            with self.subTest(words[0]):
                name, codes, said = self.told("createContainer", ("state", "ID"), words)
                self.assertEqual(codes, [0, 1], said)
                self.assertIn("out of reach", said)
                self.assertEqual(self.runtime.status(name), "running")
                self.end(name)

    def test_kill_in_poststart(self):
        name = self.new_id()
        bundle = self.bundle("/bin/probe", "sleep", change=with_hooks(poststart=self.orlop("kill", name, "KILL")))
        self.runtime.ok("create", "--bundle", bundle.path, name)
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)

    def test_poststop_finds_nothing(self):
        name = self.new_id()
        bundle = self.bundle("/bin/true", change=with_hooks(poststop=self.orlop("state", name) + " 2>> $J"))
        self.runtime.ok("create", "--bundle", bundle.path, name)
        self.assertIn("hooks.poststop[0]", self.runtime.ok("delete", name).stderr)
        self.assertIn("does not exist", " ".join(self.journal(bundle)))


class Failures(HookCase):
    @quick
    def test_a_hook_that_fails_undoes_the_container(self):
        for kind in KINDS[:3]:
            for command in ("create", "run"):
                with self.subTest(kind + " " + command):
                    bundle, result = self.refused(
                        command, "hooks.%s[0]" % kind, "error running %s hook #0: %s hook failed with exit code 3: \"no \\\"luck\\\"\\u000aat all\"" % (kind, kind),
                        change=with_hooks(**{kind: "echo 'no \"luck\"' >&2; echo at all; exit 3",
                                             "poststop": "echo poststop >> $J"}))
                    self.assertEqual(result.status, 1)
                    self.assertEqual(self.journal(bundle), ["poststop"])

    def test_what_comes_behind_is_not_run(self):
        def change(bundle):
            for script in ("echo 0 >> $J", "false", "echo 2 >> $J"):
                add_hook(bundle, "prestart", script)
            add_hook(bundle, "createRuntime", "echo createRuntime >> $J")
        bundle, _ = self.refused("create", "hooks.prestart[1] ", "error running prestart hook #1: prestart hook failed with exit code 1", change=change)
        self.assertEqual(self.journal(bundle), ["0"])

    def test_startContainer(self):
        name, bundle = self.create("/bin/probe", "say", "ran", change=with_hooks(
            startContainer="echo sad >&2; exit 4", poststop="echo poststop >> $J"))
        result = self.runtime.refuses("start", name)
        self.assert_one_line(result, "hooks.startContainer[0] /bin/busybox: error running startContainer hook #0: startContainer hook failed with exit code 4: \"sad\"")
        self.runtime.wait_for(name, "stopped")
        self.assertEqual(self.output_of(name), "")
        self.runtime.ok("delete", name)
        self.assertEqual(self.journal(bundle), ["poststop"])
        self.refused("run", "hooks.startContainer[0]", change=with_hooks(startContainer="exit 1"))

    @quick
    def test_poststart(self):
        name, bundle = self.create("/bin/probe", "sleep", change=with_hooks(
            poststart="exit 5", poststop="echo poststop >> $J"))
        self.assert_one_line(self.runtime.refuses("start", name), "hooks.poststart[0]", "poststart hook failed with exit code 5")
        self.assertIsNone(self.runtime.status(name))
        self.assertEqual(self.journal(bundle), ["poststop"])
        for words in (("run",), ("run", "--detach")):
            bundle = self.bundle("/bin/probe", "sleep", change=with_hooks(
                poststart="exit 5", poststop="echo poststop >> $J"))
            self.assert_one_line(self.runtime.refuses(*words, "--bundle", bundle.path, self.new_id()), "hooks.poststart[0]")
            self.assert_nothing_left()
            self.assertEqual(self.journal(bundle), ["poststop"])

    @quick
    def test_poststop_only_warns(self):
        def change(bundle):
            add_hook(bundle, "poststop", "echo oh >&2; exit 6")
            add_hook(bundle, "poststop", "", path="/nowhere")
            add_hook(bundle, "poststop", "echo third >> $J")
        name, bundle = self.create("/bin/true", change=change)
        text = self.runtime.ok("delete", name).stderr
        self.assertIn("level=warning", text)
        self.assertIn("hooks.poststop[0] %s: error running poststop hook #0: poststop hook failed with exit code 6" % settings.BUSYBOX, text)
        self.assertIn("hooks.poststop[1] /nowhere: error running poststop hook #1: execve(", text)
        self.assertEqual(self.journal(bundle), ["third"])
        self.assertIsNone(self.runtime.status(name))

    def test_missing_or_not_executable(self):
        for kind in KINDS[:3]:
            for path, text in (("/nowhere", "no such file or directory"), ("/etc/passwd", "permission denied")):
                with self.subTest(kind + " " + path):
                    self.refused("create", "hooks.%s[0] %s: error running %s hook #0: execve(" % (kind, path, kind), text,
                                 change=lambda b: add_hook(b, kind, "", path=path))

    def test_missing_or_not_executable_behind_create(self):
        for path, text in (("/nowhere", "no such file or directory"), ("/etc/passwd", "permission denied")):
            with self.subTest(path):
                name, _ = self.create("/bin/true", change=lambda b: add_hook(b, "startContainer", "", path=path))
                self.assert_one_line(self.runtime.refuses("start", name), text, "hooks.startContainer[0] %s: error running "
                                     "startContainer hook #0: execve(" % path)
                self.runtime.wait_for(name, "stopped")
                self.runtime.ok("delete", name)
                self.refused("run", text, "hooks.poststart[0] %s: error running poststart hook #0: execve(" % path,
                             change=lambda b: add_hook(b, "poststart", "", path=path))

    def test_killed_by_a_signal(self):
        self.refused("create", "hooks.prestart[0]", "was killed by SIGSEGV", change=with_hooks(prestart="kill -SEGV $$"))

    @quick
    def test_a_hook_that_hangs(self):
        for kind in ("createRuntime", "createContainer"):
            with self.subTest(kind):
                begin = time.monotonic()
                self.refused("create", "hooks.%s[0]" % kind, "timeout of 1 s", "\"begun\"", change=lambda b: add_hook(
                    b, kind, "echo begun; sleep 70 & sleep 70", timeout=1))
                self.assertLess(time.monotonic() - begin, 15)

    def test_its_children_are_killed_with_it(self):
        """The whole group: what it has put into the background, and what does not listen to SIGTERM."""
        for kind in ("prestart", "createRuntime", "poststart", "poststop"):
            with self.subTest(kind):
                bundle = self.bundle("/bin/true", change=lambda b: add_hook(
                    b, kind, "trap '' TERM HUP; sleep 70 & echo $! >> $J; (sleep 71; true) & echo $! >> $J; sleep 72", timeout=1))
                self.runtime.call("run", "--bundle", bundle.path, self.new_id())
                pids = [int(line) for line in self.journal(bundle)]
                self.assertEqual(len(pids), 2)
                for pid in pids:
                    self.wait_dead(pid)

    def test_one_of_a_later_kind_that_hangs(self):
        """Behind create: startContainer and poststart fail the run, poststop is a warning."""
        for kind, status in (("prestart", 1), ("startContainer", 1), ("poststart", 1), ("poststop", 0)):
            with self.subTest(kind):
                bundle = self.bundle("/bin/sleep", "1", change=lambda b: add_hook(b, kind, "sleep 70 & sleep 70", timeout=1))
                begin = time.monotonic()
                result = self.runtime.call("run", "--bundle", bundle.path, self.new_id())
                self.assertEqual(result.status, status, str(result))
                self.assertIn("hooks.%s[0]" % kind, result.stderr)
                self.assertIn("timeout of 1 s", result.stderr)
                self.assertLess(time.monotonic() - begin, 15)
        self.assert_nothing_left()

    def test_a_bad_place_in_the_configuration(self):
        self.refused("create", "config.json:", "hooks.createRuntime[0].path", "is not an absolute path",
                     change=lambda b: add_hook(b, "createRuntime", "", path="bin/true"))
        self.refused("create", "config.json:", "hooks.createRuntime[0].timeout", "has to be above 0",
                     change=lambda b: add_hook(b, "createRuntime", "", timeout=0))

    def test_an_interrupted_create(self):
        bundle = self.bundle("/bin/true", change=with_hooks(
            createRuntime="echo begun >> $J; sleep 70", poststop="echo poststop >> $J"))
        create = subprocess.Popen(self.runtime.argv("create", "--bundle", bundle.path, self.new_id()),
                                  stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=program.environment())
        self.addCleanup(create.stderr.close)
        program.until(lambda: self.journal(bundle), "the hook begins")
        create.send_signal(signal.SIGTERM)
        self.assertEqual(create.wait(10), 128 + signal.SIGTERM)
        self.assertIn(b"interrupted by SIGTERM", create.stderr.read())
        self.assertEqual(self.journal(bundle), ["begun", "poststop"])
        self.assert_nothing_left()

    def test_a_killed_create_takes_its_hook_along(self):
        bundle = self.bundle("/bin/true", change=with_hooks(createRuntime="echo $$ >> $J; exec sleep 70"))
        name = self.new_id()
        create = subprocess.Popen(self.runtime.argv("create", "--bundle", bundle.path, name),
                                  stdin=subprocess.DEVNULL, env=program.environment())
        pid = int(program.until(lambda: self.journal(bundle), "the hook begins")[0])
        create.kill()
        create.wait(10)
        self.wait_dead(pid)
        self.runtime.ok("delete", "--force", name)
        self.assert_nothing_left()


class Output(HookCase):
    def test_a_daemon_does_not_hold_us(self):
        for kind in ("createRuntime", "createContainer", "poststart"):
            with self.subTest(kind):
                begin = time.monotonic()
                name, bundle = self.create("/bin/probe", "sleep", change=with_hooks(**{kind: "sleep 71 & echo $! >> $J"}))
                self.runtime.ok("start", name)
                self.assertLess(time.monotonic() - begin, 15)
                self.end(name)
                if kind != "createContainer":  # that one died with the pid namespace
                    os.kill(int(self.journal(bundle)[0]), signal.SIGKILL)

    def test_a_daemon_of_a_session_of_its_own(self):
        """With its standard error open; it outlives the call where its pid namespace does, and no call waits for it."""
        for kind in KINDS:
            with self.subTest(kind):
                bundle = self.bundle("/bin/true", change=lambda b: add_hook(
                    b, kind, "/bin/busybox setsid /bin/busybox sleep 73 </dev/null & echo $! >> $J"))
                begin = time.monotonic()
                result = self.runtime.call("run", "--bundle", bundle.path, self.new_id())
                self.assertEqual((result.status, result.stderr), (0, ""))
                self.assertLess(time.monotonic() - begin, 15)
                if kind not in ("createContainer", "startContainer"):
                    pid = int(self.journal(bundle)[0])
                    self.assertTrue(program.alive(pid))
                    os.kill(pid, signal.SIGKILL)
                    self.wait_dead(pid)

    def test_much_output_is_no_error(self):
        self.create("/bin/true", change=with_hooks(
            createRuntime="i=0; while [ $i -lt 9000 ]; do echo line $i of a long story; i=$((i+1)); done"))

    @quick
    def test_files(self):
        def change(bundle):
            bundle.config["annotations"] = {"run.oci.hooks.stdout": os.path.join(bundle.path, "out"),
                                            "run.oci.hooks.stderr": os.path.join(bundle.path, "err")}
            for kind in KINDS:
                add_hook(bundle, kind, "echo %s; echo no %s >&2" % (kind, kind))
        name, bundle = self.create("/bin/probe", "sleep", change=change)
        self.runtime.ok("start", name)
        self.end(name)
        for file, start in (("out", ""), ("err", "no ")):
            with open(os.path.join(bundle.path, file)) as text:
                self.assertEqual(text.read().splitlines(), [start + kind for kind in KINDS])

    def test_a_relative_file(self):
        def change(bundle):
            bundle.config["annotations"] = {"run.oci.hooks.stdout": "out"}
            add_hook(bundle, "prestart", "")
        self.refused("create", "config.json:", "run.oci.hooks.stdout", "is not an absolute path", change=change)


if __name__ == "__main__":
    runner.main()

#!/usr/bin/python3
"""create, start, run, delete: what each does, when it is refused, and with which words."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import program, runner  # noqa: E402
from harness.case import ContainerCase, quick  # noqa: E402


class Lifecycle(ContainerCase):
    @quick
    def test_from_create_to_delete(self):
        name, _ = self.create("/bin/probe", "say", "hello", "+", "sleep")
        self.assertEqual(self.runtime.status(name), "created")
        self.assertEqual(self.output_of(name), "", "nothing runs before start")
        self.runtime.ok("start", name)
        self.wait_for_output(name, "hello\n")
        self.assertEqual(self.runtime.status(name), "running")
        self.runtime.ok("kill", name, "KILL")
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)
        self.assertIsNone(self.runtime.status(name))
        self.assert_nothing_left()

    @quick
    def test_calls_that_succeed_say_nothing(self):
        name, _ = self.create("/bin/probe", "sleep")
        calls = [self.creations[name], self.runtime.ok("start", name), self.runtime.ok("kill", name, "KILL")]
        self.runtime.wait_for(name, "stopped")
        calls.append(self.runtime.ok("delete", name))
        for call in calls:
            self.assertEqual((call.stdout, call.stderr), ("", ""), str(call))

    def test_a_process_that_ends_by_itself(self):
        name, _ = self.create("/bin/true")
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)

    @quick
    def test_start_twice(self):
        name = self.start_sleeper()
        result = self.runtime.refuses("start", name)
        self.assert_one_line(result, "cannot start an already running container")
        self.assertEqual(result.status, 1)
        self.end(name)

    def test_a_record_of_another_boot(self):
        """Its init's pid is somebody else's by now. On a tmpfs there is none."""
        os.makedirs(self.runtime.root, exist_ok=True)
        name = self.start_sleeper()
        path = os.path.join(self.runtime.root, name, "state.json")
        with open(path) as file:
            record = json.load(file)
        file_system = program.run(["stat", "-f", "-c", "%T", self.runtime.root]).stdout.strip()
        with open("/proc/sys/kernel/random/boot_id") as file:
            self.assertEqual(record["bootId"], "" if file_system == "tmpfs" else file.read().strip())
        with open(path, "w") as file:
            json.dump(record | {"bootId": "00000000-0000-0000-0000-000000000000"}, file)
        self.assertEqual(self.runtime.status(name), "stopped")
        with open(path, "w") as file:
            json.dump(record, file)
        self.assertEqual(self.runtime.status(name), "running")
        self.end(name)

    def test_start_after_the_end(self):
        name, _ = self.create("/bin/true")
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        self.assert_one_line(self.runtime.refuses("start", name), "cannot start a container that has stopped")

    def test_start_of_a_container_whose_init_was_killed_before(self):
        name, _ = self.create("/bin/true")
        self.runtime.ok("kill", name, "KILL")
        self.runtime.wait_for(name, "stopped")
        self.assert_one_line(self.runtime.refuses("start", name), "cannot start a container that has stopped")

    @quick
    def test_a_missing_container(self):
        for words in (("start",), ("state",), ("kill",), ("delete",)):
            with self.subTest(words[0]):
                result = self.runtime.refuses(*words, "nobody")
                self.assertEqual(result.status, 1)
                self.assert_one_line(result, "container does not exist")
                self.assertEqual(result.stdout, "")

    @quick
    def test_an_id_that_exists(self):
        name, bundle = self.create("/bin/probe", "sleep")
        for command in ("create", "run"):
            result = self.runtime.refuses(command, "--bundle", bundle.path, name)
            self.assert_one_line(result, "exist")
        # The refusal must not have touched the first one.
        self.assertEqual(self.runtime.status(name), "created")
        self.runtime.ok("start", name)
        self.end(name)

    def test_an_id_can_be_used_again(self):
        bundle = self.bundle("/bin/true")
        name = self.new_id()
        for _ in range(3):
            self.runtime.ok("create", "--bundle", bundle.path, name)
            self.runtime.ok("start", name)
            self.runtime.wait_for(name, "stopped")
            self.runtime.ok("delete", name)

    @quick
    def test_bundle_changes_after_create_are_ignored(self):
        name, bundle = self.create("/bin/probe", "say", "first")
        bundle.process["args"] = ["/bin/probe", "say", "second"]
        bundle.config["hostname"] = "other"
        bundle.write()
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        self.assertEqual(self.output_of(name), "first\n")

    def test_bundle_removed_after_create(self):
        name, bundle = self.create("/bin/probe", "say", "still here")
        os.unlink(os.path.join(bundle.path, "config.json"))
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        self.assertEqual(self.output_of(name), "still here\n")
        self.runtime.ok("delete", name)

    def test_the_bundle_is_the_current_directory_by_default(self):
        bundle = self.bundle("/bin/probe", "say", "here")
        self.assertEqual(self.runtime.ok("run", self.new_id(), cwd=bundle.path).stdout, "here\n")

    def test_a_relative_bundle(self):
        bundle = self.bundle("/bin/probe", "sleep")
        name = self.new_id()
        self.runtime.ok("create", "--bundle", os.path.basename(bundle.path), name, cwd=self.directory)
        self.assertEqual(self.runtime.state(name)["bundle"], bundle.path)
        self.runtime.ok("start", name, cwd="/")
        self.end(name)

    def test_two_creates_of_one_id_at_once(self):
        bundle = self.bundle("/bin/probe", "sleep")
        name = self.new_id()
        argv = self.runtime.argv("create", "--bundle", bundle.path, name)
        quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        racers = [subprocess.Popen(argv, **quiet) for _ in range(6)]
        self.assertEqual(sorted(racer.wait(20) for racer in racers).count(0), 1)
        self.assertEqual(self.runtime.status(name), "created")
        self.runtime.ok("start", name)
        self.end(name)

    def test_init_belongs_to_the_callers_subreaper(self):
        """A monitor waits for the container: no process of the runtime may stay between them."""
        name, _ = self.create("/bin/probe", "sleep")
        pid = self.pid_of(name)
        with open("/proc/%d/stat" % pid) as file:
            self.assertEqual(int(file.read().rpartition(")")[2].split()[1]), os.getppid())
        self.runtime.ok("start", name)
        self.assertEqual(self.pid_of(name), pid, "start must not change the process")
        self.end(name)

    def test_a_long_state_root(self):
        """Longer than a socket's address may be."""
        self.runtime.root = os.path.join(self.directory, "r" * 100, "s" * 100)
        name, _ = self.create("/bin/probe", "say", "deep")
        self.runtime.ok("start", name)
        self.runtime.wait_for(name, "stopped")
        self.assertEqual(self.output_of(name), "deep\n")
        self.runtime.ok("delete", name)


class Delete(ContainerCase):
    @quick
    def test_running_is_refused(self):
        name = self.start_sleeper()
        result = self.runtime.refuses("delete", name)
        text = "cannot delete container %s that is not stopped: running" % name
        self.assert_one_line(result, text)
        self.assertEqual(self.runtime.status(name), "running")
        self.end(name)

    @quick
    def test_force_ends_a_running_one(self):
        name = self.start_sleeper()
        pid = self.pid_of(name)
        result = self.runtime.ok("delete", "--force", name)
        self.assertEqual((result.stdout, result.stderr), ("", ""))
        self.assertFalse(program.alive(pid))
        self.assert_nothing_left()

    def test_force_ends_a_created_one(self):
        name, _ = self.create("/bin/true")
        self.runtime.ok("delete", "-f", name)
        self.assert_nothing_left()

    def test_a_created_one_may_be_deleted(self):
        """As runc does; engines rely on it after a failed start."""
        name, _ = self.create("/bin/true")
        self.runtime.ok("delete", name)
        self.assert_nothing_left()

    @quick
    def test_force_on_a_missing_id(self):
        result = self.runtime.ok("delete", "--force", "nobody")
        self.assertEqual((result.stdout, result.stderr), ("", ""))

    def test_options_after_the_id(self):
        name = self.start_sleeper()
        self.runtime.ok("delete", name, "--force")
        self.assertIsNone(self.runtime.status(name))

    def test_processes_that_outlive_init_are_killed(self):
        """In the host's pid namespace the kernel does not end them with init."""
        name = self.start_sleeper(
            change=lambda bundle: bundle.drop_namespace("pid"), args=("/bin/probe", "spawn", "3", "300"))
        self.runtime.wait_for(name, "stopped")
        self.wait_for_output(name, "]")
        children = json.loads(self.output_of(name))
        self.assertTrue(all(program.alive(pid) for pid in children))
        self.runtime.ok("delete", name)
        self.assertFalse([pid for pid in children if program.alive(pid)])
        self.assert_nothing_left()

    def test_two_deletes_at_once(self):
        name, _ = self.create("/bin/true")
        argv = self.runtime.argv("delete", "--force", name)
        racers = [subprocess.Popen(argv, stdin=subprocess.DEVNULL) for _ in range(4)]
        self.assertEqual([racer.wait(20) for racer in racers], [0] * 4)
        self.assert_nothing_left()


class Run(ContainerCase):
    @quick
    def test_foreground_leaves_nothing(self):
        result = self.run_container("/bin/probe", "say", "ahoy")
        self.assertEqual((result.status, result.stdout, result.stderr), (0, "ahoy\n", ""))
        self.assert_nothing_left()

    def test_keep(self):
        bundle = self.bundle("/bin/probe", "exit", "3")
        name = self.new_id()
        self.assertEqual(self.runtime.call("run", "--keep", "--bundle", bundle.path, name).status, 3)
        state = self.runtime.state(name)
        self.assertEqual((state["status"], state["pid"]), ("stopped", 0))
        self.runtime.ok("delete", name)
        self.assert_nothing_left()

    @quick
    def test_detach(self):
        bundle = self.bundle("/bin/probe", "sleep")
        name = self.new_id()
        self.runtime.ok("run", "--detach", "--bundle", bundle.path, name)
        self.assertEqual(self.runtime.status(name), "running")
        with open("/proc/%d/stat" % self.pid_of(name)) as file:
            self.assertEqual(int(file.read().rpartition(")")[2].split()[1]), os.getppid())
        self.end(name)
        self.assert_nothing_left()

    def test_detach_keeps_the_state_of_a_short_one(self):
        bundle = self.bundle("/bin/true")
        name = self.new_id()
        self.runtime.ok("run", "-d", "--bundle", bundle.path, name)
        self.runtime.wait_for(name, "stopped")
        self.runtime.ok("delete", name)

    def test_several_at_once(self):
        bundle = self.bundle("/bin/probe", "say", "ahoy")
        argvs = [self.runtime.argv("run", "--bundle", bundle.path, self.new_id()) for _ in range(10)]
        processes = [subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) for argv in argvs]
        for process in processes:
            output, _ = process.communicate(timeout=30)
            self.assertEqual((process.returncode, output), (0, b"ahoy\n"))


class PidFile(ContainerCase):
    def path(self):
        directory = os.path.join(self.directory, "pids")
        os.makedirs(directory, exist_ok=True)
        return os.path.join(directory, "pid")

    @quick
    def test_content_is_the_pid_without_a_newline(self):
        for words in (("create",), ("run", "--detach")):
            name = self.new_id()
            bundle = self.bundle("/bin/probe", "sleep")
            self.runtime.ok(*words, "--bundle", bundle.path, "--pid-file", self.path(), name)
            with open(self.path()) as file:
                self.assertEqual(file.read(), str(self.pid_of(name)))
            self.runtime.ok("delete", "--force", name)

    def test_it_is_replaced_in_one_step(self):
        """A reader sees the old file or the new one, never half: a second link to the old one keeps its content."""
        with open(self.path(), "w") as file:
            file.write("old")
        os.link(self.path(), self.path() + ".link")
        self.create("/bin/true", words=("--pid-file", self.path()))
        with open(self.path() + ".link") as file:
            self.assertEqual(file.read(), "old")
        self.assertEqual(sorted(os.listdir(os.path.dirname(self.path()))), ["pid", "pid.link"])

    def test_it_is_there_when_run_has_ended(self):
        self.run_container("/bin/true", words=("--pid-file", self.path()))
        with open(self.path()) as file:
            self.assertTrue(file.read().isdigit())

    def test_one_that_cannot_be_written_fails_create(self):
        bundle = self.bundle("/bin/true")
        path = os.path.join(self.directory, "missing", "pid")
        result = self.runtime.refuses("create", "--bundle", bundle.path, "--pid-file", path, self.new_id())
        self.assert_one_line(result, "no such file or directory", os.path.dirname(path))
        self.assert_nothing_left()

    def test_a_failed_create_writes_none(self):
        bundle = self.bundle("/nope")
        self.runtime.refuses("create", "--bundle", bundle.path, "--pid-file", self.path(), self.new_id())
        self.assertEqual(os.listdir(os.path.dirname(self.path())), [])


if __name__ == "__main__":
    runner.main()

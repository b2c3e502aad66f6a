#!/usr/bin/python3
"""Compares orlop with the bare system calls of the same container (the floor) and with crun and runc."""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile

import budget
import leftover
import many_bench
import measure
import profile
import report
import spread
import subject
import view
from bundle import FILTERED, Bundle
from subject import Subject

TOOLS = ("floor", "enter", "stopwatch", "weigh", "empty")
ROUNDS, QUICK_ROUNDS = 300, 30
IDLE_MS = 100
# Whole idle rounds are so slow that a third of them has to do; a round of start-ups costs next to nothing.
IDLE_SHARE = 3
START_UP_ROUNDS = 200
MEMORY_RUNS = 3
# In the race of filters these two run without one.
PLAIN_NAMES = {"orlop": "orlop, no profile", "floor": "floor"}


class Refusal(Exception):
    pass


def read_arguments():
    parser = argparse.ArgumentParser(prog="contrib/bench", description=__doc__)
    parser.add_argument("--view", choices=view.NAMES + ("all",), default="v1", help="layout of the cgroups (default: v1)")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"rounds back to back, and a third of them after idle "
                        f"(default: {ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="about ten seconds for a view, and rougher")
    parser.add_argument("--many", action="store_true", help=f"instead: {many_bench.ONE_BY_ONE} containers one after another, "
                        f"then {many_bench.AT_ONCE} at once; does the last cost what the first did, and is anything left? "
                        f"(with --quick: {many_bench.QUICK_ONE_BY_ONE} and {many_bench.QUICK_AT_ONCE})")
    parser.add_argument("--only", metavar="NAMES", help="a comma-separated choice of orlop,floor,crun,runc")
    parser.add_argument("--check", action="store_true", help="exit with 1 where orlop misses its budget")
    parser.add_argument("--json", metavar="FILE", help="write the results there too; - writes them to stdout, "
                        "and the text to stderr")
    parser.add_argument("--orlop", metavar="PATH", help="measure this program")
    parser.add_argument("--floor", metavar="PATH", help="compare with this floor")
    parser.add_argument("--tools", metavar="DIR", help=f"where {', '.join(TOOLS)} are (default: DIR of --build/tests/bench)")
    parser.add_argument("--build", metavar="DIR", required=True, help="build directory (default: build); it is made "
                        "and brought up to date unless --orlop and --tools say that it is not needed")
    arguments = parser.parse_args()
    if arguments.rounds is not None and arguments.rounds < 2:
        parser.error("--rounds: at least 2")
    return arguments


# --- who is measured ---


def _from_build(directory, file):
    try:
        with open(os.path.join(directory, "meson-info", file), encoding="utf-8") as data:
            return json.load(data)
    except FileNotFoundError as error:
        raise Refusal(f"{directory} is not a build directory: give --build, or --orlop and --tools") from error


def _built_orlop(directory):
    for target in _from_build(directory, "intro-targets.json"):
        if target["name"] == "orlop" and target["type"] == "executable":
            return target["filename"][0]
    raise Refusal(f"{directory} builds no orlop: give --orlop")


def _build_warnings(directory):
    options = {option["name"]: option["value"] for option in _from_build(directory, "intro-buildoptions.json")}
    if options["buildtype"] != "release" or options["b_sanitize"] != "none":
        yield f"{directory} is not a release build (buildtype={options['buildtype']}, b_sanitize={options['b_sanitize']})"


def _tools(arguments):
    directory = os.path.abspath(arguments.tools or os.path.join(arguments.build, "tests/bench"))
    tools = {name: os.path.join(directory, name) for name in TOOLS}
    if arguments.floor:
        tools["floor"] = os.path.abspath(arguments.floor)
    for path in tools.values():
        if not os.access(path, os.X_OK):
            raise Refusal(f"{path} is not there: build it, or give --tools")
    return tools


def _wanted(arguments):
    if arguments.only is None:
        return subject.NAMES
    wanted = arguments.only.split(",")
    if unknown := set(wanted) - set(subject.NAMES):
        raise Refusal(f"--only: {', '.join(sorted(unknown))}: not one of {', '.join(subject.NAMES)}")
    return [name for name in subject.NAMES if name in wanted]


def _path_of(name, arguments, tools):
    if name == "floor":
        return tools["floor"]
    if name in subject.PEERS:
        return subject.find_peer(name)
    return os.path.abspath(arguments.orlop or _built_orlop(arguments.build))


def choose_subjects(arguments, tools, warnings):
    chosen = []
    for name in _wanted(arguments):
        path = _path_of(name, arguments, tools)
        if path is not None and os.access(path, os.X_OK):
            chosen.append(Subject(name, path))
        elif name not in subject.PEERS:
            raise Refusal(f"{name}: {path} is not there")
        elif arguments.check:
            raise Refusal(f"--check needs {name}: apt install {name} (or leave it out with --only)")
        else:
            warnings.append(f"{name} is not installed, so not compared: apt install {name}")
    return chosen


def _config_writer(chosen):
    """runc if it is there; orlop's `spec` has to write the same."""
    if runc := subject.find_peer("runc"):
        return runc
    paths = {one.name: one.path for one in chosen}
    if "orlop" not in paths:
        raise Refusal("nobody can write the config: apt install runc")
    return paths["orlop"]


# --- one view ---


def _kind(samples, names):
    walls = {name: [sample.wall_us for sample in runs] for name, runs in zip(names, samples)}
    result = {
        "rounds": len(samples[0]),
        "wall_us": {name: spread.of(wall) for name, wall in walls.items()},
        "cpu_us": {name: spread.of([sample.cpu_us for sample in runs]) for name, runs in zip(names, samples)},
        "to_floor": {},
        "orlop_against": {},
    }
    if "floor" in walls:
        result["to_floor"] = {name: spread.ratio(wall, walls["floor"]) for name, wall in walls.items() if name != "floor"}
    if "orlop" in walls:
        for name, wall in walls.items():
            if name == "orlop":
                continue
            pair = (walls["orlop"], wall) if name == "floor" else (wall, walls["orlop"])
            result["orlop_against"][name] = spread.ratio(*pair)
    return result


def _filtered(samples, names):
    """`cost_to_floor`: what the profile adds to orlop's run, in floors."""
    walls = {name: [sample.wall_us for sample in runs] for name, runs in zip(names, samples)}
    result = {"rounds": len(samples[0]), "wall_us": {name: spread.of(wall) for name, wall in walls.items()},
              "orlop_against": {name: spread.ratio(walls[name], walls["orlop"]) for name in walls
                                if name in subject.PEERS}}
    if "floor" in walls:
        added = [with_it - without for with_it, without in zip(walls["orlop"], walls["orlop, no profile"])]
        result["cost_to_floor"] = spread.of([cost / floor for cost, floor in zip(added, walls["floor"])])
    return result


class ViewBench:
    """Everything that is measured in one view."""

    def __init__(self, name, chosen, bundle, tools, identifier):
        self.name = name
        self._bundle = bundle
        self._tools = tools
        self._identifier = identifier
        self.left_out = {}
        self.subjects = [one for one in chosen if self._can_run(one)]

    def _can_run(self, one):
        """On v1 all have to. Elsewhere a peer may be unable to: crun refuses hybrid hosts, and crun 1.8 wants to raise
        RLIMIT_MEMLOCK on v2, for which many machines do not give the right."""
        command = one.command(self._bundle, self.name, f"{self._identifier}-{one.name}-tried")
        failure = measure.try_out(self.name, command)
        if failure is None:
            return True
        if self.name == "v1" or one.name not in subject.PEERS:
            raise Refusal(failure)
        self.left_out[one.name] = failure
        return False

    def _times(self, commands, rounds, idle_ms, containers=()):
        return measure.times(self._tools["stopwatch"], self.name, commands, rounds, idle_ms, self._identifier, containers)

    def _race(self, rounds, idle_ms):
        commands = [one.command(self._bundle, self.name) for one in self.subjects]
        return _kind(self._times(commands, rounds, idle_ms), [one.name for one in self.subjects])

    def _exec_race(self, rounds, idle_ms):
        """Everybody in a container of his own; the floor in that of the first, as it can start none that stays."""
        runtimes = [one for one in self.subjects if one.name != "floor"]
        identifiers = [f"{self._identifier}-{one.name}-entered" for one in runtimes]
        containers = [one.staying_container(self._bundle, self.name, name) for one, name in zip(runtimes, identifiers)]
        commands = [one.exec_command(name) for one, name in zip(runtimes, identifiers)]
        names = [one.name for one in runtimes]
        if len(runtimes) < len(self.subjects):
            commands.append(subject.enter_command(self._tools["enter"], self.name, identifiers[0], "{pid 0}"))
            names.append("floor")
        return _kind(self._times(commands, rounds, idle_ms, containers), names)

    def _filter_race(self, rounds):
        """The runtimes with Podman's profile, and orlop and the floor without one."""
        subjects = {one.name: one for one in self.subjects}
        if "orlop" not in subjects or profile.obstacle():
            return None
        filtered = [one for one in self.subjects if one.name != "floor"]
        plain = [subjects[name] for name in ("orlop", "floor") if name in subjects]
        commands = [one.command(self._bundle, self.name, kind=FILTERED) for one in filtered]
        commands += [one.command(self._bundle, self.name) for one in plain]
        names = [one.name for one in filtered] + [PLAIN_NAMES[one.name] for one in plain]
        return _filtered(self._times(commands, rounds, 0), names)

    def _memory(self, one):
        runs = []
        for number in range(MEMORY_RUNS):
            command = one.command(self._bundle, self.name, f"{self._identifier}-{one.name}-weighed-{number}")
            runs.append(measure.peak_memory(self._tools["weigh"], self.name, self._bundle.payload, command))
        return {key: max(run[key] for run in runs) for key in runs[0]}

    def _calls(self, one, strace):
        command = one.command(self._bundle, self.name, f"{self._identifier}-{one.name}-traced")
        return measure.system_calls(strace, self.name, command)

    def _left_behind(self):
        """By the subject's name: the stopwatch knows only its number."""
        left = []
        for name in leftover.remove(self._identifier):
            tail = name[len(self._identifier) + 1:]
            number = tail.split("-")[0]
            left.append(f"{self._identifier}-{self.subjects[int(number)].name}" if number.isdigit() else name)
        return sorted(left)

    def run(self, rounds, show):
        result = {"config_sha256": self._bundle.digest(self.name), "left_out": self.left_out, "kinds": {}}
        show(report.left_out(self.name, self.left_out))
        for title, idle_ms, share in ((budget.BACK_TO_BACK, 0, 1), (budget.AFTER_IDLE, IDLE_MS, IDLE_SHARE)):
            kind = self._race(max(rounds // share, 2), idle_ms)
            result["kinds"][title] = kind
            show(report.kind_table(self.name, title, kind))
        result["filtered"] = self._filter_race(rounds)
        show(report.filter_table(self.name, result["filtered"]) if result["filtered"] else [])
        result["exec_kinds"] = {}
        for title, idle_ms, share in ((budget.BACK_TO_BACK, 0, 1), (budget.AFTER_IDLE, IDLE_MS, IDLE_SHARE)):
            kind = self._exec_race(max(rounds // share, 2), idle_ms)
            result["exec_kinds"][title] = kind
            show(report.kind_table(self.name, f"exec, {title}", kind))
        strace = shutil.which("strace")
        result["memory"] = {one.name: self._memory(one) for one in self.subjects}
        result["system_calls"] = {one.name: self._calls(one, strace) for one in self.subjects} if strace else {}
        result["left_behind"] = self._left_behind()
        show(report.cost_table(self.name, result))
        return result


# --- the whole ---


def start_up(orlop, tools, view_name, rounds):
    commands = [[orlop.path, "--version"], [tools["empty"]]]
    samples = measure.times(tools["stopwatch"], view_name, commands, max(rounds, START_UP_ROUNDS), 0, "start-up")
    own, empty = ([sample.wall_us for sample in runs] for runs in samples)
    return {"orlop_us": spread.of(own), "empty_us": spread.of(empty), "ratio": spread.ratio(own, empty)}


def _host():
    kernel = os.uname()
    return {"kernel": kernel.release, "machine": kernel.machine, "cpus": os.cpu_count(), "load": os.getloadavg()[0]}


def _views(arguments, warnings):
    names = view.NAMES if arguments.view == "all" else (arguments.view,)
    possible = [name for name in names if view.obstacle(name) is None]
    for name in set(names) - set(possible):
        warnings.append(view.obstacle(name))
    if not possible:
        raise Refusal(view.obstacle(names[0]))
    return possible


def prepare(arguments, tools):
    warnings = [] if arguments.orlop else list(_build_warnings(arguments.build))
    chosen = choose_subjects(arguments, tools, warnings)
    views = _views(arguments, warnings)
    host = _host()
    if host["load"] > host["cpus"] / 2:
        warnings.append("the machine is busy with something else: the ratios are less sure than they look")
    if reason := profile.obstacle():
        warnings.append(f"no row with a seccomp profile: {reason}")
    if not shutil.which("strace"):
        warnings.append("no strace, so system calls are not counted: apt install strace")
    results = {
        "schema": 1,
        "note": "wall_us, cpu_us and *_us mean something only beside those of the same table",
        "host": host,
        "subjects": {one.name: {"version": one.version(), "path": one.path} for one in chosen},
        "warnings": warnings,
        "views": {},
    }
    return results, chosen, views


def bench(arguments, show):
    tools = _tools(arguments)
    results, chosen, views = prepare(arguments, tools)
    show(report.head(results, arguments.many))
    busybox = shutil.which("busybox")
    if not busybox:
        raise Refusal("no busybox for the container: apt install busybox-static")
    rounds = arguments.rounds or (QUICK_ROUNDS if arguments.quick else ROUNDS)
    identifier = f"orlop-bench-{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="orlop-bench-") as directory:
        bundle = Bundle(directory, busybox, _config_writer(chosen))
        try:
            if arguments.many:
                return many_bench.run(results, chosen, views, bundle, identifier, arguments.quick, show)
            for name in views:
                results["views"][name] = ViewBench(name, chosen, bundle, tools, identifier).run(rounds, show)
        finally:
            leftover.remove(identifier)
    orlop = next((one for one in chosen if one.name == "orlop"), None)
    if orlop:
        results["start_up"] = start_up(orlop, tools, views[0], rounds)
        show(report.start_up(results["start_up"]))
        results["budget"] = budget.judge(results)
        show(report.budget(results["budget"]))
    return results


def _write_json(results, file):
    text = json.dumps(results, indent=2) + "\n"
    if file == "-":
        sys.stdout.write(text)
        return
    with open(file, "w", encoding="utf-8") as out:
        out.write(text)


def main():
    arguments = read_arguments()
    if os.geteuid() != 0:
        sys.exit("bench: containers with all their namespaces and cgroups need root")
    # Killed, it takes its directory and its containers with it.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    text = sys.stderr if arguments.json == "-" else sys.stdout
    try:
        results = bench(arguments, lambda lines: print("\n".join(lines), file=text, flush=True))
    except (Refusal, measure.MeasureError, view.ViewError) as error:
        sys.exit(f"bench: {error}")
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)
    if arguments.json:
        _write_json(results, arguments.json)
    missed = any(not line["met"] for line in results.get("budget", []))
    sys.exit(1 if arguments.check and missed else 0)


if __name__ == "__main__":
    main()

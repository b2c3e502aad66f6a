"""What orlop may take: the table that `--check` holds it to."""

BACK_TO_BACK, AFTER_IDLE = "back to back", "100 ms idle before each run"

# kind of run, peer, at most this many times the floor (or at least this many times as fast as the peer)
SPEED = (
    (BACK_TO_BACK, "floor", 1.3),
    (BACK_TO_BACK, "crun", 2.3),
    (BACK_TO_BACK, "runc", 6.0),
    (AFTER_IDLE, "floor", 1.4),
    (AFTER_IDLE, "crun", 4.0),
    (AFTER_IDLE, "runc", 6.0),
)
EXEC_SPEED = (
    (BACK_TO_BACK, "floor", 1.5),
    (BACK_TO_BACK, "crun", 2.5),
    (AFTER_IDLE, "crun", 6.0),
)
FILTER_COST = 0.2  # floors
FILTER_AGAINST_CRUN = 1.0
# Of many containers, the last tenth beside the first, and beside how the floor did meanwhile.
GROWTH = 1.2
PEAK_MEMORY_MB = 2.5
START_UP = 1.3


def _line(view_name, what, value, bound, at_most):
    met = None if value is None else value <= bound if at_most else value >= bound
    return {"view": view_name, "what": what, "value": value, "bound": bound,
            "relation": "at most" if at_most else "at least", "met": met}


def _speed(view_name, kinds, table, prefix=""):
    for kind, peer, bound in table:
        against = kinds[kind]["orlop_against"].get(peer)
        what = "times the floor" if peer == "floor" else f"times as fast as {peer}"
        yield _line(view_name, f"{prefix}{kind}: {what}", against and against["ratio"], bound, peer == "floor")


def _filter(view_name, filtered):
    filtered = filtered or {"orlop_against": {}}
    cost, crun = filtered.get("cost_to_floor"), filtered["orlop_against"].get("crun")
    yield _line(view_name, "a seccomp profile, floors", cost and cost["median"], FILTER_COST, True)
    yield _line(view_name, "with a seccomp profile: times as fast as crun", crun and crun["ratio"], FILTER_AGAINST_CRUN,
                False)


def judge(results):
    """A line for each bound; `met` is None where a peer was left out, or cannot run in that view."""
    lines = []
    for view_name, measured in results["views"].items():
        lines += _speed(view_name, measured["kinds"], SPEED)
        lines += _speed(view_name, measured["exec_kinds"], EXEC_SPEED, "exec, ")
        lines += _filter(view_name, measured["filtered"])
        megabytes = measured["memory"]["orlop"]["largest_process_kb"] * 1024 / 1e6
        lines.append(_line(view_name, "peak memory of the largest process, MB", megabytes, PEAK_MEMORY_MB, True))
        left = sum("-orlop" in name for name in measured["left_behind"])
        lines.append(_line(view_name, "containers of orlop that left a cgroup", left, 0, True))
    start_up = results["start_up"]["ratio"]["ratio"]
    return lines + [_line("-", "start-up: `--version`, times an empty program", start_up, START_UP, True)]


def judge_many(results):
    lines = []
    for view_name, measured in results["many"].items():
        own, floor = measured["rows"].get("orlop"), measured["rows"].get("floor")
        if own:
            drift = floor["one_by_one"]["growth"] if floor else 1
            lines.append(_line(view_name, "the last of many one after another, times the first", own["one_by_one"]["growth"] / drift,
                               GROWTH, True))
            lines.append(_line(view_name, "the last of many at once, times the first", own["at_once"]["growth"], GROWTH, True))
        lines.append(_line(view_name, "what is left behind", len(measured["left"]), 0, True))
    return lines

"""The results as text. Ratios come first: milliseconds mean nothing on another machine, or on this one tomorrow."""


def _span(value, digits=2):
    return f"[{value['q1']:.{digits}f} .. {value['q3']:.{digits}f}]"


PLACE = "in a private mount namespace (private propagation) with a fresh tmpfs on /run, where the state is kept."
HOW = ["Each run starts and ends a container with /bin/true of busybox, from the config that `runc spec` writes;", PLACE,
       "Interleaved, each round in another order; back to back: after an uncounted run of its own.",
       "Medians; in brackets the quartiles of the rounds."]
HOW_MANY = ["Each container is made by `create` and `start` from the config that `runc spec` writes, and removed by "
            "`delete --force`;", PLACE,
            "Medians of the last tenth, times those of the first; interleaved, so the floor shows how the machine has drifted."]


def head(results, is_many=False):
    host = results["host"]
    lines = [f"Linux {host['kernel']} on {host['machine']}, {host['cpus']} CPUs, load {host['load']:.2f} at the start"]
    for name, subject in results["subjects"].items():
        lines.append(f"  {name:6} {subject['version']}   {subject['path']}")
    lines += HOW_MANY if is_many else HOW
    lines += [f"warning: {warning}" for warning in results["warnings"]]
    return lines


def left_out(view_name, failures):
    return ["", *(f"{view_name} view: {name} cannot run here: {' '.join(failure.split())}"
                  for name, failure in failures.items())]


def _against(name, kind):
    against = kind["orlop_against"].get(name)
    if against is None:
        return ""
    if name == "floor":
        return f"orlop takes {against['ratio']:.2f} x {_span(against)}"
    return f"orlop is {against['ratio']:.2f} x as fast {_span(against)}"


def _to_floor(name, kind):
    if name not in kind["to_floor"]:
        return ""
    to_floor = kind["to_floor"][name]
    return f"{to_floor['ratio']:.2f} x floor {_span(to_floor)}"


def kind_table(view_name, title, kind):
    lines = [f"{view_name} view, {title}, {kind['rounds']} rounds",
             f"  {'':6} {'':30} {'':42} on this machine only"]
    for name, wall in kind["wall_us"].items():
        milliseconds = {key: value / 1000 for key, value in wall.items()}
        lines.append(f"  {name:6} {_to_floor(name, kind):30} {_against(name, kind):42} "
                     f"{milliseconds['median']:.2f} ms {_span(milliseconds)}")
    return lines + [""]


def filter_table(view_name, filtered):
    lines = [f"{view_name} view, with Podman's seccomp profile, back to back, {filtered['rounds']} rounds"]
    for name, wall in filtered["wall_us"].items():
        against = filtered["orlop_against"].get(name)
        said = f"orlop is {against['ratio']:.2f} x as fast {_span(against)}" if against else ""
        if name == "orlop" and (cost := filtered.get("cost_to_floor")):
            said = f"the profile costs it {cost['median']:.2f} floors {_span(cost)}"
        lines.append(f"  {name:18} {said:42} {wall['median'] / 1000:.2f} ms")
    return lines + [""]


def _calls(calls):
    if calls is None:
        return f"{'?':>6} {'?':>6} {'?':>10} {'?':>10} {'?':>8}"
    return (f"{calls['total']:6} {calls['own_process']:6} {calls['container_side']:10} "
            f"{calls['processes']:10} {calls['threads']:8}")


def cost_table(view_name, measured):
    lines = [f"{view_name} view, peak memory and system calls of one run, without those of /bin/true",
             f"  {'':6} {'own KB':>8} {'largest KB':>11}   {'calls':>6} {'own':>6} {'container':>10} "
             f"{'processes':>10} {'threads':>8}"]
    for name, memory in measured["memory"].items():
        calls = measured["system_calls"].get(name)
        lines.append(f"  {name:6} {memory['own_process_kb']:8} {memory['largest_process_kb']:11}   {_calls(calls)}")
    for name in measured["left_behind"]:
        lines.append(f"  left a cgroup behind: {name}")
    return lines


def many_table(view_name, measured):
    one_by_one, at_once = measured["one_by_one"], measured["at_once"]
    lines = [f"{view_name} view, {one_by_one} containers one after another, then {at_once} at once",
             f"  {'':6} {'one after another, last to first':34} {'at once, last to first':26} list of {at_once}"]
    for name, row in measured["rows"].items():
        lines.append(f"  {name:6} {_growth(row['one_by_one']):34} {_growth(row.get('at_once')):26} "
                     + (f"{row['list_us'] / 1000:.2f} ms" if "list_us" in row else ""))
    return lines + [f"  left behind: {left}" for left in measured["left"]] + [""]


def _growth(growth):
    return f"{growth['growth']:.2f} x ({growth['first_us'] / 1000:.2f} to {growth['last_us'] / 1000:.2f} ms)" if growth else ""


def start_up(result):
    ratio = result["ratio"]
    return ["", f"start-up: `orlop --version` takes {ratio['ratio']:.2f} x {_span(ratio)} an empty static C++ program "
                f"({result['orlop_us']['median']:.0f} and {result['empty_us']['median']:.0f} us on this machine)"]


def budget(lines):
    text = ["", "budget"]
    for line in lines:
        verdict = {True: "met", False: "MISSED", None: "not measured"}[line["met"]]
        value = "" if line["value"] is None else f"{line['value']:.2f}"
        text.append(f"  {verdict:12} {line['view']:6} {line['what']:56} {value:>6}   {line['relation']} {line['bound']}")
    return text

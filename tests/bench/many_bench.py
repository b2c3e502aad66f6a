"""Whether the thousandth container costs what the first did, and the hundredth of those that are there at once."""

import statistics

import budget
import measure
import report

ONE_BY_ONE, AT_ONCE = 1000, 100
QUICK_ONE_BY_ONE, QUICK_AT_ONCE = 100, 20
EDGE_SHARE = 10  # the first and the last tenth
ROOT = "/run/orlop-bench"  # of the view


def _growth(microseconds):
    edge = max(len(microseconds) // EDGE_SHARE, 1)
    first, last = (statistics.median(some) for some in (microseconds[:edge], microseconds[-edge:]))
    return {"first_us": first, "last_us": last, "growth": last / first}


def _row(name, measured):
    row = {"one_by_one": _growth(measured["one_by_one_us"][name])}
    if name in measured["at_once"]:
        here = measured["at_once"][name]
        row |= {"at_once": _growth(here["made_us"]), "list_us": statistics.median(here["listed_us"]),
                "removal": _growth(here["removed_us"]), "there": here["there"]}
    return row


def _of_view(view_name, chosen, bundle, identifier, numbers):
    subjects = {one.name: one.many_commands(bundle, view_name, f"{ROOT}/{one.name}") for one in chosen}
    measured = measure.many(view_name, {"identifier": identifier, "one_by_one": numbers[0], "at_once": numbers[1],
                                        "subjects": subjects})
    return {"one_by_one": numbers[0], "at_once": numbers[1], "left": measured["left"],
            "rows": {one.name: _row(one.name, measured) for one in chosen}}


def _able(chosen, view_name, bundle, identifier):
    """A peer may be unable to run in this view."""
    return [one for one in chosen
            if measure.try_out(view_name, one.command(bundle, view_name, f"{identifier}-{one.name}-tried")) is None]


def run(results, chosen, views, bundle, identifier, is_quick, show):
    numbers = (QUICK_ONE_BY_ONE, QUICK_AT_ONCE) if is_quick else (ONE_BY_ONE, AT_ONCE)
    results["many"] = {}
    for name in views:
        able = _able(chosen, name, bundle, identifier)
        results["many"][name] = _of_view(name, able, bundle, identifier, numbers)
        show(["", *report.many_table(name, results["many"][name])])
    results["budget"] = budget.judge_many(results)
    show(report.budget(results["budget"]))
    return results

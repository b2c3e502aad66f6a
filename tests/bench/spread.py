"""Medians, quartiles and ratios.

The machine drifts, so samples are compared only with those of the same round: the ratio of two subjects is the ratio of
their medians, and its spread are the quartiles of the ratios that the single rounds gave.
"""

import statistics


def of(values):
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": middle, "q1": low, "q3": high}


def ratio(above, below):
    of_rounds = of([a / b for a, b in zip(above, below)])
    value = statistics.median(above) / statistics.median(below)
    return {"ratio": value, "q1": of_rounds["q1"], "q3": of_rounds["q3"]}

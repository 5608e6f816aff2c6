"""Percentiles of the pauses that clients saw."""


def percentile(values, share):
    """The value below which `share` of all values lie."""
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]

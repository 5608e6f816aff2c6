"""How long clients waited: for each fault and partition the longest time between two acknowledgements, or two arrivals,
that overlaps the fault and its repair."""
import bisect
import statistics


def longest(times, began, ended):
    """Of the sorted `times` the longest pause, in seconds, that overlaps [began, ended]; None when nothing came before or
    after it."""
    first, last = bisect.bisect_left(times, began) - 1, bisect.bisect_right(times, ended)
    if first < 0 or last >= len(times):
        return None
    around = times[first:last + 1]
    return max(later - earlier for earlier, later in zip(around, around[1:])) / 1e9


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def summary(values):
    """p50, p99 and the longest, in milliseconds."""
    if not values:
        return "–"
    return " / ".join(f"{1e3 * v:,.0f}" for v in (statistics.median(values), percentile(values, 0.99), max(values)))

"""Histories in the text form of runtime/check/FORMAT.md: written while clients run, read again for the gaps that they show.

Times are CLOCK_MONOTONIC in nanoseconds, which all processes of a machine share, Java's System.nanoTime() too."""
import itertools
import re
import time

now = time.monotonic_ns
SEND = re.compile(r"c\d+ ok (\d+)\.\.(\d+) send p(\d+) \d+@\d+$")
POLL = re.compile(r"c\d+ ok (\d+)\.\.(\d+) poll (.+)$")


class Writer:
    """What one client does, into a file of its own. Used by one thread."""

    def __init__(self, path, client):
        self.file = open(path, "w", encoding="ascii")
        self.path, self.client = path, client

    def line(self, outcome, began, ended, what):
        self.file.write(f"c{self.client} {outcome} {began}..{'' if ended is None else ended} {what}\n")

    def send(self, partition, value, began, ended=None, offset=None):
        """Without an offset nobody knows whether the record was written."""
        known = offset is not None
        self.line("ok" if known else "info", began, ended, f"send p{partition} {value}" + (f"@{offset}" if known else ""))

    def assign(self, partitions, at):
        self.line("ok", at, at, "assign " + " ".join(f"p{p}" for p in partitions))

    def poll(self, records, began, ended):
        """Records are (partition, offset, value) in the order they came in."""
        parts = [f"p{partition} " + " ".join(f"{value}@{offset}" for _, offset, value in some)
                 for partition, some in itertools.groupby(records, lambda r: r[0])]
        self.line("ok", began, ended, "poll " + " ".join(parts))

    def close(self):
        self.file.close()


def final(path, at):
    """Polls invoked from `at` on read everything."""
    with open(path, "a", encoding="ascii") as file:
        file.write(f"final {at}\n")


def acknowledgements(path):
    """{partition: when its sends were acknowledged, in order}"""
    times = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            if found := SEND.match(line):
                times.setdefault(int(found[3]), []).append(int(found[2]))
    return {partition: sorted(some) for partition, some in times.items()}


def arrivals(path):
    """{partition: when its records came in, in order}"""
    times = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            if found := POLL.match(line):
                for word in found[3].split():
                    if word[0] == "p":
                        times.setdefault(int(word[1:]), []).append(int(found[2]))
    return times

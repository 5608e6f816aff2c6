"""Runs the cases on both systems in turn and prints the table. Options: see tools/bench."""
import argparse
import fnmatch
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import profile_case
import report
from cases import Failed, all_cases, warm_up
from clusters import CLUSTERS
from failover import cluster_cases
from systems import BY_NAME
from wire import Refused


def options():
    parser = argparse.ArgumentParser(prog="bench", add_help=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", default="*")
    parser.add_argument("--sut", choices=BY_NAME)
    parser.add_argument("--out")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--profile", metavar="CASE")
    return parser.parse_args()


class Bench:
    """The systems that run beside each other, and the lines that their runs gave."""

    def __init__(self, names, folder, out):
        self.names, self.folder, self.out = names, folder, out
        self.side_by_side = []
        self.clustered = False  # whether those that run are clusters
        self.lines = []

    def made(self, case):
        """The contenders of `case`. Kafka notices a dead node by a time-out: gaps are shown with a short one, too."""
        known = CLUSTERS if case.on_cluster else BY_NAME
        quick = ["kafka-1s"] if case.on_cluster and case.notices_by_time_out and "kafka" in self.names else []
        return [known[name](self.folder) for name in [*self.names, *quick]]

    def systems(self, case):
        """Those that `case` runs on. Most share two running ones; some need the machine for themselves."""
        if case.own_instance:
            self.stop()
            return self.made(case)
        if self.side_by_side and self.clustered != case.on_cluster:
            self.stop()
        if not self.side_by_side:
            self.side_by_side, self.clustered = self.made(case), case.on_cluster
            for system in self.side_by_side:
                system.prepare()
                system.start()
            for system in () if self.clustered else self.side_by_side:
                warm_up(system)
        return self.side_by_side

    def stop(self):
        for system in self.side_by_side:
            system.remove()
        self.side_by_side = []

    def measure(self, case, pairs):
        systems = []
        try:
            systems = self.systems(case)
            for system in systems:
                case.prepare(system)
            if case.on_cluster and case.notices_by_time_out:
                pairs = 1  # of many rounds
            for pair in range(pairs):
                # A B, B A, …: what drifts with time falls on both.
                for system in systems if pair % 2 == 0 else reversed(systems):
                    os.sync()
                    self.note(case, system, pair, case.run(system))
                    if case.own_instance:
                        system.remove()
            for system in systems:
                case.clean(system)
        except (Failed, Refused, OSError, subprocess.SubprocessError) as why:
            print(f"{case.name}: no figures: {why}", file=sys.stderr)
            self.stop()  # a broken node must not spoil the next case
            return False
        finally:
            if case.own_instance:
                for system in systems:
                    system.remove()
        return True

    def note(self, case, system, pair, figures):
        values = " ".join(f"{key}={value:.6g}" for key, value in figures.items())
        line = f"case={case.name} sut={system.name} pair={pair} {values}"
        self.lines.append(line)
        print(line, file=sys.stderr, flush=True)
        if self.out:
            with open(self.out, "a") as out:
                out.write(line + "\n")


def cases_of(o, folder):
    return all_cases(o.quick, folder) + cluster_cases(o.quick, o.rounds)


def chosen(cases, patterns):
    return [c for c in cases if any(fnmatch.fnmatch(c.name, p) for p in patterns.split(","))]


def main():
    if sys.argv[1:2] == ["report"]:
        lines = [line for path in sys.argv[2:] for line in open(path)]
        print(report.table(lines))
        return 0
    o = options()
    if o.list:
        print("\n".join(case.name for case in cases_of(o, "")))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    folder = tempfile.mkdtemp(prefix="troupe-bench.", dir=os.environ.get("TMPDIR", "/var/tmp"))
    bench = Bench([o.sut] if o.sut else list(BY_NAME), folder, o.out)
    try:
        if o.profile:
            return profile_case.run(all_cases(o.quick, folder), o.profile, folder)
        cases = chosen(cases_of(o, folder), o.only)
        if not cases:
            print(f"no case matches {o.only}; --list names them", file=sys.stderr)
            return 2
        began = time.monotonic()
        complete = True
        for number, case in enumerate(cases, 1):
            print(f"[{number}/{len(cases)}, {time.monotonic() - began:.0f} s] {case.name}", file=sys.stderr, flush=True)
            # Their figures lie far apart and one run takes minutes.
            pairs = 1 if case.name in ("partitions-10000", "leaders-10000", "rebuild") else o.pairs or (1 if o.quick else 3)
            complete = bench.measure(case, pairs) and complete
        print(report.table(bench.lines))
        return 0 if complete else 1
    finally:
        bench.stop()
        shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())

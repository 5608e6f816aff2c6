"""The long form: epochs of rounds until the time is over or enough rounds were done. Options: see tools/torture."""
import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

import faults  # noqa: E402  the modules of test/e2e are found by now
from campaign import Epoch, Failed, Field, Gaps  # noqa: E402


def options():
    parser = argparse.ArgumentParser(prog="torture", add_help=False)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--epoch", type=int, default=10)
    parser.add_argument("--longest", type=float, default=30)
    parser.add_argument("--kinds", default=",".join(faults.KINDS))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--no-java", action="store_true")
    parser.add_argument("--keep")
    return parser.parse_args()


def say(text):
    print(text, flush=True)


class Torture:
    def __init__(self, o, folder):
        self.o, self.folder = o, folder
        self.began = time.monotonic()
        self.gaps = Gaps()
        self.failures = 0

    def done(self, rounds):
        """Whether each kind had its rounds, or the time is over."""
        if self.o.minutes and time.monotonic() - self.began > self.o.minutes * 60:
            return True
        return rounds >= self.o.rounds

    def run(self, field, kinds):
        field.cluster.start()
        rounds = 0
        for number in range(sys.maxsize):
            epoch = Epoch(field.cluster, f"epoch-{number}", os.path.join(self.folder, f"epoch-{number}"),
                          self.o.seed + number, not self.o.no_java)
            try:
                rounds = self.epoch(epoch, kinds, rounds)
            except Failed as why:
                # Its clients are in doubt, so the run ends; the history is kept.
                say(f"FAILED: {why}")
                self.failures += 1
                self.o.keep = self.o.keep or self.folder
                break
            finally:
                epoch.close()
            if self.done(rounds):
                break
            if not self.o.keep:
                shutil.rmtree(epoch.folder)
        return self.failures

    def epoch(self, epoch, kinds, rounds):
        if epoch.java:
            epoch.java.await_ready()
        for _ in range(self.o.epoch):
            for kind in epoch.rng.sample(kinds, len(kinds)):
                epoch.round(kind, self.o.longest)
            rounds += 1
            if self.done(rounds):
                break
        errors = epoch.finish()
        verdict = epoch.judge()
        epoch.cluster.delete(epoch.topic)  # the disk of the last node is small
        self.gaps.add(epoch)
        say(f"[{time.monotonic() - self.began:.0f} s] {epoch.topic}, seed {epoch.seed}: {len(epoch.rounds)} faults, "
            f"{verdict}: no anomaly" + (f"; {len(errors)} errors told to clients: {errors[0]}" if errors else ""))
        return rounds


def main():
    o = options()
    kinds = o.kinds.split(",")
    if unknown := [kind for kind in kinds if kind not in faults.KINDS]:
        print(f"torture: no fault is called {unknown[0]}; there are {', '.join(faults.KINDS)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = o.keep or tempfile.mkdtemp(prefix="troupe-torture-", dir=os.environ.get("TMPDIR", "/var/tmp"))
    os.makedirs(folder, exist_ok=True)
    field = Field(dict(one.split("=", 1) for one in o.set))
    torture = Torture(o, folder)
    try:
        kinds, skipped = field.kinds(kinds)
        if skipped:
            say(f"SKIPPED: {skipped}")
        say(f"seed {o.seed}: {', '.join(kinds)}")
        torture.run(field, kinds)
    finally:
        say(torture.gaps.table())
        say(f"rounds {sum(torture.gaps.rounds.values())}, failed {torture.failures}")
        field.close()
        if o.keep:
            say(f"histories: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if torture.failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""Where Troupe's time goes in one case, by perf's samples of its threads."""
import os
import shutil
import signal
import subprocess
import sys

from systems import Troupe

LINES = 45


def run(cases, name, folder):
    case = next((c for c in cases if c.name == name), None)
    if case is None or case.own_instance or shutil.which("perf") is None:
        print(f"--profile {name}: " + ("perf is missing: apt install linux-perf" if case else "no such case; see --list"),
              file=sys.stderr)
        return 2
    system = Troupe(folder)
    system.prepare()
    system.start()
    samples = os.path.join(folder, "perf.data")
    try:
        case.prepare(system)
        # cpu-clock works where a virtual machine hides the cycle counter.
        perf = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "997", "-g", "-p",
                                 str(system.process.pid), "-o", samples], stderr=subprocess.DEVNULL)
        figures = case.run(system)
        perf.send_signal(signal.SIGINT)
        perf.wait(60)
        print(" ".join(f"{key}={value:.6g}" for key, value in figures.items()))
        show("by function", samples, "--no-children", "--sort", "comm,symbol")
        show("by function and what it called", samples, "--children", "--sort", "symbol")
    finally:
        system.remove()
    return 0


def show(title, samples, *how):
    text = subprocess.run(["perf", "report", "-i", samples, "--stdio", "-g", "none", "--percent-limit", "0.5", *how],
                          capture_output=True, text=True).stdout
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    print(f"\n{title}:\n" + "\n".join(lines[:LINES]))

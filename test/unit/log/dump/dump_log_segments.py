"""Runs Kafka's own DumpLogSegments over logs that ours has written, and finds no fault.

Usage: dump_log_segments.py --writer PROGRAM [--libs FOLDER]
The jars are looked for in --libs, then in the environment's TROUPE_KAFKA_LIBS, then in the cache. Without them or without
java the test says so and counts as skipped. A damaged copy has to be found faulty: a check of the check.
"""
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
FAULTS = re.compile(r"isvalid: false|[Cc]orrupt|Exception|Could not|mismatch|Mismatches|Non-consecutive|not found|"
                    r"[Oo]ut of order|Error|Found timestamp|Indexed offset|failed|[Ww]arning: invalid")
HEADING = re.compile(r"Non-consecutive offsets in|Found timestamp mismatch in")  # the lines that follow count
# What Kafka's tool says of Kafka's own logs too: it expects offset 0 first in every segment, and that a batch which
# compaction has left without records has no time.
PAIR = re.compile(r"\s*(-?\d+) is followed by (-?\d+)")
TIMES = re.compile(r"\s*Index timestamp: (-?\d+), log timestamp: (-?\d+)")


def find_libs(given):
    home = os.path.expanduser("~/.cache")
    for folder in (given, os.environ.get("TROUPE_KAFKA_LIBS"), home + "/troupe/kafka/libs", home + "/troupe-peers/kafka/libs"):
        if folder and glob.glob(os.path.join(folder, "kafka-tools-*.jar")):
            return folder
    return None


def dump(libs, files, *flags):
    command = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", os.path.join(libs, "*"),
               "org.apache.kafka.tools.DumpLogSegments", *flags, "--files", ",".join(files)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240)
    lines = [l for l in done.stdout.splitlines() if "SLF4J" not in l and "StatusLogger" not in l and "log4j" not in l.lower()]
    return done.returncode, lines


def files_of(folder, *suffixes):
    return sorted(f for s in suffixes for f in glob.glob(os.path.join(folder, "*" + s)))


def faults(lines, compacted):
    # Record lines quote keys and values; only what the tool says of its own counts.
    found = []
    for line in lines:
        pair, times = PAIR.match(line), TIMES.match(line)
        if pair:
            if pair.group(1) != "-1" and not compacted:
                found.append(line)
        elif times:
            if not (compacted and times.group(2) == "-1"):
                found.append(line)
        elif not line.startswith("|") and FAULTS.search(line) and not HEADING.match(line):
            found.append(line)
    return found


def check(libs, folder):
    name = os.path.basename(folder)
    gaps = name.startswith("compacted")
    everything = files_of(folder, ".log", ".index", ".timeindex", ".snapshot")
    indexes = files_of(folder, ".index", ".timeindex")
    problems = []
    for what, flags in ((everything, ["--deep-iteration"]), (indexes, ["--index-sanity-check"]),
                        (indexes, ["--verify-index-only"])):
        code, lines = dump(libs, what, *flags)
        if code != 0 or not lines:
            problems.append(f"{name} {flags}: exit code {code}: " + "\n".join(lines[-20:]))
        problems += [f"{name} {flags}: {l}" for l in faults(lines, gaps)]
        dumped = sum(l.startswith("Dumping") for l in lines)
        if flags == ["--deep-iteration"]:
            if dumped != len(everything):
                problems.append(f"{name}: {dumped} of {len(everything)} files were dumped")
            batches = sum(l.startswith("baseOffset:") for l in lines)
            print(f"{name}: {len(everything)} files, {batches} batches, {sum(l.startswith('|') for l in lines)} records")
    return problems


def finds_damage(libs, folder, scratch):
    """Whether the check above would notice: a wrong position in an index, and a flipped bit in a batch."""
    copy = os.path.join(scratch, "damaged-0")
    shutil.copytree(folder, copy)
    index = next(f for f in files_of(copy, ".index") if os.path.getsize(f) > 16)
    with open(index, "r+b") as f:
        f.seek(8)
        f.write((123456).to_bytes(4, "big") + (77).to_bytes(4, "big"))
    log = files_of(copy, ".log")[0]
    with open(log, "r+b") as f:
        f.seek(100)
        byte = f.read(1)[0]
        f.seek(100)
        f.write(bytes([byte ^ 1]))
    code, lines = dump(libs, [index], "--verify-index-only")
    in_index = code != 0 or faults(lines, False)
    code, lines = dump(libs, [log])
    return bool(in_index) and (code != 0 or bool(faults(lines, False)))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--writer", required=True)
    arguments.add_argument("--libs", default="")
    given = arguments.parse_args()
    libs = find_libs(given.libs)
    if libs is None or shutil.which("java") is None:
        print("SKIPPED: Kafka's DumpLogSegments needs java and Kafka's jars; set TROUPE_KAFKA_LIBS to their folder")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="troupe-dump-") as scratch:
        subprocess.run([given.writer, scratch], check=True)
        folders = sorted(glob.glob(os.path.join(scratch, "*-0")))
        problems = [p for folder in folders for p in check(libs, folder)]
        if not finds_damage(libs, os.path.join(scratch, "codecs-0"), scratch):
            problems.append("a damaged copy passed: the check itself is broken")
    for p in problems[:50]:
        print(p)
    print(f"{len(folders)} logs, {len(problems)} faults")
    return 1 if problems or not folders else 0


if __name__ == "__main__":
    sys.exit(main())

"""Raw lines to Markdown: each figure is a median, each ratio the median of the ratios of the pairs, Troupe to Kafka."""
import re
import statistics

MISSED = " ✗"
GAP_MS, PLANNED_GAP_MS, STALL_MS = 300, 50, 1000
AS_GOOD = 2
THROUGHPUT, CPU, TAIL, MEMORY, PARTITION_KIB = 1.0, 1 / 3, 1 / 3, 1 / 10, 16


class Figures:
    """{case: {system: {pair: {key: number}}}} of the lines."""

    def __init__(self, lines):
        self.cases = {}
        for line in lines:
            words = dict(word.split("=", 1) for word in line.split() if "=" in word)
            if "case" not in words or "sut" not in words:
                continue
            runs = self.cases.setdefault(words["case"], {}).setdefault(words["sut"], [])
            runs.append({k: float(v) for k, v in words.items() if re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", v)})

    def median(self, case, system, key):
        values = [run[key] for run in self.cases.get(case, {}).get(system, []) if key in run]
        return statistics.median(values) if values else None

    def ratio(self, case, key):
        """Median of the ratios of runs that were made in turn."""
        both = zip(self.cases.get(case, {}).get("troupe", []), self.cases.get(case, {}).get("kafka", []))
        ratios = [t[key] / k[key] for t, k in both if key in t and k.get(key)]
        return statistics.median(ratios) if ratios else None

    def named(self, pattern):
        return [case for case in self.cases if re.match(pattern, case)]


def number(value):
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def against(value, aim, at_least=False):
    """A ratio, marked when it misses the aim."""
    if value is None:
        return "–"
    met = value >= aim if at_least else value <= aim
    return f"{value:.2f}" + ("" if met else MISSED)


def label(case):
    if case.startswith("replicated-"):
        return label(case.removeprefix("replicated-")).replace("(librdkafka)", "(librdkafka, three nodes)")
    words = case.split("-")
    client = "Java" if words[0] == "java" else "librdkafka"
    words = words[1:] if words[0] == "java" else words
    size = {"100": "100 B", "1024": "1 KiB", "102400": "100 KiB"}[words[1]]
    acks = {"acks1": ", acks=1", "all": ", acks=all", "": ""}[words[3] if len(words) > 3 else ""]
    durability = {"fsync": ", `fsync` / Kafka's default", "flush1": ", `fsync` / `flush.messages=1`"}
    return f"{words[0]} {size}, {words[2]}{acks}{durability.get(words[-1], '')} ({client})"


def rows(header, lines):
    return "\n".join(["| " + " | ".join(header) + " |", "|" + "---|" * len(header),
                      *("| " + " | ".join(line) + " |" for line in lines)]) if lines else ""


def throughput(f):
    lines = []
    for case in f.named(r"(java-|replicated-)?(produce|consume)-"):
        lines.append([label(case), number(f.median(case, "troupe", "mb_s")), number(f.median(case, "kafka", "mb_s")),
                      against(f.ratio(case, "mb_s"), THROUGHPUT, at_least=True),
                      number(f.median(case, "troupe", "cpu_s_per_gb")), number(f.median(case, "kafka", "cpu_s_per_gb")),
                      against(f.ratio(case, "cpu_s_per_gb"), CPU)])
    return rows(["throughput", "Troupe MB/s", "Kafka MB/s", "ratio (aim ≥ 1)", "Troupe CPU s/GB", "Kafka CPU s/GB",
                 "ratio (aim ≤ 0.33)"], lines)


def latency(f):
    lines = []
    for case in f.named(r"latency-"):
        name = {"acks1": "acks=1", "all-default": "acks=all", "all-fsync": "acks=all, `fsync` / Kafka's default"}
        line = ["100 B at 5,000/s, " + name[case.split("-", 2)[2]]]
        for system in ("troupe", "kafka"):
            line.append(" / ".join(number((f.median(case, system, f"e2e_{p}_us") or 0) / 1e3)
                                   for p in ("p50", "p99", "p999")))
        lines.append(line + [against(f.ratio(case, "e2e_p50_us"), TAIL), against(f.ratio(case, "e2e_p99_us"), TAIL)])
    return rows(["end to end", "Troupe p50 / p99 / p99.9 ms", "Kafka p50 / p99 / p99.9 ms", "p50 ratio",
                 "p99 ratio (aim ≤ 0.33)"], lines)


def after_load(f, system):
    seen = [run["rss_mib"] for case in f.cases.values() for run in case.get(system, []) if "rss_mib" in run]
    return max(seen) if seen else None


def resources(f):
    lines = []
    for key, what, aim in (("ready_ms", "exec to first answer, ms (aim ≤ 50)", 50),
                           ("idle_rss_mib", "memory idle, MiB (aim ≤ 25)", 25),
                           ("idle_cpu_percent", "idle CPU, % of a core (aim 0)", 0.1),
                           ("stop_s", "stop on SIGTERM, s (aim ≤ 1)", 1)):
        ours = f.median("start", "troupe", key)
        if ours is not None or f.median("start", "kafka", key) is not None:
            ratio = f.ratio("start", key)
            mark = MISSED if ours is not None and ours > aim else ""
            lines.append([what, number(ours) + mark, number(f.median("start", "kafka", key)),
                          "–" if ratio is None else f"{ratio:.3f}"])
    ours, theirs = after_load(f, "troupe"), after_load(f, "kafka")
    if ours and theirs:
        lines.append(["memory, most after a run, MiB (aim ≤ 0.1)", number(ours), number(theirs),
                      against(ours / theirs, MEMORY)])
    return rows(["node", "Troupe", "Kafka", "ratio"], lines)


def partitions(f):
    lines = []
    for case in f.named(r"partitions-"):
        count = f"{int(case.split('-')[1]):,} partitions: "
        for key, what in (("create_s", "made in, s"), ("kib_per_partition", "memory of each, idle, KiB (aim ≤ 16)"),
                          ("used_kib_per_partition", "memory of each after records, KiB"),
                          ("idle_cpu_percent", "idle CPU, % of a core"),
                          ("restart_term_s", "back after SIGTERM, s"), ("restart_kill_s", "back after SIGKILL, s")):
            ours, theirs, ratio = f.median(case, "troupe", key), f.median(case, "kafka", key), f.ratio(case, key)
            mark = MISSED if key == "kib_per_partition" and ours is not None and ours > PARTITION_KIB else ""
            lines.append([count + what, number(ours) + mark, number(theirs), "–" if ratio is None else f"{ratio:.3f}"])
    return rows(["partitions", "Troupe", "Kafka", "ratio"], lines)


def milliseconds(f, case, system, key, aim=None):
    """p50 / p99 / longest, and of how many."""
    values = [f.median(case, system, f"{key}_{p}") for p in ("p50", "p99", "max")]
    if values[0] is None:
        return "–"
    mark = MISSED if aim and values[1] > aim else ""
    return " / ".join(f"{v:,.0f}" for v in values) + mark


def gaps(f):
    names = {"gap-kill": "kill -9", "gap-kill-controller": "kill -9 of the active controller",
             "gap-stop": "clean stop", "gap-stop-acks1": "clean stop, acks=1"}
    lines = []
    for case, name in names.items():
        aim = PLANNED_GAP_MS if "stop" in case else GAP_MS
        for key, what in (("ack_led", "led, producers"), ("recv_led", "led, consumers"),
                          ("ack_followed", "followed, producers"), ("recv_followed", "followed, consumers")):
            cells = [milliseconds(f, case, "troupe", key, aim),
                     *(milliseconds(f, case, system, key) for system in ("kafka", "kafka-1s"))]
            if any(cell != "–" for cell in cells):
                lines.append([f"{name}: partitions it {what}", *cells])
        lost = [f.median(case, system, "lost") for system in ("troupe", "kafka", "kafka-1s")]
        if any(value is not None for value in lost):
            lines.append([f"{name}: acknowledged records lost", *("–" if v is None else f"{v:.0f}" for v in lost)])
    return rows(["pause, ms: p50 / p99 / max (aim p99 ≤ 300, clean stop ≤ 50)", "Troupe", "Kafka",
                 "Kafka, session time-out 1 s"], lines)


def coordinator_kills(f):
    names = {"classic": "commits of ten members, classic protocol", "consumer": "commits of ten members, consumer protocol",
             "transactions": "transactions of ten producers (librdkafka)"}
    lines = [[name, *(milliseconds(f, f"coordinator-kill-{kind}", system, "stall", STALL_MS if system == "troupe" else None)
                      for system in ("troupe", "kafka", "kafka-1s"))]
             for kind, name in names.items() if f.named(f"coordinator-kill-{kind}")]
    return rows(["longest, ms, when the coordinator's node is killed: p50 / p99 / max of all kills (aim < 1,000)", "Troupe",
                 "Kafka", "Kafka, session time-out 1 s"], lines)


def recovery(f):
    lines = []
    for case in [*f.named("rebuild$"), *f.named(r"leaders-")]:
        words = case.split("-")
        for key, what, aim in (("rebuild_s", "a wiped node of 2 GB is in sync again, s", None),
                               ("rebuild_mb_s", "that is, MB/s", None),
                               ("create_s", f"{words[-1]} partitions with three replicas made in, s", None),
                               ("all_led_s", f"{words[-1]} partitions all led after kill -9 of a node, s (aim ≤ 2)", 2)):
            ours, theirs = f.median(case, "troupe", key), f.median(case, "kafka", key)
            if ours is not None or theirs is not None:
                mark = MISSED if aim and ours is not None and ours > aim else ""
                lines.append([what, number(ours) + mark, number(theirs), "–" if not (ours and theirs) else f"{ours / theirs:.3f}"])
    return rows(["three nodes", "Troupe", "Kafka", "ratio"], lines)


def coordinators(f):
    """More is better in rows of things a second, less in rows of times: twice as good is the aim."""
    lines = []

    def add(case, key, what, is_rate):
        ours, theirs, ratio = f.median(case, "troupe", key), f.median(case, "kafka", key), f.ratio(case, key)
        if ours is not None or theirs is not None:
            aim = AS_GOOD if is_rate else 1 / AS_GOOD
            scale = 1e3 if key.endswith("_us") else 1
            lines.append([what, *("–" if v is None else number(v / scale) for v in (ours, theirs)),
                          against(ratio, aim, at_least=is_rate)])
    for case in f.named(r"transactions-"):
        _, records, producers = case.split("-")
        what = f"transactions of {records} records, {producers} at once"
        add(case, "tx_s", f"{what}: a second", True)
        add(case, "tx_p50_us", f"{what}: p50 ms", False)
        add(case, "tx_p99_us", f"{what}: p99 ms", False)
    for case in f.named(r"(group|members)-"):
        words = case.split("-")
        what = f"group of {words[-1]}, " + ("librdkafka" if len(words) == 2 else f"{words[1]} protocol")
        add(case, "joined_s", f"{what}: all have their share, s", False)
        add(case, "first_record_s", f"{what}: from the first join to a record of each, s", False)
        add(case, "rebalanced_s", f"{what}: one leaves, the others have its share, s", False)
        for key, event in (("left", "one leaves, the others have its share"), ("came", "one comes, all have their share")):
            add(case, f"{key}_p50_us", f"{what}: {event}, p50 ms", False)
            add(case, f"{key}_max_us", f"{what}: {event}, longest ms", False)
        add(case, "commits_s", f"{what}: commits a second", True)
        add(case, "commit_p99_us", f"{what}: commit p99 ms", False)
    return rows(["coordinators", "Troupe", "Kafka", "ratio (aim ≥ 2 a second, ≤ 0.5 of time)"], lines)


def table(lines):
    f = Figures(lines)
    parts = [part for part in (throughput(f), latency(f), coordinators(f), resources(f), partitions(f), gaps(f),
                               coordinator_kills(f), recovery(f)) if part]
    return "\n\n".join(parts) + "\n\nRatios are Troupe to Kafka, medians over pairs of runs made in turn;" + \
        f"{MISSED} misses the aim. MB are 10⁶ bytes of record values, CPU is the broker's."

"""What is measured. A case is prepared once a system, then run as often as there are pairs."""
import os
import random
import re
import signal
import subprocess
import time

import wire
from systems import HERE, java

TOPIC_PARTITIONS = 6
MIB = 1 << 20


class Failed(Exception):
    """A client ended with an error; the run gives no figures."""


def pairs_of(line):
    """{key: number} of a line of key=value."""
    return {key: float(value) for key, value in re.findall(r"(\w+)=(-?[\d.]+)", line)}


def run_client(command, seconds=300):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
    if done.returncode != 0:
        raise Failed(f"{os.path.basename(command[0])} {' '.join(command[1:4])}: status {done.returncode}: "
                     f"{(done.stderr or done.stdout)[-500:]}")
    return done.stdout


def load(kind, system, topic, *arguments):
    """One run of troupe_load; its figures."""
    try:
        return pairs_of(run_client([os.environ["TROUPE_LOAD_BIN"], kind, "-b", system.bootstrap, "-t", topic,
                                    *map(str, arguments)]))
    except (Failed, subprocess.TimeoutExpired) as why:
        raise Failed(f"{system.name}: {why}") from why


class Case:
    """One row of the table."""

    on_cluster = False    # True: on three nodes
    own_instance = False  # True: starts and stops the system itself, while nothing else runs

    def __init__(self, name):
        self.name = name

    def prepare(self, system):
        """Before the first run on `system`; also warms it up."""

    def run(self, system):
        """One run; {key: figure}."""
        raise NotImplementedError

    def clean(self, system):
        """After the last run on `system`."""

    def make_topic(self, system, durability="default"):
        with system.connect() as connection:
            connection.create_topic(self.name, TOPIC_PARTITIONS, system.topic_settings(durability))
        wire.wait_until_all_answer(system.port, [self.name], TOPIC_PARTITIONS)

    def drop_topic(self, system):
        with system.connect() as connection:
            connection.delete_topic(self.name)


class Metered(Case):
    """A case whose cost to the broker is metered: CPU time for each GB (10^9 bytes) of record values."""

    def run(self, system):
        before = system.cpu_seconds()
        figures = self.drive(system)
        spent = system.cpu_seconds() - before
        figures["broker_cpu_s"] = spent
        if figures.get("bytes"):
            figures["cpu_s_per_gb"] = spent / (figures["bytes"] / 1e9)
        figures["rss_mib"] = system.resident_mib()
        return figures

    def drive(self, system):
        raise NotImplementedError


class Produce(Metered):
    """troupe_load against a topic of six partitions."""

    def __init__(self, size, codec, acks, durability, count):
        super().__init__(f"produce-{size}-{codec}-{acks}" + ("" if acks == "acks1" else f"-{durability}"))
        self.durability, self.count = durability, count
        self.arguments = ["-s", size, "--codec", codec, "--acks", acks.removeprefix("acks"), "--seconds", 20]

    def prepare(self, system):
        self.make_topic(system, self.durability)
        load("produce", system, self.name, *self.arguments, "-n", max(1, self.count // 4))

    def drive(self, system):
        return load("produce", system, self.name, *self.arguments, "-n", self.count)

    def clean(self, system):
        self.drop_topic(system)


class Consume(Metered):
    """troupe_load reads what was written before."""

    def __init__(self, size, codec, count):
        super().__init__(f"consume-{size}-{codec}")
        self.size, self.codec, self.count = size, codec, count

    def prepare(self, system):
        self.make_topic(system)
        load("produce", system, self.name, "-s", self.size, "--codec", self.codec, "-n", self.count, "--acks", "all")
        self.drive(system)

    def drive(self, system):
        return load("consume", system, self.name, "-n", self.count)

    def clean(self, system):
        self.drop_topic(system)


class JavaProduce(Produce):
    """Kafka's ProducerPerformance; its first fifth is left out of the throughput, for the virtual machine's sake."""

    def __init__(self, size, codec, acks, durability, count, folder):
        super().__init__(size, codec, acks, durability, count)
        self.name, self.size, self.codec, self.acks = "java-" + self.name, size, codec, acks.removeprefix("acks")
        self.values = os.path.join(folder, f"values-{size}")

    def prepare(self, system):
        self.make_topic(system, self.durability)
        if not os.path.exists(self.values):
            write_values(self.values, self.size)
        self.drive(system)

    def drive(self, system):
        text = run_client(java(["-Xmx512M"], "org.apache.kafka.tools.ProducerPerformance", "--topic", self.name,
                               "--bootstrap-server", system.bootstrap, "--num-records", str(self.count),
                               "--warmup-records", str(self.count // 5), "--throughput", "-1",
                               "--payload-file", self.values, "--command-property", f"acks={self.acks}",
                               f"compression.type={self.codec}", "linger.ms=5", "batch.size=65536",
                               f"max.request.size={2 * MIB}"))
        rates = re.findall(r"records sent, ([\d.]+) records/sec", text)
        if not rates:
            raise Failed("ProducerPerformance printed no rate: " + text[-300:])
        return {"mb_s": float(rates[-1]) * self.size / 1e6, "bytes": self.count * self.size}


class JavaConsume(Consume):
    """Kafka's Java consumer, with assigned partitions."""

    def __init__(self, size, codec, count):
        super().__init__(size, codec, count)
        self.name = "java-" + self.name

    def drive(self, system):
        figures = pairs_of(run_client(java(["-Xmx512M"], f"{HERE}/AssignedConsumer.java", system.bootstrap, self.name,
                                           str(self.count))))
        figures["bytes"] *= 1.25  # the pass that warms up is paid for by the broker too
        return figures


def write_values(path, size):
    """A file of lines of `size` bytes that compress to about half, as troupe_load's values do."""
    source = random.Random(1)
    words = ["level=info ", "user=", "session=", "path=/cart/", "status=200 ", "region=west ", "item=", "latency_us="]
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
    with open(path, "w") as out:
        for _ in range(max(16, min(20_000, 8 * MIB // size))):
            value = ""
            while len(value) < size:
                value += source.choice(words) + "".join(source.choices(alphabet, k=10))
            out.write(value[:size] + "\n")


class Latency(Metered):
    """End to end at a fixed rate; percentiles in microseconds."""

    def __init__(self, acks, durability, seconds):
        super().__init__(f"latency-5000s-{acks}" + ("" if acks == "acks1" else f"-{durability}"))
        self.durability, self.seconds, self.acks = durability, seconds, acks.removeprefix("acks")

    def prepare(self, system):
        self.make_topic(system, self.durability)
        self.drive(system)

    def drive(self, system):
        return load("latency", system, self.name, "-s", 100, "-r", 5000, "--acks", self.acks, "--seconds", self.seconds)

    def clean(self, system):
        self.drop_topic(system)


class Transactions(Case):
    """Transactions of so many records, one after the other, by one producer and by ten at once."""

    def __init__(self, records, producers, seconds):
        super().__init__(f"transactions-{records}-{producers}")
        self.arguments = ["-n", records, "-m", producers, "--seconds", seconds]

    def prepare(self, system):
        self.make_topic(system)

    def run(self, system):
        return load("transactions", system, self.name, *self.arguments)

    def clean(self, system):
        self.drop_topic(system)


class Group(Case):
    """So many librdkafka consumers of one group: until all have their share, until the others have what one had, and
    commits."""

    kind = "groups"
    most_records = 200  # members, up to which each partition is given a record to wait for

    def __init__(self, members, seconds):
        super().__init__(f"group-{members}")
        self.members, self.seconds, self.runs = members, seconds, 0

    def prepare(self, system):
        with system.connect() as connection:
            connection.create_topic(self.name, self.members, system.topic_settings("default"))
        wire.wait_until_all_answer(system.port, [self.name], self.members)
        for partition in range(self.members if self.members <= self.most_records else 0):
            load("produce", system, self.name, "-n", 1, "-p", partition, "--acks", "all")

    def run(self, system):
        self.runs += 1
        return load(self.kind, system, self.name, "-m", self.members, "-g", f"{self.name}-{self.runs}", "--partitions",
                    self.members, "--seconds", self.seconds, *self.arguments())

    def arguments(self):
        return []

    def clean(self, system):
        self.drop_topic(system)


class Members(Group):
    """As Group, by a lean client that speaks either protocol; a thousand come within ten seconds."""

    kind = "members"
    many = 1000

    def __init__(self, protocol, members, seconds, leaves):
        super().__init__(members, seconds)
        self.name = f"members-{protocol}-{members}"
        self.protocol, self.leaves = protocol, leaves

    def arguments(self):
        return ["--protocol", self.protocol, "--leaves", self.leaves,
                *(["--spread", 10, "--no-read"] if self.members >= self.many else [])]


class Start(Case):
    """An empty node: time to ready, memory and CPU while nothing is asked of it."""

    own_instance = True

    def __init__(self, seconds):
        super().__init__("start")
        self.seconds = seconds

    def run(self, system):
        system.prepare()
        figures = {"ready_ms": system.start()}
        time.sleep(5)
        before = system.cpu_seconds()
        time.sleep(self.seconds)
        figures["idle_cpu_percent"] = (system.cpu_seconds() - before) / self.seconds * 100
        figures["idle_rss_mib"] = system.resident_mib()
        figures["stop_s"] = system.stop()
        return figures


class Partitions(Case):
    """Many partitions: how long they take to make, what they hold in memory, how fast the node is back."""

    own_instance = True
    topic_partitions = 1000  # a topic; Kafka refuses to make much more at once

    def __init__(self, count):
        super().__init__(f"partitions-{count}")
        self.count = count
        self.topics = [f"many-{i}" for i in range(count // self.topic_partitions)]

    def run(self, system):
        system.prepare()
        system.start()
        time.sleep(3)
        idle = system.resident_mib()
        began = time.monotonic()
        for topic in self.topics:
            with system.connect() as connection:
                connection.create_topic(topic, self.topic_partitions, system.topic_settings("default"))
        self.wait(system)
        figures = {"create_s": time.monotonic() - began}
        time.sleep(10)
        figures["kib_per_partition"] = (system.resident_mib() - idle) * 1024 / self.count
        before = system.cpu_seconds()
        time.sleep(5)
        figures["idle_cpu_percent"] = (system.cpu_seconds() - before) / 5 * 100
        for topic in self.topics:  # about three records a partition, so that a restart finds something in each
            load("produce", system, topic, "-n", 3 * self.topic_partitions, "-X", "sticky.partitioning.linger.ms=0")
        figures["used_kib_per_partition"] = (system.resident_mib() - idle) * 1024 / self.count
        figures["stop_s"] = system.stop()
        figures["restart_term_s"] = self.restart(system)
        figures["restarted_kib_per_partition"] = (system.resident_mib() - idle) * 1024 / self.count
        system.stop(signal.SIGKILL)
        figures["restart_kill_s"] = self.restart(system)
        return figures

    def restart(self, system):
        began = time.monotonic()
        system.start()
        self.wait(system)
        return time.monotonic() - began

    def wait(self, system):
        wire.wait_until_all_answer(system.port, self.topics, self.topic_partitions)


def warm_up(system):
    """A few GB through a new node, so that Java's compiler is done with its hot paths before anything is timed."""
    for round_number in range(3):
        for size, count in ((100, 1_000_000), (1024, 500_000)):
            case = Consume(size, "none", count)
            case.name = f"warm-up-{size}-{round_number}"
            case.prepare(system)
            case.clean(system)


def all_cases(quick, folder):
    """Every case of the table, in its order."""
    share = 0.4 if quick else 1
    counts = {100: int(5_000_000 * share), 1024: int(1_000_000 * share), 102400: int(10_000 * share)}
    cases = [Start(5 if quick else 15)]
    for size, count in counts.items():
        for codec in ("none", "lz4"):
            cases.append(Produce(size, codec, "acks1", "default", count))
            cases.append(Produce(size, codec, "all", "default", count))
            cases.append(Produce(size, codec, "all", "fsync", count))
    cases.append(Produce(1024, "none", "all", "flush1", counts[1024]))
    cases += [Consume(size, codec, count) for size, count in counts.items() for codec in ("none", "lz4")]
    for size, count in counts.items():
        for codec in ("none", "lz4"):
            cases.append(JavaProduce(size, codec, "acks1", "default", count // 2, folder))
        cases.append(JavaProduce(size, "none", "all", "default", count // 2, folder))
        cases.append(JavaConsume(size, "none", count))
    for acks, durability in (("acks1", "default"), ("all", "default"), ("all", "fsync")):
        cases.append(Latency(acks, durability, 5 if quick else 15))
    cases += [Transactions(records, producers, 3 if quick else 10) for records in (1, 10, 100) for producers in (1, 10)]
    cases += [Group(members, 3 if quick else 5) for members in (1, 100)]
    cases += [Members(protocol, members, 3 if quick else 5, 2 if quick or members >= Members.many else 5)
              for protocol in ("classic", "consumer") for members in (1, 100, 1000)]
    cases += [Partitions(1000), Partitions(10_000)]
    return cases

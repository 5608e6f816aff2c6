"""Rounds of faults on a cluster under load, and the judgement of what its clients saw."""
import dataclasses
import os
import random
import subprocess
import time

import faults
import gaps
import history
from broker import eventually
from cluster import Cluster
from load import Consumer, JavaClients, Producer
from proxy import Network

PARTITIONS = 6
PRODUCERS = (1, 2)
JAVA_PRODUCER, JAVA_CONSUMER, CONSUMER, FINAL_READER = 3, 4, 5, 6
RATE = 300  # records a second of each producer
PROGRESS_SECONDS = 60
JUDGE_SECONDS = 600


@dataclasses.dataclass
class Round:
    """One fault: whom it hit, which partitions that node led, and when all replicas were in sync again."""
    kind: str
    node: int
    led: frozenset
    began: int
    ended: int


class Failed(AssertionError):
    """The cluster did not do what it promises."""


class Epoch:
    """A topic of its own, clients that write and read it, rounds of faults, and the history of all that."""

    def __init__(self, cluster, topic, folder, seed, java):
        self.cluster, self.topic, self.folder, self.seed = cluster, topic, folder, seed
        self.rng = random.Random(seed)
        os.makedirs(folder)
        cluster.create(topic, PARTITIONS)
        eventually(self.in_sync, seconds=PROGRESS_SECONDS)
        self.producers = [Producer(cluster, topic, PARTITIONS, c, self.path(c), RATE) for c in PRODUCERS]
        self.consumer = Consumer(cluster, topic, PARTITIONS, CONSUMER, self.path(CONSUMER))
        self.java = java and JavaClients(cluster, topic, PARTITIONS, (JAVA_PRODUCER, JAVA_CONSUMER),
                                         (self.path(JAVA_PRODUCER), self.path(JAVA_CONSUMER)), RATE)
        self.rounds = []
        for client in (*self.producers, self.consumer):
            client.start()

    def path(self, client):
        return os.path.join(self.folder, f"c{client}")

    def in_sync(self):
        """every replica of every partition is in sync"""
        return self.cluster.in_sync(self.topic, PARTITIONS)

    def fail(self, what):
        raise Failed(f"seed {self.seed}, round {len(self.rounds)}: {what}\n{self.cluster.log_tail()}")

    def await_progress(self):
        """Each producer gets acknowledgements from each partition, and the consumer reads on."""
        goals = [[count + 5 for count in p.acknowledged] for p in self.producers]
        read = [offset + 5 for offset in self.consumer.next]
        deadline = time.monotonic() + PROGRESS_SECONDS

        def behind():
            return ([f"producer {p.client}, partition {n}" for p, goal in zip(self.producers, goals)
                     for n in range(PARTITIONS) if p.acknowledged[n] < goal[n]]
                    + [f"consumer, partition {n}" for n in range(PARTITIONS) if self.consumer.next[n] < read[n]])
        while stuck := behind():
            if time.monotonic() > deadline:
                self.fail(f"no progress within {PROGRESS_SECONDS} s: {', '.join(stuck)}")
            time.sleep(0.02)

    def round(self, kind, longest):
        """One fault, and its repair."""
        self.await_progress()
        self.cluster.check()
        leaders = {n: p.leader for n, p in self.cluster.partitions(self.topic).items()}
        victim = faults.KINDS[kind](self.cluster, self.rng, faults.Seconds(self.rng, longest))
        try:
            eventually(self.in_sync, seconds=PROGRESS_SECONDS)
        except AssertionError as why:
            behind = {n: (p.leader, p.isrs) for n, p in self.cluster.partitions(self.topic).items()
                      if len(p.isrs) < len(p.replicas)}
            self.fail(f"{kind} of node {victim.node}: {why}; leader and in-sync replicas: {behind}")
        led = frozenset(n for n, leader in leaders.items() if leader == victim.node)
        self.rounds.append(Round(kind, victim.node, led, victim.at, history.now()))
        self.await_progress()

    def finish(self):
        """Ends the load and reads everything once more; the errors that clients were told."""
        for producer in self.producers:
            producer.finish()
            if producer.open:
                self.fail(f"producer {producer.client} never heard of {len(producer.open)} records")
        if self.java:
            self.java.finish()
        self.consumer.finish()
        reader = Consumer(self.cluster, self.topic, PARTITIONS, FINAL_READER, self.path(FINAL_READER))
        history.final(self.path(CONSUMER), history.now())
        ends = [reader.consumer.get_watermark_offsets(partition, 30)[1] for partition in reader.consumer.assignment()]
        reader.start()
        complete = reader.read_up_to(ends)
        reader.finish()
        if not complete:
            self.fail(f"the final reads got to {reader.next} of {ends}")
        return [error for client in (*self.producers, self.consumer, reader) for error in client.errors]

    def files(self):
        clients = [*PRODUCERS, CONSUMER, FINAL_READER, *((JAVA_PRODUCER, JAVA_CONSUMER) if self.java else ())]
        return [self.path(client) for client in clients]

    def judge(self):
        """What `troupe check` says of the history; Failed when it found an anomaly."""
        done = subprocess.run([os.environ["TROUPE_PROGRAM"], "check", *self.files()], capture_output=True, text=True,
                              timeout=JUDGE_SECONDS, check=False)
        if done.returncode != 0:
            self.fail(f"the history in {self.folder} is judged:\n{done.stdout[-8000:]}{done.stderr}")
        return done.stdout.splitlines()[0]

    def close(self):
        if self.java:
            self.java.close()


class Gaps:
    """The gaps of all rounds by kind of fault: of partitions that the victim led, and of those that it followed."""

    def __init__(self):
        self.seconds = {}  # kind, whether led, whether consumers → gaps
        self.rounds = {}

    def add(self, epoch):
        for round_ in epoch.rounds:
            self.rounds[round_.kind] = self.rounds.get(round_.kind, 0) + 1
        producers = [*PRODUCERS, *((JAVA_PRODUCER,) if epoch.java else ())]
        consumers = [CONSUMER, *((JAVA_CONSUMER,) if epoch.java else ())]
        for of_consumers, clients, read in ((False, producers, history.acknowledgements),
                                            (True, consumers, history.arrivals)):
            for client in clients:
                for partition, times in read(epoch.path(client)).items():
                    self.add_times(epoch.rounds, partition, times, of_consumers)

    def add_times(self, rounds, partition, times, of_consumers):
        for round_ in rounds:
            gap = gaps.longest(times, round_.began, round_.ended)
            if gap is not None:
                key = round_.kind, partition in round_.led, of_consumers
                self.seconds.setdefault(key, []).append(gap)

    def table(self):
        lines = ["| fault | rounds | partitions that the node | producers' gap p50 / p99 / max ms | consumers' |",
                 "|---|---|---|---|---|"]
        for kind, count in self.rounds.items():
            for led in (True, False):
                lines.append(f"| {kind} | {count} | {'led' if led else 'followed'} | "
                             f"{gaps.summary(self.seconds.get((kind, led, False), []))} | "
                             f"{gaps.summary(self.seconds.get((kind, led, True), []))} |")
        return "\n".join(lines)


class Field:
    """A cluster to do harm to: its nodes talk through a proxy, and the last one has a small disk where that may be."""

    def __init__(self, settings=None):
        self.disk = faults.SmallDisk()
        try:
            self.cluster = Cluster(settings, {faults.NODES: self.disk.folder}, Network)
        except BaseException:
            self.disk.close()
            raise

    def kinds(self, wanted):
        """Those of `wanted` that can be done here, and why others cannot."""
        if self.disk.folder is None and "full-disk" in wanted:
            return [kind for kind in wanted if kind != "full-disk"], f"full-disk: no right to mount: {self.disk.why}"
        return wanted, None

    def close(self):
        self.cluster.close()
        self.disk.close()

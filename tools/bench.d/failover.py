"""What is measured on three nodes: how long clients wait when a node dies or leaves, and what replication costs."""
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

import wire
from cases import Case, Failed, Produce, TOPIC_PARTITIONS, load, pairs_of
from clusters import NODES
from gaps import percentile

RATE = 1200  # records a second, over all partitions
REPAIR_SECONDS = 180
RECONNECT_SECONDS = 11  # librdkafka does not dial a node that was away for up to ten seconds, whatever the cluster does


class Prober:
    """troupe_load gaps: a producer and a consumer that tell the longest pauses of each partition."""

    def __init__(self, cluster, topic, *arguments):
        self.said = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [os.environ["TROUPE_LOAD_BIN"], "gaps", "-b", cluster.bootstrap, "-t", topic, "-r", str(RATE), "--limit",
             "60", *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said, text=True)

    def ask(self, letter):
        try:
            self.process.stdin.write(letter)
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self.said.seek(0)
            raise Failed(f"troupe_load gaps ended by itself: {self.said.read()[-500:]}")
        return line

    def take(self):
        """{(partition, "ack" or "recv"): the longest pause since the last call, in ms}"""
        return {(int(p), which): float(ms) for p, which, ms in re.findall(r"p(\d+)_(\w+)_ms=([\d.]+)", self.ask("t"))}

    def settle(self, at_least):
        """Until every partition is served, and was not only not yet disturbed."""
        time.sleep(at_least)
        wire.eventually(lambda: float(self.ask("o").split("=")[1]) < 100, REPAIR_SECONDS)

    def finish(self):
        """{key: number} of its last line."""
        self.process.stdin.close()
        line = self.process.stdout.read()
        self.process.wait(REPAIR_SECONDS)
        return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line)}

    def close(self):
        self.process.kill()
        self.process.wait()


class OnCluster(Case):
    """A case that has three nodes for itself."""

    on_cluster = True
    own_instance = True
    notices_by_time_out = False  # whether a contender shows what a shorter time-out makes of it

    def make(self, cluster, topic, durability="default", partitions=TOPIC_PARTITIONS):
        with cluster.connect() as connection:
            connection.create_topic(topic, partitions, cluster.topic_settings(durability), NODES)
        self.await_in_sync(cluster, [topic], partitions)

    def await_in_sync(self, cluster, topics, partitions):
        def in_sync():
            known = cluster.metadata(topics).topics
            return all(len(known[t]) == partitions and all(len(p.isr) == NODES for p in known[t].values())
                       for t in topics)
        wire.eventually(in_sync, REPAIR_SECONDS)


class Gap(OnCluster):
    """Rounds of harm to one node at a time; pauses of partitions that it led, and of those that it followed."""

    notices_by_time_out = True

    def __init__(self, name, rounds, slow_rounds, acks="all"):
        super().__init__(name)
        self.rounds, self.slow_rounds, self.acks = rounds, slow_rounds, acks

    def run(self, cluster):
        cluster.prepare()
        cluster.start()
        self.make(cluster, self.name, "fsync")
        prober = Prober(cluster, self.name, "--acks", self.acks)
        gaps = {}
        try:
            time.sleep(5)
            for _ in range(self.rounds if cluster.quick else self.slow_rounds):
                self.round(cluster, prober, gaps)
            ended = prober.finish()
        finally:
            prober.close()
        if ended.get("lost") is None:
            raise Failed("troupe_load gaps told no end")
        figures = {"lost": ended["lost"], "duplicates": ended["duplicates"]}
        for key, values in gaps.items():
            figures |= {f"{key}_p50": statistics.median(values), f"{key}_p99": percentile(values, 0.99),
                        f"{key}_max": max(values), f"{key}_n": len(values)}
        return figures

    def round(self, cluster, prober, gaps):
        controller = cluster.active_controller()
        partitions = cluster.metadata([self.name]).topics[self.name]
        victim = self.victim(controller, partitions)
        prober.take()
        self.harm(cluster.member(victim))
        prober.settle(1.5)
        for (partition, which), pause in prober.take().items():
            role = "led" if partitions[partition].leader == victim else "followed"
            gaps.setdefault(f"{which}_{role}", []).append(pause)
        if cluster.member(victim).process is None:
            cluster.member(victim).start()
        self.await_in_sync(cluster, [self.name], TOPIC_PARTITIONS)
        prober.settle(RECONNECT_SECONDS)

    def victim(self, controller, partitions):
        """Of the nodes that are not the active controller the one that leads most."""
        leaders = [p.leader for p in partitions.values()]
        return max((n for n in range(1, NODES + 1) if n != controller), key=leaders.count)

    def harm(self, member):
        member.stop(signal.SIGKILL)


class ControllerGap(Gap):
    def victim(self, controller, partitions):
        return controller


class PlannedGap(Gap):
    """A clean stop: leaders are moved away first."""

    def harm(self, member):
        member.stop(signal.SIGTERM)


class CoordinatorKill(OnCluster):
    """The coordinator of a group that commits, or of transactions, is killed: the longest that one of them took."""

    notices_by_time_out = True
    members, start_seconds = 10, 3

    def __init__(self, kind, rounds, slow_rounds):
        super().__init__(f"coordinator-kill-{kind}")
        self.kind, self.rounds, self.slow_rounds = kind, rounds, slow_rounds

    def run(self, cluster):
        cluster.prepare()
        cluster.start()
        self.make(cluster, self.name, partitions=self.members)
        stalls = []
        for number in range(self.rounds if cluster.quick else self.slow_rounds):
            stalls.append(self.round(cluster, number) / 1e3)
            self.await_in_sync(cluster, [self.name], self.members)
            time.sleep(self.start_seconds)
        return {"stall_p50": statistics.median(stalls), "stall_p99": percentile(stalls, 0.99), "stall_max": max(stalls),
                "stall_n": len(stalls)}

    def round(self, cluster, number):
        """Microseconds of the longest."""
        transactional = self.kind == "transactions"
        group = f"{self.name}-{number}"
        kind = [self.kind] if transactional else ["members", "--protocol", self.kind, "--no-read", "--leaves", "0", "-g",
                                                  group, "--partitions", str(self.members)]
        client = subprocess.Popen(
            [os.environ["TROUPE_LOAD_BIN"], *kind, "-b", cluster.bootstrap, "-t", self.name, "-m", str(self.members),
             "--seconds", "6" if cluster.quick else "25"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            client.stdout.readline()  # they commit from here on
            time.sleep(self.start_seconds)
            with cluster.connect() as connection:
                victim = connection.coordinator(f"troupe_load-{client.pid}-0" if transactional else group, transactional)
            cluster.member(victim).stop(signal.SIGKILL)
            text = client.communicate(timeout=REPAIR_SECONDS)[0]
            cluster.member(victim).start()
        finally:
            client.kill()
        if client.returncode != 0:
            raise Failed(f"{cluster.name}: troupe_load {self.kind}: status {client.returncode}")
        return pairs_of(text)["tx_max_us" if transactional else "commit_max_us"]


class ReplicatedProduce(Produce, OnCluster):
    """As Produce, with a replica on each node, acks=all and min.insync.replicas=2."""

    own_instance = False

    def __init__(self, size, durability, count):
        super().__init__(size, "none", "all", durability, count)
        self.name = "replicated-" + self.name

    def make_topic(self, system, durability="default"):
        self.make(system, self.name, durability)

    def prepare(self, system):
        super().prepare(system)
        self.drive(system)  # Kafka's virtual machines were not warmed up otherwise


class Rebuild(OnCluster):
    """A node that lost its disk: until all its replicas are in sync again."""

    def __init__(self, gigabytes):
        super().__init__("rebuild")
        self.gigabytes = gigabytes

    def run(self, cluster):
        cluster.prepare()
        cluster.start()
        self.make(cluster, self.name)
        written = load("produce", cluster, self.name, "-s", 1024, "-n", int(self.gigabytes * 1e9 / 1024), "--acks", "all")
        wiped = cluster.member(2)
        wiped.stop()
        shutil.rmtree(wiped.folder)
        wiped.prepare()
        cluster.prepare_member(wiped)
        os.sync()
        began = time.monotonic()
        wiped.start()
        self.await_in_sync(cluster, [self.name], TOPIC_PARTITIONS)
        seconds = time.monotonic() - began
        return {"rebuild_s": seconds, "rebuild_mb_s": written["bytes"] / 1e6 / seconds}


class ManyLeaders(OnCluster):
    """Many partitions: how long until all have a leader when a node dies."""

    topic_partitions = 1000

    def __init__(self, count):
        super().__init__(f"leaders-{count}")
        self.topics = [f"many-{i}" for i in range(count // self.topic_partitions)]

    def run(self, cluster):
        cluster.prepare()
        cluster.start()
        began = time.monotonic()
        for topic in self.topics:
            self.make(cluster, topic, partitions=self.topic_partitions)
        created = time.monotonic() - began
        time.sleep(5)
        controller = cluster.active_controller()
        victim = next(n for n in range(1, NODES + 1) if n != controller)
        led = sum(p.leader == victim for t in cluster.metadata(self.topics).topics.values() for p in t.values())
        began = time.monotonic()
        cluster.member(victim).stop(signal.SIGKILL)
        witness = cluster.member(next(n for n in range(1, NODES + 1) if n not in (controller, victim)))

        def all_led():
            known = cluster.metadata_of(witness, self.topics).topics
            return all(p.leader not in (-1, victim) for t in known.values() for p in t.values())
        wire.eventually(all_led, REPAIR_SECONDS)
        return {"create_s": created, "leaders_moved": led, "all_led_s": time.monotonic() - began}


def cluster_cases(quick, rounds):
    """`rounds` of each harm; a sixth of it where each takes half a minute."""
    rounds = rounds or (6 if quick else 30)
    slow = max(1, rounds // 6)
    counts = {100: 500_000, 1024: 200_000} if quick else {100: 3_000_000, 1024: 600_000}
    return [Gap("gap-kill", rounds, slow), ControllerGap("gap-kill-controller", rounds, slow),
            PlannedGap("gap-stop", rounds, slow), PlannedGap("gap-stop-acks1", rounds, slow, acks=1),
            *(CoordinatorKill(kind, rounds, slow) for kind in ("classic", "consumer", "transactions")),
            *(ReplicatedProduce(size, durability, count) for size, count in counts.items()
              for durability in ("default", "fsync")),
            Rebuild(0.2 if quick else 2), ManyLeaders(1000 if quick else 10_000)]

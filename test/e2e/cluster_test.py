"""Three nodes: kills of each of them under load lose and double nothing, and whoever comes back is in sync again."""
import os
import random
import socket
import time
import unittest

import librdkafka as lib
from broker import Broker, eventually, foreign
from kill_test import Load, PARTITIONS, faults, read_back
from programs import require_confluent_kafka

ROUNDS = int(os.environ.get("TROUPE_E2E_KILLS", "6"))
SEED = int(os.environ.get("TROUPE_E2E_SEED", random.SystemRandom().randrange(2**32)))
PROGRESS_SECONDS = 60


def free_ports(count):
    """Ports that the system gives away now; nobody else asks for them before the nodes take them."""
    holders = [socket.socket() for _ in range(count)]
    for holder in holders:
        holder.bind(("127.0.0.1", 0))
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


class Cluster:
    """Nodes 1 to 3, each a process with its own data; the first one begins the cluster. Reached through any of them."""

    def __init__(self):
        ports = free_ports(6)
        self.client_ports, self.link_ports = ports[:3], ports[3:]
        self.nodes = [Broker(self.settings(n)) for n in range(3)]

    def settings(self, n, bootstrap=None):
        return {"node.id": str(n + 1), "controller.listener.names": "CONTROLLER",
                "listeners": f"PLAINTEXT://127.0.0.1:{self.client_ports[n]},CONTROLLER://127.0.0.1:{self.link_ports[n]}",
                "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
                **({"controller.quorum.bootstrap.servers": bootstrap} if bootstrap else {})}

    def start(self):
        everyone = ",".join(f"127.0.0.1:{port}" for port in self.link_ports)
        self.nodes[0].start()
        for n, node in enumerate(self.nodes):
            node.settings = self.settings(n, everyone)  # a node that is known never begins a second cluster
            if n > 0:
                node.start()
        eventually(self.has_three_voters, seconds=PROGRESS_SECONDS)
        return self

    def has_three_voters(self):
        """the quorum has three voters, so that it can lose one"""
        return sum(node.log().count(" a voter") for node in self.nodes) == 2

    @property
    def bootstrap(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.client_ports)

    def log_tail(self):
        return "\n".join(node.log_tail(40) for node in self.nodes)

    def check(self):
        for node in self.nodes:
            node.check()

    def close(self):
        for node in self.nodes:
            node.close()


@unittest.skipIf(foreign(), "starts nodes of Troupe")
class Kills(unittest.TestCase):
    def setUp(self):
        require_confluent_kafka()
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)
        self.addCleanup(self.tell_why)
        self.cluster.start()

    def tell_why(self):
        if not self._outcome.success:
            print(self.cluster.log_tail(), flush=True)

    def create(self, topic):
        from confluent_kafka.admin import NewTopic
        lib.done(lib.admin(self.cluster).create_topics(
            [NewTopic(topic, PARTITIONS, 3, config={"min.insync.replicas": "2"})]))

    def in_sync(self, topic):
        """every replica of every partition is in sync"""
        partitions = lib.admin(self.cluster).list_topics(topic, timeout=10).topics[topic].partitions
        return len(partitions) == PARTITIONS and all(len(p.isrs) == 3 for p in partitions.values())

    def await_progress(self, loads):
        goal = [load.acknowledged_count() + 500 for load in loads]
        deadline = time.monotonic() + PROGRESS_SECONDS
        while any(load.acknowledged_count() < one for load, one in zip(loads, goal)):
            self.assertLess(time.monotonic(), deadline, f"seed {SEED}: no progress; {loads[0].errors[:1]}")
            time.sleep(0.01)

    def test_kills_of_any_node_lose_and_double_nothing(self):
        rng = random.Random(SEED)
        self.create("lines")
        loads = [Load(self.cluster, "lines", f"producer{n}", acks="all", enable_idempotence=True) for n in range(2)]
        for load in loads:
            load.start()
        for _ in range(ROUNDS):
            self.await_progress(loads)
            node = rng.choice(self.cluster.nodes)
            self.cluster.check()
            node.kill()
            self.await_progress(loads)
            node.start()
            eventually(lambda: self.in_sync("lines"), seconds=PROGRESS_SECONDS)
        for load in loads:
            self.assertEqual(load.finish(), 0, f"seed {SEED}: records without a report")
            self.assertEqual(load.errors, [], f"seed {SEED}")
        for partition, read in enumerate(read_back(self.cluster, "lines")):
            acknowledged = set().union(*(load.acknowledged[partition] for load in loads))
            self.assertEqual(faults(acknowledged, read)[:5], [], f"seed {SEED}, partition {partition}")
        print(f"[{ROUNDS} kills, {sum(load.acknowledged_count() for load in loads)} records, seed {SEED}]", end=" ")

    def test_all_killed_at_once_come_back_with_everything(self):
        self.create("lines")
        load = Load(self.cluster, "lines", "producer", acks="all", enable_idempotence=True)
        load.start()
        for _ in range(2):
            self.await_progress([load])
            for node in self.cluster.nodes:
                node.kill()
            for node in self.cluster.nodes[:2]:
                node.launch()
            for node in self.cluster.nodes[:2]:
                node.await_ready()
            self.cluster.nodes[2].start()
            eventually(lambda: self.in_sync("lines"), seconds=PROGRESS_SECONDS)
        self.assertEqual(load.finish(), 0)
        self.assertEqual(load.errors, [])
        for partition, read in enumerate(read_back(self.cluster, "lines")):
            self.assertEqual(faults(load.acknowledged[partition], read)[:5], [])

    def test_a_rolling_restart_moves_leaders_away_first(self):
        self.create("lines")
        load = Load(self.cluster, "lines", "producer", acks="all", enable_idempotence=True)
        load.start()
        for node in self.cluster.nodes:
            self.await_progress([load])
            code, _ = node.terminate()
            self.assertEqual(code, 0)
            self.await_progress([load])
            node.start()
            eventually(lambda: self.in_sync("lines"), seconds=PROGRESS_SECONDS)
        self.assertEqual(load.finish(), 0)
        self.assertEqual(load.errors, [])
        for partition, read in enumerate(read_back(self.cluster, "lines")):
            self.assertEqual(faults(load.acknowledged[partition], read)[:5], [])

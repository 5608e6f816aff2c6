"""Three nodes: kills of each of them under load lose and double nothing, and whoever comes back is in sync again."""
import os
import random
import time

import librdkafka as lib
from broker import eventually
from cluster import ClusterCase
from kill_test import Load, PARTITIONS, faults, read_back
from programs import require_confluent_kafka

ROUNDS = int(os.environ.get("TROUPE_E2E_KILLS", "6"))
SEED = int(os.environ.get("TROUPE_E2E_SEED", random.SystemRandom().randrange(2**32)))
PROGRESS_SECONDS = 60


class Kills(ClusterCase):
    def setUp(self):
        require_confluent_kafka()
        super().setUp()

    def await_in_sync(self):
        def in_sync():
            """every replica of every partition is in sync"""
            return self.cluster.in_sync("lines", PARTITIONS)
        eventually(in_sync, seconds=PROGRESS_SECONDS)

    def await_progress(self, loads):
        goal = [load.acknowledged_count() + 500 for load in loads]
        deadline = time.monotonic() + PROGRESS_SECONDS
        while any(load.acknowledged_count() < one for load, one in zip(loads, goal)):
            self.assertLess(time.monotonic(), deadline, f"seed {SEED}: no progress; {loads[0].errors[:1]}")
            time.sleep(0.01)

    def test_kills_of_any_node_lose_and_double_nothing(self):
        rng = random.Random(SEED)
        self.cluster.create("lines", PARTITIONS)
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
            self.await_in_sync()
        for load in loads:
            self.assertEqual(load.finish(), 0, f"seed {SEED}: records without a report")
            self.assertEqual(load.errors, [], f"seed {SEED}")
        for partition, read in enumerate(read_back(self.cluster, "lines")):
            acknowledged = set().union(*(load.acknowledged[partition] for load in loads))
            self.assertEqual(faults(acknowledged, read)[:5], [], f"seed {SEED}, partition {partition}")
        print(f"[{ROUNDS} kills, {sum(load.acknowledged_count() for load in loads)} records, seed {SEED}]", end=" ")

    def test_all_killed_at_once_come_back_with_everything(self):
        self.cluster.create("lines", PARTITIONS)
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
            self.await_in_sync()
        self.assertEqual(load.finish(), 0)
        self.assertEqual(load.errors, [])
        for partition, read in enumerate(read_back(self.cluster, "lines")):
            self.assertEqual(faults(load.acknowledged[partition], read)[:5], [])

    def test_a_rolling_restart_moves_leaders_away_first(self):
        self.cluster.create("lines", PARTITIONS)
        load = Load(self.cluster, "lines", "producer", acks="all", enable_idempotence=True)
        load.start()
        for node in self.cluster.nodes:
            self.await_progress([load])
            code, _ = node.terminate()
            self.assertEqual(code, 0)
            self.await_progress([load])
            node.start()
            self.await_in_sync()
        self.assertEqual(load.finish(), 0)
        self.assertEqual(load.errors, [])
        for partition, read in enumerate(read_back(self.cluster, "lines")):
            self.assertEqual(faults(load.acknowledged[partition], read)[:5], [])

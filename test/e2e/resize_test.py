"""A fourth node joins and one of the first three leaves for good, while clients write and read."""
import json
import os
import re
import tempfile
import threading
import time
import unittest

import librdkafka as lib
from broker import eventually
from cluster import ClusterCase
from kill_test import PARTITIONS, Load, faults, read_back
from local_cluster import must
from programs import kafka_tool, require_confluent_kafka, require_kafka_tools

TOOLS = "org.apache.kafka.tools."
TOPIC = "lines"
PROGRESS_SECONDS = 60


class Reader(threading.Thread):
    """Reads one partition as it grows, until `finish`."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.consumer = lib.reader(cluster, TOPIC, 0, 0)
        self.read, self.errors = [], []
        self.ending = threading.Event()

    def run(self):
        while not self.ending.is_set():
            for message in self.consumer.consume(1000, 0.1):
                if message.error():
                    self.errors.append(message.error())
                else:
                    word = message.value().split()
                    self.read.append((word[0].decode(), int(word[1])))

    def finish(self):
        self.ending.set()
        self.join()
        self.consumer.close()


class Resize(ClusterCase):
    def setUp(self):
        require_confluent_kafka()
        require_kafka_tools()
        super().setUp()

    def tool(self, name, *arguments):
        return kafka_tool(TOOLS + name, "--bootstrap-server", f"127.0.0.1:{self.cluster.client_ports[1]}", *arguments)

    def await_progress(self, load):
        goal = load.acknowledged_count() + 500
        eventually(lambda: load.acknowledged_count() > goal, seconds=PROGRESS_SECONDS)

    def plan(self, partitions):
        """The name of a file with such a plan for Kafka's tool."""
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump({"version": 1, "partitions": partitions}, file)
        self.addCleanup(os.remove, file.name)
        return file.name

    def move_to(self, replicas):
        plan = self.plan([{"topic": TOPIC, "partition": n, "replicas": replicas[n % 3:] + replicas[:n % 3]}
                          for n in range(PARTITIONS)])
        self.tool("reassign.ReassignPartitionsCommand", "--execute", "--reassignment-json-file", plan)

        def moved():
            """every replica is where the plan says, and in sync"""
            return all(sorted(p.replicas) == sorted(replicas) == sorted(p.isrs)
                       for p in self.cluster.partitions(TOPIC).values())
        eventually(moved, seconds=PROGRESS_SECONDS)

    def take_away(self, number):
        table = self.tool("MetadataQuorumCommand", "describe", "--replication")
        directory = re.search(rf"^{number}\s+(\S{{22}})\s", table, re.M).group(1)
        self.cluster.nodes[number - 1].terminate()
        self.tool("MetadataQuorumCommand", "remove-controller", "--controller-id", number,
                  "--controller-directory-id", directory)
        said = kafka_tool(TOOLS + "ClusterTool", "unregister", "--bootstrap-server",
                          f"127.0.0.1:{self.cluster.client_ports[1]}", "--id", number)
        self.assertIn("no longer registered", said)

    def test_kafkas_tool_throttles_a_move_and_lifts_that_when_it_is_over(self):
        self.cluster.create(TOPIC, 1)
        lib.send(self.cluster, TOPIC, [os.urandom(100_000)] * 60, batch_size=200_000)
        self.cluster.add()
        plan = self.plan([{"topic": TOPIC, "partition": 0, "replicas": [2, 3, 4]}])
        reassign = ("reassign.ReassignPartitionsCommand", "--reassignment-json-file", plan)
        began = time.monotonic()
        self.assertIn("The inter-broker throttle limit was set to 1000000 B/s",
                      self.tool(*reassign, "--execute", "--throttle", 1_000_000))
        shown = json.loads(must("cluster", "--json", "--bootstrap", self.cluster.bootstrap))["reassignments"]
        self.assertEqual([(m["partition"], m["adding"], m["removing"]) for m in shown], [(f"{TOPIC}-0", [4], [1])])
        self.assertLess(shown[0]["bytes_done"], shown[0]["bytes_wanted"])

        def verified():
            """the tool finds that the move is over"""
            return "is completed" in self.tool(*reassign, "--verify")
        eventually(verified, seconds=PROGRESS_SECONDS)
        self.assertGreater(time.monotonic() - began, 4)
        for kind, name in (("brokers", "4"), ("topics", TOPIC)):
            self.assertNotIn("throttled", kafka_tool(
                "kafka.admin.ConfigCommand", "--bootstrap-server", f"127.0.0.1:{self.cluster.client_ports[1]}",
                "--describe", "--entity-type", kind, "--entity-name", name))

    def test_a_node_joins_and_another_leaves_while_clients_notice_nothing(self):
        self.cluster.create(TOPIC, PARTITIONS)
        load = Load(self.cluster, TOPIC, "producer", acks="all", enable_idempotence=True)
        reader = Reader(self.cluster)
        load.start()
        reader.start()
        self.await_progress(load)
        self.cluster.add()
        self.move_to([2, 3, 4])
        self.await_progress(load)
        self.take_away(1)
        self.await_progress(load)
        self.assertEqual(load.finish(), 0)
        self.assertEqual(load.errors, [])
        eventually(lambda: load.acknowledged[0] <= set(reader.read), seconds=PROGRESS_SECONDS)
        reader.finish()
        self.assertEqual(reader.errors, [])
        self.assertEqual(faults(load.acknowledged[0], reader.read)[:5], [])
        for partition, read in enumerate(read_back(self.cluster, TOPIC)):
            self.assertEqual(faults(load.acknowledged[partition], read)[:5], [], f"partition {partition}")
        self.assertEqual(sorted(lib.admin(self.cluster).list_topics(timeout=10).brokers), [2, 3, 4])


if __name__ == "__main__":
    unittest.main()

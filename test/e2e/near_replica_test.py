"""Consumers that say in which rack they stand read from the replica there (KIP-392)."""
import json
import time
import unittest

import librdkafka as lib
from broker import eventually
from cluster import ClusterCase
from programs import kafka_tool, require_confluent_kafka, require_kafka_tools

TOPIC = "lines"
COUNT = 2000
READ_SECONDS = 60


class NearReader:
    """A consumer in the rack of one node, with the node that librdkafka says it reads from."""

    def __init__(self, cluster, node):
        self.read_from = None
        self.consumer = lib.reader(cluster, TOPIC, 0, 0, client_rack=f"rack{node}", statistics_interval_ms=100,
                                   stats_cb=self.note)
        self.values = []

    def note(self, statistics):
        topic = json.loads(statistics)["topics"].get(TOPIC)
        if topic and "0" in topic["partitions"]:
            self.read_from = topic["partitions"]["0"]["broker"]

    def read_until(self, count):
        deadline = time.monotonic() + READ_SECONDS
        while len(self.values) < count and time.monotonic() < deadline:
            for message in self.consumer.consume(1000, 0.1):
                if not message.error():
                    self.values.append(message.value().decode())
        return self.values

    def reads_from(self, node):
        def reads():
            """the consumer reads from the node in its rack"""
            self.consumer.poll(0)
            return self.read_from == node
        eventually(reads, seconds=READ_SECONDS)


class NearReplica(ClusterCase):
    settings = {
        "broker.rack": "rack{id}",
        "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector"}

    def setUp(self):
        require_confluent_kafka()
        super().setUp()
        self.cluster.create(TOPIC, 1)
        self.leader = self.cluster.partitions(TOPIC)[0].leader
        self.follower = self.leader % 3 + 1

    def produce(self, begin, end):
        lib.send(self.cluster, TOPIC, [str(n) for n in range(begin, end)], acks="all")

    def test_librdkafka_reads_from_the_follower_in_its_rack_and_from_the_leader_when_that_is_gone(self):
        reader = NearReader(self.cluster, self.follower)
        self.addCleanup(reader.consumer.close)
        self.produce(0, COUNT)
        reader.read_until(COUNT)
        reader.reads_from(self.follower)
        begun = time.monotonic()
        self.produce(COUNT, COUNT + 1)
        reader.read_until(COUNT + 1)
        self.assertLess(time.monotonic() - begun, 2)
        self.produce(COUNT + 1, 2 * COUNT)
        reader.read_until(2 * COUNT)
        self.assertEqual(reader.read_from, self.follower)
        self.cluster.nodes[self.follower - 1].kill()
        self.produce(2 * COUNT, 3 * COUNT)
        self.assertEqual(reader.read_until(3 * COUNT), [str(n) for n in range(3 * COUNT)])
        reader.reads_from(self.leader)
        self.cluster.nodes[self.follower - 1].start()

    def test_the_java_consumer_reads_everything_in_a_followers_rack(self):
        require_kafka_tools()
        self.produce(0, COUNT)
        said = kafka_tool("org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", self.cluster.bootstrap,
                          "--topic", TOPIC, "--partition", 0, "--offset", "earliest", "--max-messages", COUNT,
                          "--timeout-ms", 30000, "--command-property", f"client.rack=rack{self.follower}")
        self.assertEqual(said.split(), [str(n) for n in range(COUNT)])


if __name__ == "__main__":
    unittest.main()

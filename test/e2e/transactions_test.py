"""Transactions of real clients: librdkafka's and Java's producers, Kafka's tools for transactions, and records that are
copied exactly once while coordinators are killed."""
import collections
import os
import shutil
import tempfile
import threading
import time
import unittest

import librdkafka as lib
from broker import BrokerCase, eventually
from cluster import ClusterCase
from programs import ProgramFailed, java_source, kafka_tool, require_confluent_kafka, require_kafka_tools

QUICK = {"group.initial.rebalance.delay.ms": "0"}
SETTLE_SECONDS = 60
PARTITIONS = 3
RECORDS = 12_000  # of each partition, for copies under kills
TIMED_OUT = "was open for longer than its"  # what a coordinator says when it aborts a transaction
TOOL = "org.apache.kafka.tools.TransactionsCommand"
WORD_COUNT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "java", "WordCount.java")
COPIER = "org.apache.kafka.tools.TransactionalMessageCopier"


def transactional(broker, name, **settings):
    producer = lib.producer(broker, transactional_id=name, transaction_timeout_ms=10_000, **settings)
    producer.init_transactions(SETTLE_SECONDS)
    return producer


def values(broker, topic, partitions=1, isolation="read_committed"):
    """What readers of that isolation get of the topic's partitions, each in its order."""
    return [[m.value().decode() for m in lib.read_all(broker, topic, partition, isolation_level=isolation)]
            for partition in range(partitions)]


class Librdkafka(BrokerCase):
    settings = QUICK

    def setUp(self):
        super().setUp()
        require_confluent_kafka()

    def test_committed_records_are_read_and_aborted_ones_are_not(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=2)
        producer = transactional(self.broker, topic)
        for number in range(6):
            producer.begin_transaction()
            for partition in range(2):
                producer.produce(topic, str(number).encode(), partition=partition)
            producer.flush()
            if number % 2:
                producer.abort_transaction()
            else:
                producer.commit_transaction()
        self.assertEqual(values(self.broker, topic, 2), [["0", "2", "4"]] * 2)
        self.assertEqual(values(self.broker, topic, 2, "read_uncommitted"), [["0", "1", "2", "3", "4", "5"]] * 2)

    def test_readers_of_committed_records_wait_for_the_end_of_a_transaction(self):
        topic = self.topic_name()
        lib.create(self.broker, topic)
        producer = transactional(self.broker, topic)
        producer.begin_transaction()
        producer.produce(topic, b"open", partition=0)
        producer.flush()
        lib.send(self.broker, topic, [b"plain"])
        reader = lib.reader(self.broker, group_id=topic, isolation_level="read_committed")
        self.addCleanup(reader.close)
        reader.assign([lib.TopicPartition(topic, 0, 0)])
        self.assertIsNone(reader.poll(1))
        producer.commit_transaction()
        self.assertEqual([reader.poll(10).value() for _ in range(2)], [b"open", b"plain"])

    def test_a_new_producer_of_the_same_id_fences_the_old_one(self):
        topic = self.topic_name()
        lib.create(self.broker, topic)
        old = transactional(self.broker, topic)
        old.begin_transaction()
        old.produce(topic, b"old", partition=0)
        old.flush()
        new = transactional(self.broker, topic)
        with self.assertRaises(lib.KafkaException) as failure:
            old.commit_transaction()
        self.assertTrue(failure.exception.args[0].fatal())
        new.begin_transaction()
        new.produce(topic, b"new", partition=0)
        new.commit_transaction()
        self.assertEqual(values(self.broker, topic), [["new"]])

    def test_offsets_are_committed_with_the_transaction_or_not_at_all(self):
        topic = self.topic_name()
        lib.create(self.broker, topic)
        producer = transactional(self.broker, topic)
        reader = lib.reader(self.broker, group_id=topic)
        self.addCleanup(reader.close)
        place = lib.TopicPartition(topic, 0)

        def committed():
            return reader.committed([place], 10)[0].offset
        for offset, commits, wanted in ((5, True, 5), (7, False, 5), (9, True, 9)):
            producer.begin_transaction()
            producer.send_offsets_to_transaction([lib.TopicPartition(topic, 0, offset)],
                                                 reader.consumer_group_metadata(), 10)
            if commits:
                producer.commit_transaction()
            else:
                producer.abort_transaction()
            eventually(lambda is_now=wanted: committed() == is_now)


class Java(BrokerCase):
    settings = {**QUICK, "transaction.max.timeout.ms": "60000"}
    own_process = True

    def setUp(self):
        super().setUp()
        require_confluent_kafka()
        require_kafka_tools()

    def transactions(self, *arguments):
        return kafka_tool(TOOL, "--bootstrap-server", self.broker.bootstrap, *arguments)

    def test_the_copier_copies_exactly_once_with_random_aborts(self):
        source, target = self.topic_name(), self.topic_name()
        lib.create(self.broker, source)
        lib.create(self.broker, target)
        lib.send(self.broker, source, [str(n).encode() for n in range(2000)])
        kafka_tool(COPIER, "--broker-list", self.broker.bootstrap, "--input-topic", source, "--input-partition", 0,
                   "--output-topic", target, "--transactional-id", "copier", "--consumer-group", source,
                   "--transaction-size", 50, "--enable-random-aborts", "--use-group-metadata")
        self.assertEqual(values(self.broker, target), [[str(n) for n in range(2000)]])

    def test_the_tools_list_describe_and_end_transactions(self):
        topic = self.topic_name()
        lib.create(self.broker, topic)
        producer = transactional(self.broker, "seen-by-tools")
        producer.begin_transaction()
        producer.produce(topic, b"open", partition=0)
        producer.flush()
        self.assertRegex(self.transactions("list"), r"seen-by-tools\s+\d+\s+\d+\s+Ongoing")
        self.assertIn("seen-by-tools", self.transactions("list", "--transactional-id-pattern", "seen.*"))
        self.assertNotIn("seen-by-tools", self.transactions("list", "--transactional-id-pattern", "other.*"))
        self.assertRegex(self.transactions("describe", "--transactional-id", "seen-by-tools"),
                         rf"Ongoing\s+10000\s+\d+\s+\d+\s+{topic}-0")
        producers = self.transactions("describe-producers", "--topic", topic, "--partition", 0)
        self.assertRegex(producers, r"\n\d+\s+0\s+-?\d+\s+0\s+\d+\s+0")
        self.transactions("abort", "--topic", topic, "--partition", 0, "--start-offset", 0)
        self.assertEqual(values(self.broker, topic), [[]])
        self.assertNotIn(topic, self.transactions("find-hanging", "--broker-id", self.broker_id(),
                                                  "--max-transaction-timeout", 1))

    def broker_id(self):
        return next(iter(lib.admin(self.broker).list_topics(timeout=10).brokers))


class Copier(threading.Thread):
    """Copies one partition of a topic to the same one of another with Kafka's own copier, begun anew when it gives up."""

    def __init__(self, cluster, source, target, partition):
        super().__init__(daemon=True)
        self.arguments = ["--broker-list", cluster.bootstrap, "--input-topic", source, "--input-partition", partition,
                          "--output-topic", target, "--transactional-id", f"copier-{partition}", "--consumer-group",
                          f"copier-{partition}", "--transaction-size", 20, "--transaction-timeout", 10_000,
                          "--use-group-metadata"]
        self.given_up = []
        self.is_done = False

    def run(self):
        while not self.is_done and len(self.given_up) < 20:
            try:
                kafka_tool(COPIER, *self.arguments, seconds=200)
                self.is_done = True
            except ProgramFailed as failure:
                self.given_up.append(str(failure)[-2000:])


class Coordinators(ClusterCase):
    settings = QUICK

    def setUp(self):
        require_confluent_kafka()
        require_kafka_tools()
        super().setUp()

    def behind(self):
        """Topics of which not all replicas are in sync."""
        return [topic for topic, count in (("source", PARTITIONS), ("target", PARTITIONS), ("__transaction_state", 50),
                                           ("__consumer_offsets", 50)) if not self.cluster.in_sync(topic, count)]

    def copied_count(self):
        reader = lib.reader(self.cluster)
        try:
            return sum(reader.get_watermark_offsets(lib.TopicPartition("target", p), 10)[1] for p in range(PARTITIONS))
        finally:
            reader.close()

    def test_records_are_copied_exactly_once_while_nodes_are_killed(self):
        self.cluster.create("source", PARTITIONS)
        self.cluster.create("target", PARTITIONS)
        for partition in range(PARTITIONS):
            lib.send(self.cluster, "source", [str(n).encode() for n in range(RECORDS)], partition)
        copiers = [Copier(self.cluster, "source", "target", partition) for partition in range(PARTITIONS)]
        for copier in copiers:
            copier.start()
        kills = 0
        for node in self.cluster.nodes:
            before = self.copied_count()
            eventually(lambda was=before: self.copied_count() > was + 500 or any(c.is_done for c in copiers),
                       seconds=SETTLE_SECONDS)
            if any(copier.is_done for copier in copiers):
                break
            node.kill()
            kills += 1
            time.sleep(2)
            node.start()
            eventually(lambda: not self.behind(), seconds=SETTLE_SECONDS)
        for copier in copiers:
            copier.join()
        self.assertEqual([c.given_up for c in copiers if not c.is_done], [])
        self.assertGreater(kills, 0)
        for partition, found in enumerate(values(self.cluster, "target", PARTITIONS)):
            again = [value for value, count in collections.Counter(found).items() if count > 1]
            self.assertEqual(again[:5], [], f"twice in partition {partition}")
            self.assertEqual(found, [str(n) for n in range(RECORDS)])
        print(f"[{kills} nodes killed, {PARTITIONS * RECORDS} records copied once, "
              f"{sum(len(c.given_up) for c in copiers)} copiers begun anew]", end=" ")


class Streams(ClusterCase):
    settings = QUICK

    def setUp(self):
        require_confluent_kafka()
        require_kafka_tools()
        super().setUp()

    def test_words_are_counted_exactly_once_while_a_node_is_killed(self):
        self.cluster.create("lines", PARTITIONS)
        self.cluster.create("counts", PARTITIONS)
        folder = tempfile.mkdtemp(prefix="troupe-streams-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        said = []
        lines = 4 * 1000 * PARTITIONS
        counting = threading.Thread(target=lambda: said.append(java_source(
            WORD_COUNT, self.cluster.bootstrap, "lines", "counts", 2 * lines, folder, seconds=200)))
        counting.start()
        for wave in range(4):
            for partition in range(PARTITIONS):
                lib.send(self.cluster, "lines", [f"all w{n % 5}".encode() for n in range(1000)], partition,
                         enable_idempotence=True)
            if wave == 1:
                self.cluster.nodes[0].kill()
            time.sleep(2)
        self.cluster.nodes[0].start()
        counting.join()
        self.assertEqual(len(said), 1, "the program failed")
        timed_out = [line for node in self.cluster.nodes for line in node.log().splitlines() if TIMED_OUT in line]
        self.assertEqual(timed_out, [], said[0])
        told = [line.split()[1:] for line in said[0].splitlines() if line.startswith("counted ")]
        counts = {word: int(count) for word, count in told}
        self.assertEqual(counts, {"all": lines, **{f"w{n}": lines // 5 for n in range(5)}}, said[0])


if __name__ == "__main__":
    unittest.main()

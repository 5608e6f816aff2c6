"""Topics that come and go: automatic creation, creation anew under an old name, deletion switched off."""
import time

import librdkafka as lib
from broker import BrokerCase, eventually
from programs import require_confluent_kafka, require_kafka_tools, kafka_tool
from wire import Peer

UNKNOWN_TOPIC, UNKNOWN_TOPIC_ID, TOPIC_DELETION_DISABLED, INVALID_REQUEST = 3, 100, 73, 42


class Topics(BrokerCase):
    def setUp(self):
        super().setUp()
        self.kafka = require_confluent_kafka()

    def names(self):
        return lib.admin(self.broker).list_topics(timeout=lib.CLIENT_SECONDS).topics.keys()

    def topic_id(self, topic):
        with Peer(self.broker) as peer:
            answer = peer.ask("metadata", 12, {"topics": [{"name": topic}], "allow_auto_topic_creation": False})
            return answer["topics"][0]["topic_id"]

    def fetch(self, topic_id, offset=0):
        """(error, records) of one fetch by topic id, as every new client asks."""
        with Peer(self.broker) as peer:
            answer = peer.ask("fetch", 13, {"max_wait_ms": 0, "max_bytes": 1 << 20, "session_epoch": -1, "topics": [
                {"topic_id": topic_id, "partitions": [{"partition": 0, "fetch_offset": offset,
                                                       "partition_max_bytes": 1 << 20}]}]})
            partition = answer["responses"][0]["partitions"][0]
            return answer["error_code"] or partition["error_code"], partition["records"]


class Automatic(Topics):
    settings = {"auto.create.topics.enable": "true", "num.partitions": "3"}

    def test_a_producer_creates_its_topic_with_the_brokers_partitions(self):
        topic = self.topic_name()
        lib.send(self.broker, topic, [b"first"], partition=2)
        self.assertEqual(lib.values(lib.read_all(self.broker, topic, 2)), [b"first"])
        self.assertEqual(len(lib.admin(self.broker).list_topics(topic, lib.CLIENT_SECONDS).topics[topic].partitions), 3)

    def test_a_client_that_forbids_it_creates_nothing(self):
        topic = self.topic_name()
        consumer = lib.reader(self.broker, topic, allow_auto_create_topics=False)
        self.addCleanup(consumer.close)
        consumer.poll(1.0)
        with Peer(self.broker) as peer:
            answer = peer.ask("metadata", 12, {"topics": [{"name": topic}], "allow_auto_topic_creation": False})
        self.assertEqual(answer["topics"][0]["error_code"], UNKNOWN_TOPIC)
        self.assertNotIn(topic, self.names())

    def test_impossible_names_are_not_created(self):
        with Peer(self.broker) as peer:
            for bad in ("", ".", "a b", "x" * 250, "käse"):
                answer = peer.ask("metadata", 9, {"topics": [{"name": bad}], "allow_auto_topic_creation": True})
                self.assertEqual(answer["topics"][0]["error_code"], 17, bad)


class Forbidden(Topics):
    settings = {"auto.create.topics.enable": "false", "delete.topic.enable": "false"}

    def test_producing_to_an_unknown_topic_is_an_error(self):
        topic = self.topic_name()
        self.assertIn(lib.error_when_sending(self.broker, topic, b"x", topic_metadata_propagation_max_ms=100),
                      {"UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION"})
        self.assertNotIn(topic, self.names())

    def test_topics_cannot_be_deleted(self):
        topic = self.topic_name()
        lib.create(self.broker, topic)
        with Peer(self.broker) as peer:
            answer = peer.ask("delete_topics", 6, {"topics": [{"name": topic}], "timeout_ms": 5000})
            self.assertEqual(answer["responses"][0]["error_code"], TOPIC_DELETION_DISABLED)
            answer = peer.ask("delete_topics", 1, {"topic_names": [topic], "timeout_ms": 5000})
            # Kafka says INVALID_REQUEST before version 3, which is less than what clients of that time understand.
            self.assertIn(answer["responses"][0]["error_code"], {INVALID_REQUEST, TOPIC_DELETION_DISABLED})
        eventually(lambda: topic in self.names())


class Anew(Topics):
    settings = {"auto.create.topics.enable": "false"}

    def recreate(self, topic):
        lib.done(lib.admin(self.broker).delete_topics([topic]))
        eventually(lambda: topic not in self.names())
        lib.create(self.broker, topic)
        eventually(lambda: topic in self.names())

    def test_a_topic_made_anew_has_a_new_id_and_none_of_the_old_records(self):
        topic = self.topic_name()
        lib.create(self.broker, topic)
        lib.send(self.broker, topic, [b"old"] * 5)
        old = self.topic_id(topic)
        self.assertEqual(self.fetch(old)[0], 0)
        self.recreate(topic)
        self.assertNotEqual(self.topic_id(topic), old)
        error, records = eventually(lambda: self.fetch(old))
        self.assertIn(error, {UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC})
        self.assertFalse(records)
        lib.send(self.broker, topic, [b"new"])
        self.assertEqual(lib.values(lib.read_all(self.broker, topic)), [b"new"])

    def test_a_reader_of_the_old_topic_gets_an_error_or_the_new_records(self):
        topic = self.topic_name()
        lib.create(self.broker, topic)
        lib.send(self.broker, topic, [b"old"] * 5)
        consumer = lib.reader(self.broker, topic, topic_metadata_refresh_interval_ms=100, auto_offset_reset="earliest")
        self.addCleanup(consumer.close)
        lib.take(consumer, 5)
        self.recreate(topic)
        lib.send(self.broker, topic, [b"new"] * 8)
        seen = []
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and len(seen) < 3:
            seen += [message.error() or message.value() for message in consumer.consume(10, 0.2)]
        self.assertNotIn(b"old", seen)
        self.assertTrue(seen)

    def test_deletion_while_a_producer_writes_leaves_nothing_behind(self):
        for _ in range(5):
            topic = self.topic_name()
            lib.create(self.broker, topic, partitions=3)
            out = lib.producer(self.broker, message_timeout_ms=2000)
            for n in range(300):
                out.produce(topic, b"x" * 1000, partition=n % 3)
            out.poll(0.01)
            lib.done(lib.admin(self.broker).delete_topics([topic]))
            eventually(lambda: topic not in self.names())  # pylint: disable=cell-var-from-loop
            out.purge()
            out.flush(1)


class ManyPartitions(Topics):
    def test_a_java_reader_gets_records_of_a_topic_with_many_partitions(self):
        require_kafka_tools()
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=200)
        eventually(lambda: topic in self.names())
        out = lib.producer(self.broker)
        for n in range(2000):
            out.produce(topic, str(n).encode(), partition=n % 200)
        self.assertEqual(out.flush(30), 0)
        read = kafka_tool("org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server",
                          self.broker.bootstrap, "--topic", topic, "--partition", 150, "--offset", "earliest",
                          "--max-messages", 10, "--timeout-ms", 20000).split()
        self.assertEqual(read, [str(n) for n in range(150, 2000, 200)])

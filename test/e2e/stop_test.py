"""Stopping and starting: SIGTERM is clean and quick, everything is there afterwards."""
import os
import re
import threading

import librdkafka as lib
from broker import Broker, BrokerCase, eventually, foreign
from kill_test import Load, PARTITIONS, faults, read_back
from programs import require_confluent_kafka
from wire import Peer, framed, request

STOP_SECONDS_MAX = 1.0
UNCLEAN = re.compile(r"not stopped cleanly|unclean|recover", re.IGNORECASE)


class Stop(BrokerCase):
    own_process = True

    def setUp(self):
        super().setUp()
        require_confluent_kafka()

    def test_sigterm_under_light_load_ends_cleanly_within_a_second(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=PARTITIONS)
        load = Load(self.broker, topic, "light", acks="all", enable_idempotence=True)
        load.start()
        for _ in range(3):
            goal = load.acknowledged_count() + 300
            eventually(lambda: load.acknowledged_count() > goal)  # pylint: disable=cell-var-from-loop
            said_before = len(self.broker.log())
            code, seconds = self.broker.terminate()
            self.assertEqual(code, 0, self.broker.log_tail())
            if not foreign():
                self.assertLess(seconds, STOP_SECONDS_MAX)
            self.broker.start()
            if not foreign():
                self.assertNotRegex(self.broker.log()[said_before:], UNCLEAN)
        self.assertEqual(load.finish(), 0)
        self.assertEqual(load.errors, [])
        for partition, read in enumerate(read_back(self.broker, topic)):
            self.assertEqual(faults(load.acknowledged[partition], read), [])

    def test_topics_configurations_and_ids_survive_both_ways_of_ending(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=3, retention_ms=123456, cleanup_policy="compact")

        def view():
            kafka = require_confluent_kafka()
            admin = lib.admin(self.broker)
            described = lib.done(admin.describe_topics(kafka.TopicCollection([topic])))[topic]
            config = next(iter(lib.done(admin.describe_configs([kafka.admin.ConfigResource("TOPIC", topic)])).values()))
            cluster = admin.describe_cluster().result(lib.CLIENT_SECONDS)
            return (str(described.topic_id), len(described.partitions), config["retention.ms"].value,
                    config["cleanup.policy"].value, cluster.cluster_id)
        before = eventually(view)
        self.broker.terminate()
        self.broker.start()
        self.assertEqual(view(), before)
        self.broker.kill()
        self.broker.start()
        self.assertEqual(view(), before)

    def test_deleted_topics_and_records_stay_deleted(self):
        gone, cut = self.topic_name(), self.topic_name()
        kafka = require_confluent_kafka()
        admin = lib.admin(self.broker)
        for topic in (gone, cut):
            lib.create(self.broker, topic)
            lib.send(self.broker, topic, [b"x"] * 10)
        lib.done(admin.delete_records([kafka.TopicPartition(cut, 0, 7)]))
        self.broker.terminate()
        self.broker.start()
        self.assertEqual(lib.watermarks(self.broker, cut), (7, 10))
        lib.done(admin.delete_topics([gone]))
        self.broker.kill()
        self.broker.start()
        self.assertEqual(lib.watermarks(self.broker, cut), (7, 10))
        self.assertNotIn(gone, admin.list_topics(timeout=lib.CLIENT_SECONDS).topics)

    def test_clients_that_knock_during_the_start_do_no_harm(self):
        ended = threading.Event()

        def knock():
            while not ended.is_set():
                try:
                    with Peer(self.broker) as peer:
                        peer.send(framed(request("metadata", 12, {"topics": None})))
                        peer.receive()
                except OSError:
                    pass  # not there yet
        knocking = [threading.Thread(target=knock, daemon=True) for _ in range(4)]
        for thread in knocking:
            thread.start()
        for _ in range(10):
            self.broker.kill()
            self.broker.start()
            with Peer(self.broker) as peer:
                self.assertIsNotNone(peer.ask("metadata", 12, {"topics": None}))
            self.broker.check()
        ended.set()
        for thread in knocking:
            thread.join()

    def test_an_idempotent_producer_goes_on_after_a_restart(self):
        topic = self.topic_name()
        lib.create(self.broker, topic)
        out = lib.producer(self.broker, enable_idempotence=True)
        for n in range(100):
            out.produce(topic, str(n).encode(), partition=0)
            if n % 25 == 24:
                self.assertEqual(out.flush(30), 0)
                if n % 50 == 24:
                    self.broker.kill()
                else:
                    self.broker.terminate()
                self.broker.start()
        self.assertEqual(lib.values(lib.read_all(self.broker, topic)), [str(n).encode() for n in range(100)])


class Start(BrokerCase):
    own_process = True
    only_troupe = True

    def test_a_second_node_on_the_same_data_is_refused(self):
        other = Broker(data=self.broker.data)
        self.addCleanup(other.close)
        with self.assertRaises(AssertionError):
            other.start()
        self.assertRegex(other.log(), r"(?i)lock|in use|another")

    def test_a_taken_port_is_named(self):
        other = Broker()
        self.addCleanup(other.close)
        other.port = self.broker.port
        with self.assertRaises(AssertionError):
            other.start()
        self.assertIn(str(self.broker.port), other.log())

    def test_wrong_settings_are_refused_with_the_nearest_name(self):
        for key, value, said in (("log.retention.msx", "1", "log.retention.ms"),
                                 ("num.partitions", "many", "num.partitions")):
            other = Broker({key: value})
            self.addCleanup(other.close)
            with self.assertRaises(AssertionError):
                other.start()
            self.assertIn(said, other.log())
            self.assertFalse(os.path.exists(other.data))

"""kcat, and with it Debian's librdkafka, against the broker."""
import json
import subprocess
import time

from broker import BrokerCase
from programs import kcat, require_kcat

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


class Kcat(BrokerCase):
    def setUp(self):
        super().setUp()
        require_kcat()

    def produce(self, topic, lines, *arguments):
        kcat(self.broker, "-P", "-t", topic, "-p", "0", *arguments, text_in="".join(f"{line}\n" for line in lines))

    def consume(self, topic, *arguments):
        return kcat(self.broker, "-C", "-t", topic, "-p", "0", "-e", "-q", *arguments).splitlines()

    def test_metadata_names_broker_and_partitions(self):
        topic = self.topic_name()
        self.produce(topic, ["one"])
        listing = json.loads(kcat(self.broker, "-L", "-J", "-t", topic))
        self.assertEqual([b["name"] for b in listing["brokers"]], [self.broker.bootstrap])
        partitions = listing["topics"][0]["partitions"]
        leader = listing["brokers"][0]["id"]
        self.assertEqual(partitions, [{"partition": 0, "leader": leader, "replicas": [{"id": leader}],
                                       "isrs": [{"id": leader}]}])
        self.assertIn(topic, kcat(self.broker, "-L"))

    def test_every_codec_comes_back_as_it_went_in(self):
        for codec in CODECS:
            with self.subTest(codec=codec):
                topic = self.topic_name()
                lines = [f"{codec} {n} {'x' * (n % 300)}" for n in range(2000)]
                self.produce(topic, lines, "-z", codec, "-X", "linger.ms=5")
                self.assertEqual(self.consume(topic), lines)

    def test_keys_headers_and_null_values_come_back(self):
        topic = self.topic_name()
        self.produce(topic, ["k1:v1", "k2:"], "-K", ":", "-Z", "-H", "colour=blue", "-H", "empty=")
        read = self.consume(topic, "-J")
        records = [json.loads(line) for line in read]
        self.assertEqual([(r["key"], r["payload"]) for r in records], [("k1", "v1"), ("k2", None)])
        self.assertEqual(records[0]["headers"][:2], ["colour", "blue"])
        self.assertEqual([r["offset"] for r in records], [0, 1])

    def test_reads_start_where_they_are_told(self):
        topic = self.topic_name()
        self.produce(topic, [str(n) for n in range(100)])
        self.assertEqual(self.consume(topic, "-o", "beginning"), [str(n) for n in range(100)])
        self.assertEqual(self.consume(topic, "-o", "40", "-c", "3"), ["40", "41", "42"])
        self.assertEqual(self.consume(topic, "-o", "-5"), ["95", "96", "97", "98", "99"])
        self.assertEqual(self.consume(topic, "-o", "end"), [])

    def test_offsets_and_reads_by_time(self):
        topic = self.topic_name()
        self.produce(topic, ["early"])
        time.sleep(0.02)  # so that the next record has a later millisecond
        between = int(time.time() * 1000)
        time.sleep(0.02)
        self.produce(topic, ["late"])
        query = kcat(self.broker, "-Q", "-t", f"{topic}:0:{between}", "-t", f"{topic}:0:0")
        self.assertIn(f"{topic} [0] offset", query)
        self.assertEqual(kcat(self.broker, "-Q", "-t", f"{topic}:0:{between}").split()[-1], "1")
        self.assertEqual(kcat(self.broker, "-Q", "-t", f"{topic}:0:1").split()[-1], "0")
        self.assertEqual(kcat(self.broker, "-Q", "-t", f"{topic}:0:-1").split()[-1], "2")
        self.assertEqual(kcat(self.broker, "-Q", "-t", f"{topic}:0:{between + 3600_000}").split()[-1], "-1")
        self.assertEqual(self.consume(topic, "-o", f"s@{between}"), ["late"])
        self.assertEqual(self.consume(topic, "-o", "beginning", "-o", f"e@{between}"), ["early"])

    def test_an_idempotent_producer_writes_in_order(self):
        topic = self.topic_name()
        lines = [str(n) for n in range(5000)]
        self.produce(topic, lines, "-X", "enable.idempotence=true", "-X", "batch.num.messages=100")
        self.assertEqual(self.consume(topic), lines)

    def test_old_request_versions_work_without_version_negotiation(self):
        topic = self.topic_name()
        self.produce(topic, ["created by the new protocol"])
        old = ("-X", "api.version.request=false", "-X", "broker.version.fallback=1.0.0")
        self.produce(topic, ["written by the old one"], *old)
        self.assertEqual(self.consume(topic, *old), ["created by the new protocol", "written by the old one"])

    def test_a_waiting_reader_gets_records_as_they_come(self):
        topic = self.topic_name()
        self.produce(topic, ["before"])
        command = ["kcat", "-b", self.broker.bootstrap, "-C", "-t", topic, "-p", "0", "-o", "end", "-c", "3"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reader:
            line = reader.stderr.readline()
            while "Reached end" not in line:
                self.assertTrue(line, "kcat ended before it reached the end")
                line = reader.stderr.readline()
            self.produce(topic, ["1", "2"])
            self.produce(topic, ["3"])
            self.assertEqual(reader.communicate(timeout=30)[0].splitlines(), ["1", "2", "3"])

"""What becomes of records in time: compaction, retention, and files in which Kafka's DumpLogSegments finds no fault."""
import glob
import os
import re

import librdkafka as lib
import wire
from broker import BrokerCase, eventually
from programs import kafka_tool, require_confluent_kafka, require_kafka_tools
from wire import Peer

INVALID_RECORD = 87
QUICK = {"log.retention.check.interval.ms": "100", "log.cleaner.backoff.ms": "100", "log.initial.task.delay.ms": "100",
         "log.segment.delete.delay.ms": "100"}
SEGMENT_BYTES = 1048576  # the smallest that Kafka allows


class Logs(BrokerCase):
    settings = QUICK

    def setUp(self):
        super().setUp()
        require_confluent_kafka()

    def files(self, topic, kind):
        return sorted(glob.glob(os.path.join(self.broker.data, f"{topic}-*", f"*.{kind}")))

    def contents(self, topic):
        return [(message.key(), message.value()) for message in lib.read_all(self.broker, topic)]


class Compaction(Logs):
    def test_the_newest_value_of_each_key_stays_at_its_offset(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, cleanup_policy="compact", segment_ms=200, min_cleanable_dirty_ratio=0.01,
                   min_compaction_lag_ms=0, delete_retention_ms=100)
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            lib.send(self.broker, topic, [{"key": f"k{n % 7}".encode(), "value": f"{codec} {n}".encode()}
                                          for n in range(70)], compression_type=codec)
        lib.send(self.broker, topic, [{"key": b"k0", "value": None}])

        def compacted():
            """each key once, but for the newest segment, which is never compacted"""
            lib.send(self.broker, topic, [{"key": b"ticker", "value": b"t"}])  # rolls the segment by its age
            now = [(k, v) for k, v in self.contents(topic) if k != b"ticker"]
            return now if len({k for k, _ in now}) == len(now) and b"k0" not in [k for k, _ in now] else None
        left = eventually(compacted, seconds=60, every=0.3)
        self.assertEqual(sorted(left), [(f"k{n}".encode(), f"zstd {63 + n}".encode()) for n in range(1, 7)])
        offsets = {m.key(): m.offset() for m in lib.read_all(self.broker, topic)}
        self.assertEqual(offsets[b"k6"], 4 * 70 + 69)

    def test_records_without_a_key_are_refused_where_compaction_needs_one(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, cleanup_policy="compact")
        for codec in ("none", "lz4"):
            self.assertEqual(lib.error_when_sending(self.broker, topic, b"no key", compression_type=codec),
                             "INVALID_RECORD")
        self.assertIsNone(lib.error_when_sending(self.broker, topic, {"key": b"k", "value": b"v"}))

    def test_each_record_without_a_key_is_named_to_its_producer(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, cleanup_policy="compact")
        without = [wire.record(b"v", n, key=b"k" if n % 2 else None) for n in range(4)]
        with Peer(self.broker) as peer:
            answer = peer.ask("produce", 9, {"acks": -1, "timeout_ms": 5000, "topic_data": [
                {"name": topic, "partition_data": [
                    {"index": 0, "records": wire.batch(records=b"".join(without), count=4)}]}]})
        partition = answer["responses"][0]["partition_responses"][0]
        self.assertEqual((partition["error_code"], partition["base_offset"]), (INVALID_RECORD, -1))
        self.assertEqual([one["batch_index"] for one in partition["record_errors"]], [0, 2])
        self.assertEqual(lib.watermarks(self.broker, topic), (0, 0))

    def test_everything_is_compacted_and_readable_after_a_kill(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, cleanup_policy="compact", segment_ms=100, min_cleanable_dirty_ratio=0.01)
        for n in range(40):
            number = str(n).encode()
            lib.send(self.broker, topic, [{"key": b"k", "value": number}, {"key": number, "value": b"v"}])
            if n % 10 == 9:
                self.broker.kill()
                self.broker.start()
        left = self.contents(topic)
        self.assertEqual(left[-1], (b"39", b"v"))
        self.assertEqual({k for k, _ in left}, {b"k"} | {str(n).encode() for n in range(40)})
        self.assertEqual([v for k, v in left if k == b"k"][-1], b"39")


class Retention(Logs):
    def fill(self, topic, segments):
        chunk = [os.urandom(50_000)] * 20
        for _ in range(segments):
            lib.send(self.broker, topic, chunk, linger_ms=0)

    def test_old_segments_go_by_time_and_the_start_moves(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, segment_bytes=SEGMENT_BYTES, retention_ms=1000)
        self.fill(topic, 4)
        low = eventually(lambda: lib.watermarks(self.broker, topic)[0])
        self.assertEqual(lib.watermarks(self.broker, topic)[1], 80)
        read = lib.read_all(self.broker, topic)
        self.assertTrue(not read or read[0].offset() >= low)
        eventually(lambda: len(self.files(topic, "log")) == 1)
        eventually(lambda: not glob.glob(os.path.join(self.broker.data, f"{topic}-0", "*.deleted")))

    def test_old_segments_go_by_size(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, segment_bytes=SEGMENT_BYTES, retention_bytes=2 * SEGMENT_BYTES)
        self.fill(topic, 6)
        low = eventually(lambda: lib.watermarks(self.broker, topic)[0])
        size = sum(os.path.getsize(f) for f in self.files(topic, "log"))
        self.assertGreater(low, 0)
        self.assertGreaterEqual(size, 2 * SEGMENT_BYTES)
        self.assertEqual(lib.watermarks(self.broker, topic)[1], 120)

    def test_nothing_goes_where_both_limits_are_off(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, segment_bytes=SEGMENT_BYTES, retention_ms=-1, retention_bytes=-1)
        old = [{"value": os.urandom(50_000), "timestamp": 1000}] * 60
        lib.send(self.broker, topic, old, linger_ms=0)
        short = self.topic_name()
        lib.create(self.broker, short, segment_bytes=SEGMENT_BYTES, retention_ms=1000)
        lib.send(self.broker, short, old, linger_ms=0)
        eventually(lambda: lib.watermarks(self.broker, short)[0] > 0)
        self.assertEqual(lib.watermarks(self.broker, topic), (0, 60))


class Dump(Logs):
    def test_kafkas_own_tool_finds_no_fault_in_our_files(self):
        require_kafka_tools()
        mixed, compacted, stamped = (self.topic_name() for _ in range(3))
        lib.create(self.broker, mixed, partitions=2, segment_bytes=SEGMENT_BYTES, index_interval_bytes=1000)
        lib.create(self.broker, compacted, cleanup_policy="compact", segment_ms=100, min_cleanable_dirty_ratio=0.01)
        lib.create(self.broker, stamped, message_timestamp_type="LogAppendTime", compression_type="lz4")
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            for idempotent in (True, False):
                lib.send(self.broker, mixed, [os.urandom(900) for _ in range(400)], compression_type=codec,
                         enable_idempotence=idempotent, batch_num_messages=20)
                for topic in (compacted, stamped):
                    lib.send(self.broker, topic, [{"key": f"{n % 9}".encode(), "value": b"v" * n} for n in range(300)],
                             compression_type=codec, enable_idempotence=idempotent, batch_num_messages=50)
        self.assertGreater(len(self.files(mixed, "log")), 3)
        self.broker.terminate()
        counts = {topic: self.dump(topic) for topic in (mixed, compacted, stamped)}
        self.assertEqual((counts[mixed], counts[stamped]), (4000, 3000))
        self.assertGreaterEqual(counts[compacted], 9)
        self.dump_indexes(mixed)
        self.dump_indexes(compacted)
        self.dump_indexes(stamped)
        self.broker.start()
        self.assertEqual(len(lib.read_all(self.broker, mixed)), 4000)

    def dump(self, topic):
        """The number of records; fails at any that is not valid."""
        said = self.tool("--deep-iteration", "--files", ",".join(self.files(topic, "log")))
        self.assertNotRegex(said, r"isvalid: false|CRC: \d+ isvalid: false|non-consecutive|Found|nvalid")
        return len(re.findall(r"^\| offset:", said, re.MULTILINE))

    def dump_indexes(self, topic):
        indexes = self.files(topic, "index") + self.files(topic, "timeindex")
        snapshots = self.files(topic, "snapshot")
        said = self.tool("--index-sanity-check", "--files", ",".join(indexes))
        self.assertEqual(len(re.findall(r"passed sanity check|index is empty", said)), len(indexes), said)
        said = self.tool("--files", ",".join(indexes + snapshots))
        self.assertNotRegex(said, r"Found|mismatch|Mismatch|out of order|does not match|fail")
        if snapshots and topic.startswith("kafkas"):
            self.assertIn("producerId", said)

    def tool(self, *arguments):
        return kafka_tool("org.apache.kafka.tools.DumpLogSegments", *arguments)

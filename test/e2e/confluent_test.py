"""confluent-kafka (librdkafka) produces and consumes with assigned partitions."""
import time

import librdkafka as lib
from broker import BrokerCase
from programs import require_confluent_kafka

MEGABYTE = 1_000_000


class Client(BrokerCase):
    def setUp(self):
        super().setUp()
        require_confluent_kafka()


class Producing(Client):
    def test_delivery_reports_carry_the_offsets_under_each_acks(self):
        for acks in ("0", "1", "all"):
            with self.subTest(acks=acks):
                topic = self.topic_name()
                lib.create(self.broker, topic)
                sent = [f"{acks} {n}".encode() for n in range(300)]
                delivered = lib.send(self.broker, topic, sent, acks=acks)
                if acks != "0":  # without an answer nobody knows the offset
                    self.assertEqual([m.offset() for m in delivered], list(range(300)))
                with self.subTest("read back"):
                    consumer = lib.reader(self.broker, topic)
                    self.assertEqual(lib.values(lib.take(consumer, 300)), sent)
                    consumer.close()

    def test_an_idempotent_producer_of_many_small_batches_writes_each_record_once(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=3)
        sent = [str(n).encode() for n in range(6000)]
        for partition in range(3):
            lib.send(self.broker, topic, sent, partition, enable_idempotence=True, batch_num_messages=50, linger_ms=0)
            self.assertEqual(lib.values(lib.read_all(self.broker, topic, partition)), sent)

    def test_every_codec_with_keys_headers_and_times(self):
        now = int(time.time() * 1000)
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            with self.subTest(codec=codec):
                topic = self.topic_name()
                sent = [{"key": f"k{n}".encode(), "value": b"v" * (n % 700), "timestamp": now - 1000 + n,
                         "headers": [("n", str(n).encode()), ("none", None)]} for n in range(1000)]
                lib.send(self.broker, topic, sent, compression_type=codec, linger_ms=20)
                read = lib.read_all(self.broker, topic)
                self.assertEqual([{"key": m.key(), "value": m.value(), "timestamp": m.timestamp()[1],
                                   "headers": m.headers()} for m in read], sent)

    def test_the_largest_batch_is_taken_and_one_byte_more_is_refused(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, max_message_bytes=200_000)
        wide = {"message_max_bytes": 2 * MEGABYTE}
        # A batch's header, and of its one record: length, attributes, deltas of time and offset, no key, the value's
        # length, no headers.
        overhead = 61 + 3 + 1 + 1 + 1 + 1 + 3 + 1
        self.assertIsNone(lib.error_when_sending(self.broker, topic, b"x" * (200_000 - overhead), **wide))
        self.assertEqual(lib.error_when_sending(self.broker, topic, b"x" * (200_000 - overhead + 1), **wide),
                         "MSG_SIZE_TOO_LARGE")
        self.assertEqual([len(v) for v in lib.values(lib.read_all(self.broker, topic))], [200_000 - overhead])

    def test_big_messages_pass_where_the_topic_allows_them(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, max_message_bytes=20 * MEGABYTE)
        sent = [bytes([n]) * (3 * MEGABYTE) for n in range(4)]
        wide = {"message_max_bytes": 20 * MEGABYTE}
        lib.send(self.broker, topic, sent, **wide)
        self.assertEqual(lib.values(lib.read_all(self.broker, topic)), sent)
        # Messages larger than what the reader asks for at a time still come, one at a time.
        small = {"fetch_message_max_bytes": 1000, "fetch_max_bytes": MEGABYTE, "message_max_bytes": MEGABYTE}
        self.assertEqual(lib.values(lib.read_all(self.broker, topic, **small)), sent)

    def test_records_too_far_in_the_future_are_refused(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, message_timestamp_after_max_ms=60_000, message_timestamp_before_max_ms=60_000)
        now = int(time.time() * 1000)
        for wrong in (now + 120_000, now - 120_000):
            self.assertEqual(lib.error_when_sending(self.broker, topic, {"value": b"x", "timestamp": wrong}),
                             "INVALID_TIMESTAMP")
        lib.send(self.broker, topic, [{"value": b"x", "timestamp": now - 30_000}])
        self.assertEqual(len(lib.read_all(self.broker, topic)), 1)

    def test_log_append_time_replaces_the_records_times(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, message_timestamp_type="LogAppendTime")
        before = int(time.time() * 1000)
        for codec in ("none", "zstd"):
            lib.send(self.broker, topic, [{"value": b"x", "timestamp": 1000}], compression_type=codec)
        after = int(time.time() * 1000)
        kind = __import__("confluent_kafka").TIMESTAMP_LOG_APPEND_TIME
        for message in lib.read_all(self.broker, topic):
            self.assertEqual(message.timestamp()[0], kind)
            self.assertTrue(before <= message.timestamp()[1] <= after, message.timestamp())

    def test_the_broker_recompresses_where_the_topic_says_so(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, compression_type="zstd")
        sent = [b"a" * 1000] * 500
        for codec in ("none", "gzip", "zstd"):
            lib.send(self.broker, topic, sent, compression_type=codec, linger_ms=50)
        self.assertEqual(lib.values(lib.read_all(self.broker, topic)), sent * 3)


class Consuming(Client):
    def test_seek_goes_back_and_forth(self):
        topic = self.topic_name()
        lib.send(self.broker, topic, [str(n).encode() for n in range(1000)])
        consumer = lib.reader(self.broker, topic)
        self.addCleanup(consumer.close)
        lib.take(consumer, 10)
        for offset in (900, 0, 500):
            consumer.seek(lib.TopicPartition(topic, 0, offset))
            self.assertEqual(lib.take(consumer, 1)[0].offset(), offset)

    def test_an_offset_out_of_range_is_an_error_or_resets_as_told(self):
        topic = self.topic_name()
        lib.send(self.broker, topic, [b"0", b"1", b"2"])
        consumer = lib.reader(self.broker, topic, offset=99)
        self.addCleanup(consumer.close)
        with self.assertRaises(lib.KafkaException) as failure:
            lib.take(consumer, 1)
        self.assertEqual(failure.exception.args[0].name(), "_AUTO_OFFSET_RESET")
        reset = lib.reader(self.broker, topic, offset=99, auto_offset_reset="earliest")
        self.addCleanup(reset.close)
        self.assertEqual(lib.values(lib.take(reset, 3)), [b"0", b"1", b"2"])

    def test_watermarks_and_offsets_by_time(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=2)
        now = int(time.time() * 1000)
        lib.send(self.broker, topic, [{"value": b"x", "timestamp": now - 1000 + n * 100} for n in range(10)], 1)
        self.assertEqual(lib.watermarks(self.broker, topic, 0), (0, 0))
        self.assertEqual(lib.watermarks(self.broker, topic, 1), (0, 10))
        consumer = lib.reader(self.broker)
        self.addCleanup(consumer.close)

        def at(time_ms):
            return consumer.offsets_for_times([lib.TopicPartition(topic, 1, time_ms)], 20)[0].offset
        self.assertEqual([at(0), at(now - 1000), at(now - 999), at(now - 500), at(now - 100)], [0, 0, 1, 5, 9])
        self.assertEqual(at(now + 1000), -1)

    def test_many_partitions_are_read_in_one_session(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=100)
        out = lib.producer(self.broker)
        for n in range(3000):
            out.produce(topic, str(n).encode(), partition=n % 100)
        self.assertEqual(out.flush(30), 0)
        consumer = lib.reader(self.broker)
        self.addCleanup(consumer.close)
        consumer.assign([lib.TopicPartition(topic, p, 0) for p in range(100)])
        read = lib.take(consumer, 3000)
        for partition in range(100):
            self.assertEqual([int(m.value()) for m in read if m.partition() == partition],
                             list(range(partition, 3000, 100)))
        # The session goes on: a record in any partition arrives, and partitions can be left out.
        consumer.incremental_unassign([lib.TopicPartition(topic, 5)])
        for partition in (99, 5, 0):
            lib.send(self.broker, topic, [b"later"], partition)
        self.assertEqual({m.partition() for m in lib.take(consumer, 2)}, {99, 0})
        self.assertEqual(consumer.consume(1, 0.5), [])

    def test_a_waiting_reader_is_answered_by_the_write(self):
        """The reader would wait ten seconds; a write ends that at once, so three of them fit into one wait."""
        topic = self.topic_name()
        lib.create(self.broker, topic)
        consumer = lib.reader(self.broker, topic, fetch_wait_max_ms=10_000)
        self.addCleanup(consumer.close)
        began = time.monotonic()
        for n in range(3):
            time.sleep(0.2)  # lets the reader's request wait at the broker
            lib.send(self.broker, topic, [str(n).encode()])
            self.assertEqual(lib.values(lib.take(consumer, 1)), [str(n).encode()])
        self.assertLess(time.monotonic() - began, 10)

    def test_a_reader_waits_for_the_bytes_it_asks_for(self):
        topic = self.topic_name()
        lib.create(self.broker, topic)
        consumer = lib.reader(self.broker, topic, fetch_min_bytes=100_000, fetch_wait_max_ms=15_000)
        self.addCleanup(consumer.close)
        lib.send(self.broker, topic, [b"x" * 1000])
        self.assertEqual(consumer.consume(1, 1.5), [])
        lib.send(self.broker, topic, [b"x" * 120_000])
        self.assertEqual(len(lib.take(consumer, 2, seconds=10)), 2)

"""SIGKILL under load, again and again: every acknowledged record is read back once and in order."""
import os
import random
import threading
import time
import unittest

import librdkafka as lib
from broker import BrokerCase
from programs import require_confluent_kafka

KILLS = int(os.environ.get("TROUPE_E2E_KILLS", "30"))
PARTITIONS = 4
PRODUCERS = 2
RECORDS_PER_SECOND = 2000  # of one producer
ACKNOWLEDGED_BETWEEN_KILLS = 200
SEED = int(os.environ.get("TROUPE_E2E_SEED", random.SystemRandom().randrange(2**32)))
PROGRESS_SECONDS = 60


def faults(acknowledged, read):
    """What is wrong with `read`, the values of one partition as (producer, number) in the order they were read, when
    `acknowledged` holds those that were acknowledged. Numbers of one producer grow."""
    found = []
    seen = set()
    newest = {}
    for value in read:
        producer, number = value
        if value in seen:
            found.append(f"{value} was read twice")
        elif number < newest.get(producer, -1):
            found.append(f"{value} was read after {newest[producer]}")
        seen.add(value)
        newest[producer] = max(newest.get(producer, -1), number)
    found += [f"{value} was acknowledged and is lost" for value in sorted(acknowledged - seen)]
    return found


class Load(threading.Thread):
    """One producer that writes numbered records to all partitions until `finish`."""

    def __init__(self, broker, topic, name, **settings):
        super().__init__(daemon=True)
        self.topic, self.producer_name = topic, name
        self.producer = lib.producer(broker, message_timeout_ms=300_000, retry_backoff_ms=20, reconnect_backoff_ms=20,
                                     socket_keepalive_enable=True, **settings)
        self.acknowledged = [set() for _ in range(PARTITIONS)]
        self.errors = []
        self.sent = 0
        self.ending = threading.Event()

    def run(self):
        began = time.monotonic()
        while not self.ending.is_set():
            if self.sent > (time.monotonic() - began) * RECORDS_PER_SECOND or len(self.producer) > 20_000:
                self.producer.poll(0.005)
                continue
            self.produce(self.sent)
            self.sent += 1
            self.producer.poll(0)

    def produce(self, number):
        partition = number % PARTITIONS

        def report(error, _message):
            if error:
                self.errors.append(error)
            else:
                self.acknowledged[partition].add((self.producer_name, number))
        self.producer.produce(self.topic, f"{self.producer_name} {number} {'x' * (number % 200)}".encode(),
                              partition=partition, on_delivery=report)

    def acknowledged_count(self):
        return sum(len(one) for one in self.acknowledged)

    def finish(self):
        self.ending.set()
        self.join()
        return self.producer.flush(PROGRESS_SECONDS)


def read_back(broker, topic):
    """Per partition the values as (producer, number), in order."""
    found = []
    for partition in range(PARTITIONS):
        words = [message.value().split() for message in lib.read_all(broker, topic, partition)]
        found.append([(word[0].decode(), int(word[1])) for word in words])
    return found


class Check(unittest.TestCase):
    def test_the_check_sees_losses_repetitions_and_wrong_order(self):
        acknowledged = {("a", 0), ("a", 4), ("b", 0)}
        self.assertEqual(faults(acknowledged, [("a", 0), ("b", 0), ("a", 4), ("a", 8)]), [])
        self.assertEqual(len(faults(acknowledged, [("a", 0), ("a", 4)])), 1)
        self.assertEqual(len(faults(acknowledged, [("a", 0), ("b", 0), ("b", 0), ("a", 4)])), 1)
        self.assertEqual(len(faults(acknowledged, [("a", 4), ("a", 0), ("b", 0)])), 1)


class Kill(BrokerCase):
    own_process = True

    def setUp(self):
        super().setUp()
        require_confluent_kafka()

    def start_load(self, **settings):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=PARTITIONS)
        loads = [Load(self.broker, topic, f"producer{n}", **settings) for n in range(PRODUCERS)]
        for load in loads:
            load.start()
        return topic, loads

    def kill_after_progress(self, loads, rng):
        """SIGKILL at a random moment after some more records were acknowledged; then a start on the same data."""
        goal = [load.acknowledged_count() + ACKNOWLEDGED_BETWEEN_KILLS for load in loads]
        deadline = time.monotonic() + PROGRESS_SECONDS
        while any(load.acknowledged_count() < one for load, one in zip(loads, goal)):
            if time.monotonic() > deadline:
                raise AssertionError(f"seed {SEED}: no progress within {PROGRESS_SECONDS} s; {loads[0].errors[:1]}\n" +
                                     self.broker.log_tail())
            time.sleep(0.005)
        time.sleep(rng.random() * 0.1)
        self.broker.check()
        self.broker.kill()
        self.broker.start()

    def test_every_acknowledged_record_survives_thirty_kills_once_and_in_order(self):
        rng = random.Random(SEED)
        topic, loads = self.start_load(acks="all", enable_idempotence=True)
        for _ in range(KILLS):
            self.kill_after_progress(loads, rng)
        for load in loads:
            self.assertEqual(load.finish(), 0, f"seed {SEED}: records without a report")
            self.assertEqual(load.errors, [], f"seed {SEED}")
        for partition, read in enumerate(read_back(self.broker, topic)):
            acknowledged = set().union(*(load.acknowledged[partition] for load in loads))
            self.assertEqual(faults(acknowledged, read)[:5], [], f"seed {SEED}, partition {partition}")
        print(f"[{KILLS} kills, {sum(load.acknowledged_count() for load in loads)} records, seed {SEED}]", end=" ")

    def test_without_acknowledgements_the_same_check_finds_losses(self):
        """Under acks=0 a client counts what it only sent: were the check blind, this would pass unnoticed."""
        rng = random.Random(SEED)
        topic, loads = self.start_load(acks="0")
        for _ in range(10):
            for _ in range(3):
                self.kill_after_progress(loads, rng)
            found = [fault for partition, read in enumerate(read_back(self.broker, topic)) for fault in
                     faults(set().union(*(load.acknowledged[partition].copy() for load in loads)), read)]
            if any("is lost" in fault for fault in found):
                break
        else:
            self.fail(f"seed {SEED}: thirty kills lost nothing of what nobody acknowledged")
        for load in loads:
            load.finish()

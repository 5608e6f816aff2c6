"""Clients under load that write down what they do and are told: librdkafka's in threads, Java's as a process."""
import os
import subprocess
import threading

import history
import librdkafka as lib
from programs import kafka_libs

VALUES_OF_CLIENT = 10**9  # a value is its client's number and a number of its own
IN_FLIGHT_MAX = 5000
FINISH_SECONDS = 120
NANOSECONDS = 10**9


class Producer(threading.Thread):
    """Sends `rate` records a second in turn to all partitions until `finish`: idempotent, acks=all."""

    def __init__(self, cluster, topic, partitions, client, path, rate):
        super().__init__(daemon=True)
        self.topic, self.partitions, self.client, self.rate = topic, partitions, client, rate
        self.writer = history.Writer(path, client)
        self.producer = lib.producer(cluster, acks="all", enable_idempotence=True, message_timeout_ms=300_000,
                                     linger_ms=0)
        self.acknowledged = [0] * partitions
        self.open = {}  # value → partition and when it was sent
        self.errors = []
        self.ending = threading.Event()

    def run(self):
        began, sent = history.now(), 0
        while not self.ending.is_set():
            due = (history.now() - began) * self.rate // NANOSECONDS
            while sent < due and len(self.open) < IN_FLIGHT_MAX:
                self.send(sent)
                sent += 1
            self.producer.poll(0.003)
        self.producer.flush(FINISH_SECONDS)
        for value, (partition, at) in self.open.items():
            self.writer.send(partition, value, at)
        self.writer.close()

    def send(self, number):
        partition, value = number % self.partitions, self.client * VALUES_OF_CLIENT + number

        def report(error, message):
            sent_at = self.open.pop(value)[1]
            if error:
                self.errors.append(str(error))
                self.writer.send(partition, value, sent_at, history.now())
            else:
                self.acknowledged[partition] += 1
                self.writer.send(partition, value, sent_at, history.now(), message.offset())
        self.open[value] = partition, history.now()
        self.producer.produce(self.topic, str(value).encode() + b" " + b"x" * (number % 300), partition=partition,
                              on_delivery=report)

    def finish(self):
        self.ending.set()
        self.join()


class Consumer(threading.Thread):
    """Reads all partitions from their beginning, outside of groups, until `finish`."""

    def __init__(self, cluster, topic, partitions, client, path):
        super().__init__(daemon=True)
        self.writer = history.Writer(path, client)
        self.consumer = lib.reader(cluster)
        self.writer.assign(range(partitions), history.now())
        self.consumer.assign([lib.TopicPartition(topic, p, 0) for p in range(partitions)])
        self.next = [0] * partitions
        self.errors = []
        self.ending = threading.Event()

    def run(self):
        while not self.ending.is_set():
            self.poll()
        self.consumer.close()
        self.writer.close()

    def poll(self):
        began = history.now()
        first = self.consumer.poll(0.1)
        if first is None:
            return
        records = []
        for message in [first, *self.consumer.consume(1000, 0)]:
            if message.error():
                self.errors.append(str(message.error()))
                continue
            self.next[message.partition()] = message.offset() + 1
            records.append((message.partition(), message.offset(), int(message.value().split()[0])))
        if records:
            self.writer.poll(records, began, history.now())

    def read_up_to(self, ends):
        """Waits, with a deadline, until the read offsets have reached `ends`; whether they have."""
        deadline = history.now() + FINISH_SECONDS * NANOSECONDS
        while any(own < end for own, end in zip(self.next, ends)):
            if history.now() > deadline:
                return False
            self.ending.wait(0.05)
        return True

    def finish(self):
        self.ending.set()
        self.join()


class JavaClients:
    """A producer and a consumer of Kafka's own library: HistoryClient.java."""

    errors = ()

    def __init__(self, cluster, topic, partitions, clients, paths, rate):
        here = os.path.dirname(os.path.abspath(__file__))
        self.paths = paths
        self.log_path = paths[0] + ".log"
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["java", "-Xmx256M", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp",
                 os.path.join(kafka_libs(), "*"), os.path.join(here, "HistoryClient.java"), cluster.bootstrap, topic,
                 *map(str, (partitions, *clients, *paths, rate))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)

    def await_ready(self):
        """Until the first record was acknowledged: a virtual machine takes seconds to start."""
        if self.process.stdout.readline() != "ready\n":
            raise AssertionError(f"the Java client did not start\n{self.log()}")

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()[-4000:]

    def finish(self):
        """Its stdin's end tells it to send no more, to wait for what is open and to end."""
        self.process.stdin.close()
        try:
            code = self.process.wait(FINISH_SECONDS + 30)
        except subprocess.TimeoutExpired:
            self.close()
            raise AssertionError(f"the Java client did not end\n{self.log()}") from None
        summary = self.process.stdout.read().strip()
        self.process.stdout.close()
        if code != 0:
            raise AssertionError(f"the Java client ended with {code}\n{self.log()}")
        return summary

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

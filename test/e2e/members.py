"""Members of consumer groups: librdkafka's consumers, each with a thread that reads and commits."""
import collections
import threading
import time

import librdkafka as lib
from broker import eventually
from cluster import ClusterCase
from kill_test import Load, PARTITIONS, faults, read_back
from programs import require_confluent_kafka

SETTLE_SECONDS = 40
CLASSIC = {"session_timeout_ms": 6000, "heartbeat_interval_ms": 500}  # which the coordinator decides on otherwise


class Member(threading.Thread):
    """A consumer that subscribes and reads until `finish`; commits what it has read."""

    def __init__(self, broker, topic, group, **settings):
        super().__init__(daemon=True)
        quick = {} if settings.get("group_protocol") == "consumer" else CLASSIC
        self.consumer = lib.reader(broker, group_id=group, auto_offset_reset="earliest", **quick, **settings)
        self.read = []
        self.last_read = self.longest_gap = 0
        self.errors = []
        self.ending = threading.Event()
        self.consumer.subscribe([topic])

    def run(self):
        while not self.ending.is_set():
            for message in self.consumer.consume(500, 0.1):
                if message.error():
                    self.errors.append(message.error())
                    continue
                self.read.append((message.partition(), message.offset(), message.value()))
                now = time.monotonic()
                if self.last_read:
                    self.longest_gap = max(self.longest_gap, now - self.last_read)
                self.last_read = now
            try:
                self.consumer.commit(asynchronous=True)
            except lib.KafkaException as failure:
                if failure.args[0].name() != "_NO_OFFSET":
                    self.errors.append(failure.args[0])

    def owned(self):
        return sorted(p.partition for p in self.consumer.assignment())

    def finish(self):
        self.ending.set()
        self.join()
        self.consumer.close()


def shares(members):
    """What each member owns."""
    return [member.owned() for member in members]


def is_shared(members, partitions):
    owned = sorted(p for share in shares(members) for p in share)
    return owned == list(range(partitions)) and all(len(m.owned()) > 0 for m in members)


class GroupUnderKills(ClusterCase):
    """Three nodes, a producer, and a group of two whose coordinators are killed one after the other."""

    def setUp(self):
        require_confluent_kafka()
        super().setUp()

    def coordinator(self, group):
        """The number of the node that coordinates `group`. Asked by a new client: librdkafka's remembers who it was."""
        def described():
            client = lib.AdminClient({"bootstrap.servers": self.cluster.bootstrap, "log_level": lib.LOG_LEVEL})
            return lib.done(client.describe_consumer_groups([group]))[group]
        return lib.patiently(described).coordinator.id

    def kill_coordinators(self, kills, **settings):
        """Everything is read, nothing is lost, and each time all members go on while the node is away."""
        self.cluster.create("lines", PARTITIONS)
        load = Load(self.cluster, "lines", "producer", acks="all", enable_idempotence=True)
        load.start()
        members = [Member(self.cluster, "lines", "readers", **settings) for _ in range(2)]
        for member in members:
            member.start()
        eventually(lambda: is_shared(members, PARTITIONS), seconds=SETTLE_SECONDS)
        for _ in range(kills):
            node = self.cluster.nodes[self.coordinator("readers") - 1]
            node.kill()
            before = [len(m.read) for m in members]
            eventually(lambda was=before: all(len(m.read) > n + 500 for m, n in zip(members, was)),
                       seconds=SETTLE_SECONDS)
            node.start()
            eventually(lambda: self.cluster.in_sync("lines", PARTITIONS)
                       and self.cluster.in_sync("__consumer_offsets", 50), seconds=SETTLE_SECONDS)
        self.assertEqual(load.finish(), 0)
        self.assertEqual(load.errors, [])
        written = read_back(self.cluster, "lines")
        for partition, values in enumerate(written):
            self.assertEqual(faults(load.acknowledged[partition], values)[:5], [])
        wanted = {(p, o) for p, values in enumerate(written) for o in range(len(values))}
        eventually(lambda: wanted <= {(p, o) for m in members for p, o, _ in m.read}, seconds=SETTLE_SECONDS)
        for member in members:
            member.finish()
        self.assertEqual([error for m in members for error in m.errors if error.fatal()], [])
        times = collections.Counter((p, o) for m in members for p, o, _ in m.read)
        again = sum(count - 1 for count in times.values())
        print(f"[{kills} coordinators killed, {len(wanted)} records, {again} read again, longest gap "
              f"{max(m.longest_gap for m in members):.2f} s]", end=" ")

"""Members of consumer groups: librdkafka's consumers, each with a thread that reads and commits."""
import threading
import time

import librdkafka as lib

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

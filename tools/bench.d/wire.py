"""The few Kafka requests that the bench sends itself, over a plain socket: it must not wait for a client's start."""
import collections
import socket
import struct
import time


class Refused(Exception):
    """The broker answered with an error code, or not at all."""


Partition = collections.namedtuple("Partition", "leader replicas isr")
Metadata = collections.namedtuple("Metadata", "brokers controller topics")


class Reader:
    """Takes a response apart."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        value = struct.unpack_from(">" + form, self.data, self.at)[0]
        self.at += struct.calcsize(">" + form)
        return value

    def text(self):
        size = self.take("h")
        if size < 0:
            return None
        self.at += size
        return self.data[self.at - size:self.at].decode()

    def array(self, item):
        return [item() for _ in range(self.take("i"))]


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def array(items):
    return struct.pack(">i", len(items)) + b"".join(items)


class Connection:
    """One connection; one request at a time."""

    def __init__(self, port, seconds=60):
        self.socket = socket.create_connection(("127.0.0.1", port), seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def receive(self, size):
        parts = bytearray()
        while len(parts) < size:
            part = self.socket.recv(min(1 << 20, size - len(parts)))
            if not part:
                raise Refused("the broker closed the connection")
            parts += part
        return bytes(parts)

    def ask(self, key, version, body):
        request = struct.pack(">hhi", key, version, 1) + text("bench") + body
        self.socket.sendall(struct.pack(">i", len(request)) + request)
        answer = Reader(self.receive(struct.unpack(">i", self.receive(4))[0]))
        answer.take("i")  # correlation
        return answer

    def api_versions(self):
        return self.ask(18, 0, b"").take("h")

    def create_topic(self, name, partitions, configs, replicas=1):
        settings = [text(key) + text(value) for key, value in configs.items()]
        topic = text(name) + struct.pack(">ih", partitions, replicas) + array([]) + array(settings)
        answer = self.ask(19, 3, array([topic]) + struct.pack(">ib", 120_000, 0))
        answer.take("i")  # throttle time
        for topic, code, reason in answer.array(lambda: (answer.text(), answer.take("h"), answer.text())):
            if code:
                raise Refused(f"create topic {topic}: error {code} {reason or ''}")

    def delete_topic(self, name):
        answer = self.ask(20, 1, array([text(name)]) + struct.pack(">i", 60_000))
        answer.take("i")
        for topic, code in answer.array(lambda: (answer.text(), answer.take("h"))):
            if code:
                raise Refused(f"delete topic {topic}: error {code}")

    def end_offsets(self, name, partitions):
        """{partition: end offset} of those that answer without an error, by ListOffsets."""
        asked = [struct.pack(">iq", p, -1) for p in range(partitions)]
        answer = self.ask(2, 1, struct.pack(">i", -1) + array([text(name) + array(asked)]))
        ends = {}

        def partition():
            index, code, _, offset = answer.take("i"), answer.take("h"), answer.take("q"), answer.take("q")
            if code == 0:
                ends[index] = offset

        answer.array(lambda: (answer.text(), answer.array(partition)))
        return ends

    def metadata(self, topics):
        """What the broker says of the cluster and of `topics`."""
        answer = self.ask(3, 1, array([text(t) for t in topics]))
        brokers = answer.array(lambda: (answer.take("i"), answer.text(), answer.take("i"), answer.text())[0])
        controller = answer.take("i")

        def partition():
            answer.take("h")
            number, leader = answer.take("i"), answer.take("i")
            replicas, isr = answer.array(lambda: answer.take("i")), answer.array(lambda: answer.take("i"))
            return number, Partition(leader, replicas, isr)

        def topic():
            answer.take("h")
            name = answer.text()
            answer.take("b")
            return name, dict(answer.array(partition))

        return Metadata(brokers, controller, dict(answer.array(topic)))

    def coordinator(self, name, transactional):
        """The node that coordinates the group, or the transactional id, of that name."""
        answer = self.ask(10, 1, text(name) + struct.pack(">b", 1 if transactional else 0))
        answer.take("i")
        if code := answer.take("h"):
            raise Refused(f"find coordinator of {name}: error {code}")
        answer.text()
        return answer.take("i")

    def quorum_leader(self):
        """The node that leads the metadata quorum, by DescribeQuorum, whose first version is a flexible one already."""
        compact = lambda word: bytes([len(word) + 1]) + word.encode()  # noqa: E731
        no_tags = b"\0"
        topic = compact("__cluster_metadata") + b"\x02" + struct.pack(">i", 0) + no_tags + no_tags
        answer = self.ask(55, 0, no_tags + b"\x02" + topic + no_tags)
        answer.take("b")  # tags of the header
        if code := answer.take("h"):
            raise Refused(f"describe quorum: error {code}")
        answer.take("b")  # one topic
        answer.at += answer.take("b") - 1
        answer.take("b")  # one partition
        answer.take("i")
        answer.take("h")
        return answer.take("i")


def eventually(claim, seconds):
    """Until claim() is true; errors of nodes that come and go count as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if claim():
                return
        except (OSError, Refused, KeyError):
            pass
        if time.monotonic() > deadline:
            raise Refused(f"not within {seconds} s: {claim.__qualname__}")
        time.sleep(0.01)


def wait_until_ready(port, process, seconds=300):
    """Until ApiVersions is answered; seconds since the call."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if process.poll() is not None:
            raise Refused(f"the broker ended with status {process.returncode}")
        try:
            with Connection(port, 5) as connection:
                if connection.api_versions() == 0:
                    return time.monotonic() - began
        except (OSError, Refused):
            time.sleep(0.001)
    raise Refused(f"the broker on port {port} did not answer ApiVersions within {seconds} s")


def wait_until_all_answer(port, topics, partitions, seconds=300):
    """Until every partition of every topic answers ListOffsets; seconds since the call."""
    began = time.monotonic()
    waiting = list(topics)
    while time.monotonic() - began < seconds:
        try:
            with Connection(port) as connection:
                while waiting and len(connection.end_offsets(waiting[0], partitions)) == partitions:
                    waiting.pop(0)
                if not waiting:
                    return time.monotonic() - began
        except (OSError, Refused):
            pass
        time.sleep(0.005)
    raise Refused(f"{len(waiting)} of {len(topics)} topics did not answer within {seconds} s")

"""A full disk: clients are told, reads go on, nothing acknowledged is lost, and with space again it writes on."""
import os
import re
import shutil
import subprocess
import tempfile

import librdkafka as lib
import wire
from broker import Broker, BrokerCase
from programs import missing, require_confluent_kafka
from wire import Peer

DISK_BYTES = 24 * 1024 * 1024
KAFKA_STORAGE_ERROR = 56
STORAGE_ERRORS = {"KAFKA_STORAGE_ERROR", "_MSG_TIMED_OUT"}  # librdkafka tries again until the message's time is over


def as_root(*command):
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    return subprocess.run([*prefix, *command], capture_output=True, check=False, text=True)


class DiskFull(BrokerCase):
    own_process = True
    only_troupe = True  # Kafka ends its process when its only directory fails

    @classmethod
    def setUpClass(cls):
        require_confluent_kafka()
        cls.mount = tempfile.mkdtemp(prefix="troupe-e2e-disk-")
        cls.addClassCleanup(shutil.rmtree, cls.mount, ignore_errors=True)
        done = as_root("mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0777", "tmpfs", cls.mount)
        if done.returncode != 0:
            missing("the right to mount a small tmpfs", f"run as root or with sudo ({done.stderr.strip()})")
        cls.addClassCleanup(as_root, "umount", "-l", cls.mount)
        cls.ballast = os.path.join(cls.mount, "ballast")
        with open(cls.ballast, "wb") as out:
            out.write(bytes(DISK_BYTES // 2))
        cls.broker = Broker(data=os.path.join(cls.mount, "data")).start()
        cls.addClassCleanup(cls.broker.close)

    def fill(self, topic):
        """Writes until the disk is full; the values that were acknowledged."""
        acknowledged = []
        for n in range(200):
            value = f"{n} ".encode() + os.urandom(200_000)
            error = lib.error_when_sending(self.broker, topic, value, message_timeout_ms=1500, acks="all")
            if error:
                self.assertIn(error, STORAGE_ERRORS)
                return acknowledged
            acknowledged.append(value)
        raise AssertionError("the disk did not get full")

    def raw_error(self, topic):
        """What a client's library is told; it tries again by itself."""
        with Peer(self.broker) as peer:
            answer = peer.ask("produce", 9, {"acks": -1, "timeout_ms": 1000, "topic_data": [
                {"name": topic, "partition_data": [{"index": 0, "records": wire.batch((os.urandom(500_000),))}]}]})
            return answer["responses"][0]["partition_responses"][0]["error_code"]

    def read(self, topic):
        return lib.values(lib.read_all(self.broker, topic))

    def test_D15_a_full_disk_refuses_writes_serves_reads_and_recovers_with_space(self):
        topic = self.topic_name()
        lib.create(self.broker, topic)
        acknowledged = self.fill(topic)
        self.assertGreater(len(acknowledged), 10)
        self.assertEqual(self.read(topic), acknowledged)
        self.assertEqual(self.raw_error(topic), KAFKA_STORAGE_ERROR)
        self.assertEqual(len(re.findall(r"(?i)no space left", self.broker.log())), 1, self.broker.log_tail())
        self.broker.check()
        for ending in (self.broker.kill, self.broker.terminate):
            with self.subTest(ending.__name__):
                ending()
                self.broker.start()  # still full
                self.assertEqual(self.read(topic)[:len(acknowledged)], acknowledged)
        os.remove(self.ballast)
        lib.send(self.broker, topic, [b"after", b"space came back"])
        self.broker.kill()
        self.broker.start()
        self.assertEqual(self.read(topic)[:len(acknowledged)], acknowledged)
        self.assertEqual(self.read(topic)[-2:], [b"after", b"space came back"])

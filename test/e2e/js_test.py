"""A JavaScript client, kafkajs, through the programs in js/."""
import os
import re
import subprocess
import threading
import unittest

import librdkafka as lib
from broker import BrokerCase, eventually
from kill_test import PARTITIONS
from members import SETTLE_SECONDS, GroupUnderKills
from programs import PROGRAM_SECONDS, require_js, run

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "js")
QUICK = {"group.initial.rebalance.delay.ms": "0"}
RECORDS = 8_000  # of each partition, for reading under kills


class JavaScript(BrokerCase):
    settings = QUICK

    def setUp(self):
        super().setUp()
        require_js(SOURCE)

    def test_kafkajs_writes_reads_as_a_group_and_copies_in_transactions(self):
        said = run(["node", "e2e.js", self.broker.bootstrap, self.topic_name()], cwd=SOURCE)
        self.assertEqual(said.count("ok: "), 4, said)


class Coordinators(GroupUnderKills):
    settings = QUICK

    def setUp(self):
        require_js(SOURCE)
        super().setUp()

    def test_a_group_lives_on_while_its_coordinators_are_killed(self):
        self.cluster.create("lines", PARTITIONS)
        with subprocess.Popen(["node", "reader.js", self.cluster.bootstrap, "lines", "readers",
                               str(RECORDS * PARTITIONS)], cwd=SOURCE, stdout=subprocess.PIPE, text=True) as reader:
            self.addCleanup(reader.kill)
            written = threading.Thread(target=self.write)
            written.start()
            for _ in range(2):
                node = self.cluster.nodes[self.coordinator("readers") - 1]
                node.kill()
                node.start()
                eventually(lambda: self.cluster.in_sync("lines", PARTITIONS)
                           and self.cluster.in_sync("__consumer_offsets", 50), seconds=SETTLE_SECONDS)
            written.join()
            said = reader.communicate(timeout=PROGRAM_SECONDS)[0]
        read, gap = re.match(r"read (\d+) longest_gap_ms (\d+)\n", said).groups()
        self.assertEqual(int(read), RECORDS * PARTITIONS, said)
        print(f"[2 coordinators killed, longest gap {int(gap) / 1000:.2f} s]", end=" ")

    def write(self):
        for partition in range(PARTITIONS):
            for _ in range(4):
                lib.send(self.cluster, "lines", [b"x" * 100] * (RECORDS // 4), partition, acks="all",
                         enable_idempotence=True)


if __name__ == "__main__":
    unittest.main()

"""Every kind of fault once or twice on three nodes under load of librdkafka's and Java's clients, whose history is judged.
The short form of tools/torture."""
import os
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "torture"))

import faults
import history
from broker import foreign
from campaign import Epoch, Field, Gaps
from programs import missing, require_confluent_kafka, require_kafka_tools

SEED = int(os.environ.get("TROUPE_E2E_SEED", random.SystemRandom().randrange(2**32)))
LONGEST_SECONDS = 2


class Judge(unittest.TestCase):
    """The judge sees what it is there for, in files as our clients write them."""

    def judged(self, *lines):
        with tempfile.NamedTemporaryFile("w", suffix=".history") as file:
            file.write("\n".join(lines))
            file.flush()
            return subprocess.run([os.environ["TROUPE_PROGRAM"], "check", file.name], capture_output=True, text=True,
                                  check=False)

    def test_it_passes_a_good_history_and_names_what_is_wrong_with_a_bad_one(self):
        sends = ["c1 ok 1..2 send p0 10@0", "c1 ok 3..4 send p0 11@1"]
        good = self.judged(*sends, "c2 ok 5..6 poll p0 10@0 11@1")
        self.assertEqual((good.returncode, good.stdout.splitlines()[-1]), (0, "no anomaly"), good.stderr)
        bad = self.judged(*sends, "c2 ok 5..6 poll p0 11@1")
        self.assertEqual(bad.returncode, 1)
        self.assertIn("lost-write: 1", bad.stdout)

    def test_it_refuses_what_it_cannot_judge(self):
        for lines, told in ((["c1 ok send"], "line 1"), ([], "holds no operation")):
            refused = self.judged(*lines)
            self.assertEqual((refused.returncode, refused.stdout), (2, ""))
            self.assertIn(told, refused.stderr)


@unittest.skipIf(foreign(), "starts nodes of Troupe")
class Torture(unittest.TestCase):
    def setUp(self):
        require_confluent_kafka()
        require_kafka_tools()
        self.folder = tempfile.TemporaryDirectory(prefix="troupe-e2e-torture-")
        self.addCleanup(self.folder.cleanup)
        self.field = Field()
        self.addCleanup(self.field.close)

    def test_clients_see_no_anomaly_whatever_happens_to_nodes_disks_and_network(self):
        kinds, skipped = self.field.kinds(list(faults.KINDS))
        epoch = Epoch(self.field.cluster.start(), "epoch", os.path.join(self.folder.name, "epoch"), SEED, java=True)
        self.addCleanup(epoch.close)
        epoch.java.await_ready()
        for kind in epoch.rng.sample(kinds, len(kinds)):
            epoch.round(kind, LONGEST_SECONDS)
        errors = epoch.finish()
        print(f"[seed {SEED}; {epoch.judge()}; {len(errors)} errors told to clients]")
        gaps = Gaps()
        gaps.add(epoch)
        print(gaps.table(), flush=True)
        self.assertGreater(min(sum(map(len, history.acknowledgements(epoch.path(c)).values())) for c in (1, 2, 3)), 1000)
        if skipped:
            missing("a small disk", skipped)

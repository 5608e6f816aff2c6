"""A Go client, franz-go, through the small program in go/."""
import os

from broker import BrokerCase
from programs import require_go, run

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "go")
BUILD_SECONDS = 240


class Go(BrokerCase):
    settings = {"group.initial.rebalance.delay.ms": "0"}

    def setUp(self):
        super().setUp()
        require_go()

    def test_franz_go_administers_writes_reads_and_copies(self):
        run(["go", "vet", "./..."], cwd=SOURCE, seconds=BUILD_SECONDS)
        said = run(["go", "run", ".", self.broker.bootstrap, self.topic_name()], cwd=SOURCE, seconds=BUILD_SECONDS)
        self.assertEqual(said.count("ok: "), 10, said)

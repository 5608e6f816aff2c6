"""The `troupe` command: clusters that start, grow and end, topics, what it says about bad arguments."""
import os
import re
import signal
import socket
import subprocess
import tempfile
import unittest

from broker import Broker, eventually, foreign
from local_cluster import LocalCluster, must, troupe
from programs import kafka_tool, kcat, require_kafka_tools, require_kcat

READY_SECONDS = 60


class ClusterCase(unittest.TestCase):
    def setUp(self):
        if foreign():
            self.skipTest("starts nodes of Troupe")
        self.cluster = LocalCluster()
        self.addCleanup(self.cluster.close)
        self.addCleanup(self.tell_why)

    def tell_why(self):
        if not self._outcome.success:
            print(self.cluster.log_tail(), flush=True)

    def refused(self, *arguments):
        """What the command says on stderr when it fails."""
        status, out, err = troupe(*arguments)
        self.assertNotEqual(status, 0, f"troupe {arguments} succeeded: {out}")
        return err


class Up(ClusterCase):
    def produce(self, lines):
        kcat(self.cluster, "-P", "-t", "lines", "-p", "0", "-X", "acks=all", text_in="\n".join(lines) + "\n")

    def consume(self):
        return kcat(self.cluster, "-C", "-t", "lines", "-p", "0", "-e", "-q").split()

    def test_a_kill_right_after_the_start_is_survived(self):
        require_kcat()
        self.cluster.up("--port", 0)
        self.assertEqual(len(self.cluster.pids), 3)
        controller = self.cluster.cluster()["controller"]
        self.cluster.kill(controller)
        self.cluster.topic("create", "lines", "--replication-factor", 2, "--timeout", 30)
        self.produce(["one"])
        self.assertEqual(self.consume(), ["one"])

    def test_a_killed_node_comes_back_with_its_data_and_its_port(self):
        require_kcat()
        self.cluster.up("--port", 0)
        bootstrap, pids = self.cluster.bootstrap, self.cluster.pids
        self.cluster.topic("create", "lines", "--replication-factor", 3, "--config", "min.insync.replicas=2")
        self.produce(["one"])
        self.cluster.kill(1)
        self.produce(["two"])
        self.cluster.up()
        self.assertEqual(self.cluster.bootstrap, bootstrap)
        self.assertNotEqual(self.cluster.pids[0], pids[0])
        self.assertEqual(self.cluster.pids[1:], pids[1:])
        eventually(lambda: self.cluster.cluster()["under_replicated"] == [])
        self.assertEqual(self.consume(), ["one", "two"])

    def test_down_ends_all_and_up_brings_all_back(self):
        require_kcat()
        self.cluster.up("--port", 0)
        self.cluster.topic("create", "lines", "--replication-factor", 3)
        self.produce(["one"])
        pids = self.cluster.pids
        self.assertEqual(re.findall(r"pid (\d+)", self.cluster.down()), [str(pid) for pid in pids])
        self.assertFalse([pid for pid in pids if os.path.exists(f"/proc/{pid}/exe")])
        self.assertIn("no node", self.cluster.down())
        self.assertEqual(self.cluster.log_tail().count("stopped cleanly\n"), 3)
        self.cluster.up()
        self.assertEqual(self.consume(), ["one"])

    def test_in_the_foreground_it_shows_the_nodes_and_ends_them_on_sigterm(self):
        process = subprocess.Popen([os.environ["TROUPE_PROGRAM"], "up", "--port", "0", "--data", self.cluster.data],
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            self.assertTrue(line, said)
            said += line
        self.cluster.read(said)
        self.assertRegex(said, r"quorum: leader \d")
        self.cluster.kill(2)
        self.assertIn(f"node 2 (pid {self.cluster.pids[1]}) ended by signal 9", process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=READY_SECONDS)
        self.assertEqual(process.returncode, 0, rest)
        self.assertEqual(re.findall(r"ended node (\d)", rest), ["1", "3"])

    def test_more_nodes_join_a_cluster_that_runs(self):
        self.cluster.up("--nodes", 1, "--port", 0)
        first = self.cluster.pids
        self.cluster.up("--nodes", 3)
        self.assertEqual(self.cluster.pids[:1], first)
        state = self.cluster.cluster()
        self.assertEqual([node["id"] for node in state["nodes"]], [1, 2, 3])
        self.assertEqual(sorted(v["node"] for v in state["quorum"]["voters"]), [1, 2, 3])
        self.assertIn("has 3", self.refused("up", "--detach", "--nodes", 2, "--data", self.cluster.data))

    def test_settings_reach_the_nodes_and_stay(self):
        self.cluster.up("--nodes", 1, "--port", 0, "--set", "num.partitions=7")
        self.cluster.kill(1)
        self.cluster.up()
        self.assertIn("7 partitions", self.cluster.topic("create", "lines"))

    def test_what_is_wrong_is_said(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            said = self.refused("up", "--detach", "--port", port, "--data", self.cluster.data)
            self.assertIn(f"port {port} is taken", said)
            self.assertIn("--port", said)
        said = self.refused("up", "--detach", "--port", 0, "--data", self.cluster.data, "--set", "num.partitons=3")
        self.assertIn("num.partitions", said)
        self.assertIn("no cluster", self.refused("down", "--data", self.cluster.home))


class Topics(ClusterCase):
    def setUp(self):
        super().setUp()
        self.cluster.up("--port", 0)

    def kafka_topics(self, *arguments):
        return kafka_tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", self.cluster.bootstrap,
                          *arguments)

    def test_kafkas_tool_sees_what_was_made_and_changed(self):
        require_kafka_tools()
        self.cluster.topic("create", "lines", "other", "--partitions", 3, "--replication-factor", 3,
                           "--config", "min.insync.replicas=2", "--config", "retention.ms=1000")
        self.cluster.topic("alter", "lines", "--partitions", 5, "--config", "segment.bytes=2000000",
                           "--delete-config", "retention.ms")
        self.cluster.topic("delete", "other")
        theirs = self.kafka_topics("--describe")
        self.assertEqual(set(re.findall(r"Topic: (\S+)", theirs)), {"lines"})
        ours, = self.cluster.described()
        self.assertEqual(ours["configs"], {"min.insync.replicas": "2", "segment.bytes": "2000000"})
        configs = re.search(r"Configs: (\S*)", theirs)[1]
        self.assertEqual(dict(c.split("=") for c in configs.split(",")), ours["configs"])
        rows = re.findall(r"Partition: (\d+)\s+Leader: (\d+)\s+Replicas: (\S+)\s+Isr: (\S+)", theirs)
        mine = [(str(p["partition"]), str(p["leader"]), ",".join(map(str, p["replicas"])),
                 ",".join(map(str, p["isr"]))) for p in ours["partitions"]]
        self.assertEqual(rows, mine)
        self.assertEqual(len(mine), 5)

    def test_topics_that_kafkas_tool_makes_are_shown(self):
        require_kafka_tools()
        self.kafka_topics("--create", "--topic", "theirs", "--partitions", 4, "--replication-factor", 2)
        self.assertRegex(self.cluster.topic("list"), r"(?m)^theirs\s+4\s+2$")
        self.assertIn("partitions 4", self.cluster.topic("describe", "theirs"))

    def test_replicas_that_are_gone_are_shown(self):
        self.cluster.topic("create", "lines", "--replication-factor", 3, "--config", "min.insync.replicas=3")
        self.cluster.kill(2)
        eventually(lambda: self.cluster.described("lines")[0]["partitions"][0]["elr"] == [2])
        state = self.cluster.cluster()
        self.assertEqual(state["under_replicated"], ["lines-0"])
        self.assertEqual([node["id"] for node in state["nodes"] if node["fenced"]], [2])
        self.assertIn("fenced", must("cluster", "--bootstrap", self.cluster.bootstrap))

    def test_what_is_wrong_is_said(self):
        at = ("--bootstrap", self.cluster.bootstrap)
        self.cluster.topic("create", "lines")
        self.assertIn("topic lines: TOPIC_ALREADY_EXISTS", self.refused("topic", "create", "lines", *at))
        self.assertIn("exists already", self.cluster.topic("create", "lines", "--if-not-exists"))
        for verb in ("describe", "delete"):
            self.assertIn("topic nix: UNKNOWN_TOPIC_OR_PARTITION", self.refused("topic", verb, "nix", *at))
        self.assertIn("UNKNOWN_TOPIC_OR_PARTITION", self.refused("topic", "alter", "nix", "--partitions", 3, *at))
        self.assertIn("INVALID_PARTITIONS", self.refused("topic", "alter", "lines", "--partitions", 1, *at))
        self.assertIn("nothing to change", self.refused("topic", "alter", "lines", *at))
        self.assertIn("not KEY=VALUE", self.refused("topic", "create", "a", "--config", "x", *at))
        self.assertIn("nix.ms", self.refused("topic", "create", "a", "--config", "nix.ms=1", *at))
        said = self.refused("topic", "create", "a", "--replication-factor", 4, *at)
        self.assertIn("INVALID_REPLICATION_FACTOR", said)


class Cluster(ClusterCase):
    def test_nodes_leaders_and_quorum_are_shown(self):
        self.cluster.up("--port", 0)
        self.cluster.topic("create", "lines", "--partitions", 6, "--replication-factor", 3)
        state = self.cluster.cluster()
        self.assertEqual([f"{node['host']}:{node['port']}" for node in state["nodes"]],
                         self.cluster.bootstrap.split(","))
        self.assertEqual([node["leaders"] for node in state["nodes"]], [2, 2, 2])
        quorum = state["quorum"]
        self.assertEqual(quorum["leader"], state["controller"])
        self.assertEqual(sorted(v["node"] for v in quorum["voters"]), [1, 2, 3])
        eventually(lambda: {v["lag"] for v in self.cluster.cluster()["quorum"]["voters"]} == {0})
        self.assertEqual((state["partitions"], state["under_replicated"], state["offline"]), (6, [], []))

    def test_a_node_that_is_gone_is_passed_over(self):
        self.cluster.up("--port", 0)
        self.cluster.kill(1)
        eventually(lambda: self.cluster.cluster()["controller"] in (2, 3))

    def test_without_a_cluster_it_says_so(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % silent.getsockname()[1]
            self.assertIn(f"{address}: Connection refused", self.refused("cluster", "--bootstrap", address))
            silent.listen()
            said = self.refused("cluster", "--bootstrap", address, "--timeout", 0.3)
            self.assertIn(f"{address}: no answer in time", said)
        self.assertIn("is not HOST:PORT", self.refused("cluster", "--bootstrap", "here"))


class Join(ClusterCase):
    def joiner(self, *arguments):
        """`troupe serve` with these arguments, and with nothing else set; it is ended at the end."""
        home = tempfile.TemporaryDirectory(prefix="troupe-join-")
        self.addCleanup(home.cleanup)
        node = Joiner(home.name, arguments)
        self.addCleanup(node.kill)
        return node

    def test_a_fourth_node_joins_with_the_address_of_any(self):
        require_kcat()
        self.cluster.up("--port", 0)
        second = self.cluster.bootstrap.split(",")[1]
        node = self.joiner("--join", second)
        node.await_ready()
        state = self.cluster.cluster()
        self.assertEqual([n["id"] for n in state["nodes"] if not n["fenced"]], [1, 2, 3, 4])
        eventually(lambda: [o["node"] for o in self.cluster.cluster()["quorum"]["observers"]] == [4])
        self.cluster.topic("create", "lines", "--replication-factor", 4)
        kcat(self.cluster, "-P", "-t", "lines", "-p", "0", "-X", "acks=all", text_in="one\n")
        # Killed, and started by the same words while the node it joined at is gone.
        node.kill()
        self.cluster.kill(2)
        node.start()
        node.await_ready()
        self.assertIn(4, [n["id"] for n in self.cluster.cluster()["nodes"] if not n["fenced"]])

    def test_it_waits_for_a_cluster_that_is_not_there_yet(self):
        self.cluster.up("--nodes", 1, "--port", 0)
        address = self.cluster.bootstrap
        self.cluster.kill(1)
        node = self.joiner("--join", address)
        eventually(lambda: "waits for the cluster" in node.log())
        self.cluster.up()
        node.await_ready()
        self.assertEqual([n["id"] for n in self.cluster.cluster()["nodes"]], [1, 2])

    def test_nodes_of_their_own_make_a_cluster(self):
        first = self.joiner("--id", "1", "--peer-port", "0")
        first.await_ready()
        others = [self.joiner("--join", first.bootstrap, "--id", str(n)) for n in (2, 3)]
        for node in others:
            node.await_ready()
        self.cluster.bootstrap = first.bootstrap
        eventually(lambda: len(self.cluster.cluster()["quorum"]["voters"]) == 3)

    def test_what_is_wrong_is_said(self):
        self.assertIn("is not HOST:PORT", self.refused("serve", "--join", "there", "--data", self.cluster.data))
        said = self.refused("serve", "--join", "127.0.0.1:1", "--data", self.cluster.data, "--set",
                            "controller.quorum.bootstrap.servers=127.0.0.1:2")
        self.assertIn("leave one out", said)


class Joiner(Broker):
    """`troupe serve` by its short options, on a port that the system gives."""

    def __init__(self, home, arguments):
        super().__init__()
        os.rmdir(self.home)
        self.home, self.data, self.log_path = home, os.path.join(home, "data"), os.path.join(home, "log")
        self.arguments = ["--data", self.data, "--port", "0", *arguments]
        self.launch()

    def command(self):
        return [os.environ["TROUPE_PROGRAM"], "serve", *self.arguments]

"""Kafka's own tools administer three nodes: moves of partitions and leaders, the quorum, features, brokers that leave."""
import json
import os
import re
import signal
import tempfile
import time
import unittest

import librdkafka as lib
import wire
from broker import eventually
from cluster import Cluster, ClusterCase
from cluster_test import PROGRESS_SECONDS
from kill_test import Load, faults, read_back
from programs import ProgramFailed, kafka_tool, require_confluent_kafka, require_kafka_tools

TOOLS = "org.apache.kafka.tools."
TOPIC = "lines"
SILENCE_SECONDS = 5  # the leader gives an observer up after three election time-outs of a second


class ClusterAdmin(ClusterCase):
    def setUp(self):
        require_confluent_kafka()
        require_kafka_tools()
        super().setUp()

    def tool(self, name, *arguments):
        """Asks one node, another one each time: whoever is asked finds the controller."""
        self.asked = (getattr(self, "asked", 0) + 1) % 3
        main_class = name if name.startswith("kafka.") else TOOLS + name
        return kafka_tool(main_class, "--bootstrap-server", f"127.0.0.1:{self.cluster.client_ports[self.asked]}",
                          *arguments)

    def json_file(self, content):
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump(content, file)
        self.addCleanup(os.remove, file.name)
        return file.name

    def create(self, assignment):
        from confluent_kafka.admin import NewTopic
        lib.done(lib.admin(self.cluster).create_topics(
            [NewTopic(TOPIC, len(assignment), replica_assignment=assignment, config={"min.insync.replicas": "1"})]))

    def partitions(self):
        return lib.admin(self.cluster).list_topics(TOPIC, timeout=10).topics[TOPIC].partitions

    def leaders(self):
        return [self.partitions()[n].leader for n in sorted(self.partitions())]

    def test_partitions_move_under_load_and_the_move_is_verified(self):
        self.create([[1, 2], [1, 2], [1, 2], [1, 2]])
        load = Load(self.cluster, TOPIC, "producer", acks="all", enable_idempotence=True)
        load.start()
        eventually(lambda: load.acknowledged_count() > 500, seconds=PROGRESS_SECONDS)
        plan = self.json_file({"version": 1, "partitions": [
            {"topic": TOPIC, "partition": n, "replicas": [3, 2]} for n in range(4)]})
        said = self.tool("reassign.ReassignPartitionsCommand", "--execute", "--reassignment-json-file", plan)
        self.assertIn("Successfully started partition reassignments", said)
        eventually(lambda: all(sorted(p.replicas) == [2, 3] and sorted(p.isrs) == [2, 3]
                               for p in self.partitions().values()), seconds=PROGRESS_SECONDS)
        said = self.tool("reassign.ReassignPartitionsCommand", "--verify", "--reassignment-json-file", plan)
        self.assertEqual(said.count("is completed"), 4, said)
        self.assertIn("No partition reassignments found", self.tool("reassign.ReassignPartitionsCommand", "--list"))
        goal = load.acknowledged_count() + 500
        eventually(lambda: load.acknowledged_count() > goal, seconds=PROGRESS_SECONDS)
        self.assertEqual(load.finish(), 0)
        self.assertEqual(load.errors, [])
        for partition, read in enumerate(read_back(self.cluster, TOPIC)):
            self.assertEqual(faults(load.acknowledged[partition], read)[:5], [])

    def test_a_move_that_waits_for_a_node_is_listed_and_cancelled(self):
        self.create([[1, 2]])
        plan = self.json_file({"version": 1, "partitions": [{"topic": TOPIC, "partition": 0, "replicas": [3, 1]}]})
        asked = f"127.0.0.1:{self.cluster.client_ports[0]}"

        def reassign(*arguments):
            return kafka_tool(TOOLS + "reassign.ReassignPartitionsCommand", "--bootstrap-server", asked, *arguments)

        self.cluster.nodes[2].process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.cluster.nodes[2].process.send_signal, signal.SIGCONT)
        said = reassign("--execute", "--reassignment-json-file", plan)
        self.assertIn("Successfully started partition reassignment", said)
        self.assertRegex(reassign("--list"), rf"{TOPIC}-0: replicas: 3,1,2\. adding: 3\. removing: 2\.")
        said = reassign("--verify", "--reassignment-json-file", plan, "--preserve-throttles")
        self.assertIn("is still in progress", said)
        said = reassign("--cancel", "--reassignment-json-file", plan, "--preserve-throttles")
        self.assertIn("Successfully cancelled partition reassignment", said)
        self.assertIn("No partition reassignments found", reassign("--list"))
        self.assertEqual(sorted(self.partitions()[0].replicas), [1, 2])

    def test_preferred_leaders_are_elected(self):
        self.create([[1, 2, 3], [2, 3, 1], [3, 1, 2]])
        self.cluster.nodes[1].terminate()
        eventually(lambda: 2 not in self.leaders(), seconds=PROGRESS_SECONDS)
        self.cluster.nodes[1].start()
        eventually(lambda: all(len(p.isrs) == 3 for p in self.partitions().values()), seconds=PROGRESS_SECONDS)
        said = self.tool("LeaderElectionCommand", "--election-type", "PREFERRED", "--all-topic-partitions")
        self.assertIn(f"Successfully completed leader election (PREFERRED) for partitions {TOPIC}-1", said)
        eventually(lambda: self.leaders() == [1, 2, 3], seconds=PROGRESS_SECONDS)
        said = self.tool("LeaderElectionCommand", "--election-type", "PREFERRED", "--topic", TOPIC, "--partition", 0)
        self.assertIn("Valid replica already elected", said)

    def test_an_unclean_election_takes_a_replica_that_is_behind(self):
        self.create([[1, 2]])
        lib.send(self.cluster, TOPIC, [b"everywhere"], acks="all")
        eventually(lambda: len(self.partitions()[0].isrs) == 2, seconds=PROGRESS_SECONDS)
        self.cluster.nodes[1].kill()
        eventually(lambda: self.partitions()[0].isrs == [1], seconds=PROGRESS_SECONDS)
        lib.send(self.cluster, TOPIC, [b"on node 1 alone"], acks="all")
        self.cluster.nodes[0].kill()
        self.cluster.nodes[1].start()
        asked = f"127.0.0.1:{self.cluster.client_ports[2]}"

        def elect(kind):
            return kafka_tool(TOOLS + "LeaderElectionCommand", "--bootstrap-server", asked, "--election-type", kind,
                              "--topic", TOPIC, "--partition", 0)
        with self.assertRaises(ProgramFailed):  # nobody who is in sync is there
            elect("PREFERRED")
        self.assertIn(f"Successfully completed leader election (UNCLEAN) for partitions {TOPIC}-0", elect("UNCLEAN"))
        eventually(lambda: self.partitions()[0].leader == 2, seconds=PROGRESS_SECONDS)
        lib.send(self.cluster, TOPIC, [b"afterwards"], acks="all")
        self.cluster.nodes[0].start()
        eventually(lambda: len(self.partitions()[0].isrs) == 2, seconds=PROGRESS_SECONDS)
        self.assertEqual([m.value() for m in lib.read_all(self.cluster, TOPIC, 0)], [b"everywhere", b"afterwards"])

    def test_the_quorum_is_described_and_shrinks_by_a_stopped_node(self):
        status = self.tool("MetadataQuorumCommand", "describe", "--status")
        self.assertRegex(status, r"LeaderId:\s+[123]\n")
        self.assertEqual(status.count("endpoints"), 3, status)
        table = self.tool("MetadataQuorumCommand", "describe", "--replication")
        rows = re.findall(r"^(\d)\s+(\S{22})\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(Leader|Follower)", table, re.M)
        self.assertEqual(sorted(row[0] for row in rows), ["1", "2", "3"], table)
        self.assertTrue(all(int(row[3]) < 100 for row in rows), table)
        gone = max(int(row[0]) for row in rows if row[6] == "Follower")
        directory = next(row[1] for row in rows if int(row[0]) == gone)
        self.cluster.nodes[gone - 1].terminate()
        asked = f"127.0.0.1:{self.cluster.client_ports[0 if gone != 1 else 1]}"
        kafka_tool(TOOLS + "MetadataQuorumCommand", "--bootstrap-server", asked, "remove-controller",
                   "--controller-id", gone, "--controller-directory-id", directory)
        status = kafka_tool(TOOLS + "MetadataQuorumCommand", "--bootstrap-server", asked, "describe", "--status")
        self.assertEqual(status.count("endpoints"), 2, status)
        said = kafka_tool(TOOLS + "ClusterTool", "unregister", "--bootstrap-server", asked, "--id", gone)
        self.assertIn(f"Broker {gone} is no longer registered", said)
        with self.assertRaises(ProgramFailed) as again:
            kafka_tool(TOOLS + "MetadataQuorumCommand", "--bootstrap-server", asked, "remove-controller",
                       "--controller-id", gone, "--controller-directory-id", directory)
        self.assertIn("is not a voter", again.exception.stderr + again.exception.stdout)

    def test_features_are_described_and_changed(self):
        said = self.tool("FeatureCommand", "describe")
        self.assertRegex(said, r"Feature: transaction.version\s.*SupportedMaxVersion: 2\s+FinalizedVersionLevel: 2")
        self.tool("FeatureCommand", "downgrade", "--feature", "transaction.version=1")
        eventually(lambda: re.search(r"transaction.version\s.*FinalizedVersionLevel: 1",
                                     self.tool("FeatureCommand", "describe")), seconds=PROGRESS_SECONDS)
        with self.assertRaises(ProgramFailed) as refused:
            self.tool("FeatureCommand", "upgrade", "--feature", "transaction.version=9")
        self.assertIn("transaction.version", refused.exception.stderr + refused.exception.stdout)


class QuorumByHand(unittest.TestCase):
    """With `controller.quorum.auto.join.enable=false` nobody but the operator makes voters."""

    def setUp(self):
        self.cluster = Cluster({"controller.quorum.auto.join.enable": "false"})
        self.addCleanup(self.cluster.close)

    def quorum(self):
        with wire.Peer(self.cluster.nodes[0]) as peer:
            answer = peer.ask("describe_quorum", 2, {"topics": [
                {"topic_name": "__cluster_metadata", "partitions": [{"partition_index": 0}]}]})
        said = answer["topics"][0]["partitions"][0]
        return [v["replica_id"] for v in said["current_voters"]], said["observers"]

    def test_voters_are_added_on_request_alone(self):
        self.cluster.start(awaits_voters=False)
        eventually(lambda: len(self.quorum()[1]) == 2, seconds=PROGRESS_SECONDS)
        voters, observers = self.quorum()
        self.assertEqual(voters, [1])
        newcomer = next(one for one in observers if one["replica_id"] == 2)
        with wire.Peer(self.cluster.nodes[0]) as peer:
            answer = peer.ask("add_raft_voter", 0, {
                "cluster_id": None, "timeout_ms": 10_000, "voter_id": 2,
                "voter_directory_id": newcomer["replica_directory_id"], "listeners": [
                    {"name": "CONTROLLER", "host": "127.0.0.1", "port": self.cluster.link_ports[1]}]})
        self.assertEqual(answer["error_code"], 0, answer)
        eventually(lambda: self.quorum()[0] == [1, 2], seconds=PROGRESS_SECONDS)

    def test_an_observer_that_died_is_told_of_with_what_it_had(self):
        self.cluster.start(awaits_voters=False)
        eventually(lambda: len(self.quorum()[1]) == 2, seconds=PROGRESS_SECONDS)
        self.cluster.nodes[2].kill()
        died = time.time() * 1000
        time.sleep(SILENCE_SECONDS)
        dead = next(one for one in self.quorum()[1] if one["replica_id"] == 3)
        alive = next(one for one in self.quorum()[1] if one["replica_id"] == 2)
        self.assertGreater(dead["log_end_offset"], 0)
        self.assertLess(dead["last_fetch_timestamp"], died + 1000)
        self.assertGreater(dead["last_caught_up_timestamp"], died - 10_000)
        self.assertGreater(alive["last_fetch_timestamp"], died + 1000)

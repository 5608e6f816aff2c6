"""Groups of the consumer protocol (KIP-848) with real clients: librdkafka's and Java's members, patterns, static members,
Kafka's tools, the way from the classic protocol and back, and coordinators killed under load."""
import glob
import json
import os
import re
import subprocess
import sys
import threading
import unittest

import librdkafka as lib
import wire
from broker import Broker, BrokerCase, eventually
from kill_test import Load, PARTITIONS, read_back
from members import SETTLE_SECONDS, GroupUnderKills, Member, is_shared, shares
from programs import kafka_tool, require_confluent_kafka, require_kafka_tools

QUICK = {"group.initial.rebalance.delay.ms": "0", "group.consumer.min.heartbeat.interval.ms": "100",
         "group.consumer.heartbeat.interval.ms": "300", "group.consumer.min.session.timeout.ms": "1000",
         "group.consumer.session.timeout.ms": "6000"}
GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"


class Members(BrokerCase):
    settings = QUICK
    own_process = True

    def setUp(self):
        super().setUp()
        require_confluent_kafka()

    def start(self, count, subscription, group=None, **settings):
        members = [Member(self.broker, subscription, group or subscription,
                          **{"group_protocol": "consumer", **settings}) for _ in range(count)]
        for member in members:
            member.start()
            self.addCleanup(lambda m=member: m.ending.is_set() or m.finish())
        return members

    def fill(self, topic, partitions, values):
        for partition in range(partitions):
            lib.send(self.broker, topic, values, partition)

    def test_partitions_are_shared_and_taken_over_with_each_assignor(self):
        for assignor in ("uniform", "range"):
            with self.subTest(assignor=assignor):
                topic = self.topic_name()
                lib.create(self.broker, topic, partitions=6)
                members = self.start(3, topic, group_remote_assignor=assignor)
                eventually(lambda: is_shared(members, 6) and all(len(share) == 2 for share in shares(members)),
                           seconds=SETTLE_SECONDS)  # on the way there shares are uneven
                self.fill(topic, 6, [str(n).encode() for n in range(100)])
                eventually(lambda: sum(len(m.read) for m in members) == 600, seconds=SETTLE_SECONDS)
                members.pop().finish()
                eventually(lambda: is_shared(members, 6), seconds=SETTLE_SECONDS)
                self.fill(topic, 6, [b"later"])
                eventually(lambda: sum(m.read.count((p, 100, b"later")) for m in members for p in range(6)) == 6,
                           seconds=SETTLE_SECONDS)
                for member in members:
                    member.finish()
                    self.assertEqual(member.errors, [])

    def test_who_comes_later_goes_on_where_the_group_was(self):
        topic = self.topic_name()
        lib.create(self.broker, topic)
        self.fill(topic, 1, [b"0", b"1", b"2"])
        [first] = self.start(1, topic)
        eventually(lambda: len(first.read) == 3, seconds=SETTLE_SECONDS)
        first.finish()
        self.broker.kill()
        self.broker.start()
        self.fill(topic, 1, [b"3"])
        [second] = self.start(1, topic)
        eventually(lambda: second.read == [(0, 3, b"3")], seconds=SETTLE_SECONDS)
        second.finish()

    def test_a_pattern_is_matched_by_the_coordinator_also_with_topics_that_come_later(self):
        name = self.topic_name()
        lib.create(self.broker, f"{name}.one", partitions=2)
        [member] = self.start(1, f"^{name}[.].*", group=name)
        eventually(lambda: member.owned() == [0, 1], seconds=SETTLE_SECONDS)
        lib.create(self.broker, f"{name}.two")
        lib.create(self.broker, f"x{name}.three")
        eventually(lambda: member.owned() == [0, 0, 1], seconds=SETTLE_SECONDS)
        self.fill(f"{name}.two", 1, [b"0"])
        eventually(lambda: len(member.read) == 1, seconds=SETTLE_SECONDS)

    def test_a_static_member_that_restarts_keeps_its_share(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=2)
        members = [self.start(1, topic, group_instance_id=name)[0] for name in ("one", "two")]
        eventually(lambda: is_shared(members, 2), seconds=SETTLE_SECONDS)
        before = shares(members)
        epochs = self.broker.log().count(f"group {topic}: epoch ")
        members[1].finish()
        members[1] = self.start(1, topic, group_instance_id="two")[0]
        eventually(lambda: shares(members) == before, seconds=SETTLE_SECONDS)
        self.assertEqual(self.broker.log().count(f"group {topic}: epoch "), epochs)

    def test_a_silent_member_loses_its_partitions_to_the_others(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=2)
        members = self.start(1, topic)
        eventually(lambda: members[0].owned() == [0, 1], seconds=SETTLE_SECONDS)
        code = ("import sys, librdkafka as lib; c = lib.Consumer({'bootstrap.servers': sys.argv[1],"
                " 'group.id': sys.argv[2], 'group.protocol': 'consumer'}); c.subscribe([sys.argv[2]])\n"
                "while True: c.poll(1)")
        with subprocess.Popen([sys.executable, "-c", code, self.broker.bootstrap, topic],
                              cwd=os.path.dirname(os.path.abspath(__file__))) as silent:
            try:
                eventually(lambda: len(members[0].owned()) == 1, seconds=SETTLE_SECONDS)
            finally:
                silent.kill()
        eventually(lambda: members[0].owned() == [0, 1], seconds=SETTLE_SECONDS)

    def test_members_move_from_one_protocol_to_the_other_and_back_while_they_read(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=PARTITIONS)
        load = Load(self.broker, topic, "load", acks="all", enable_idempotence=True)
        load.start()
        cooperative = {"group_protocol": "classic", "partition_assignment_strategy": "cooperative-sticky"}
        members = self.start(2, topic, **cooperative)
        everybody = list(members)
        eventually(lambda: is_shared(members, PARTITIONS), seconds=SETTLE_SECONDS)
        for settings in ({}, cooperative):
            for place in range(2):
                members[place].finish()
                [members[place]] = self.start(1, topic, **settings)
                everybody.append(members[place])
                eventually(lambda: is_shared(members, PARTITIONS), seconds=SETTLE_SECONDS)
        self.assertEqual(load.finish(), 0)
        wanted = {(p, o) for p, values in enumerate(read_back(self.broker, topic)) for o in range(len(values))}
        eventually(lambda: wanted <= {(p, o) for m in everybody for p, o, _ in m.read}, seconds=SETTLE_SECONDS)
        log = self.broker.log()
        self.assertIn("becomes a consumer group", log)
        self.assertIn("becomes a classic group", log)


class Tools(BrokerCase):
    settings = QUICK
    own_process = True

    def setUp(self):
        super().setUp()
        require_confluent_kafka()
        require_kafka_tools()

    def groups(self, *arguments):
        return kafka_tool(GROUPS, "--bootstrap-server", self.broker.bootstrap, *arguments)

    def verify(self, topic, count, said):
        said.append(kafka_tool("org.apache.kafka.tools.VerifiableConsumer", "--bootstrap-server",
                               self.broker.bootstrap, "--topic", topic, "--group-id", topic, "--group-protocol",
                               "CONSUMER", "--max-messages", count, "--reset-policy", "earliest"))

    def test_java_members_share_partitions(self):
        topic, said = self.topic_name(), []
        lib.create(self.broker, topic, partitions=4)
        for partition in range(4):
            lib.send(self.broker, topic, [str(n).encode() for n in range(50)], partition)
        members = [threading.Thread(target=self.verify, args=(topic, 100, said)) for _ in range(2)]
        for member in members:
            member.start()
        for member in members:
            member.join()
        self.assertEqual(sum(one.count('"name":"shutdown_complete"') for one in said), 2)
        committed = [int(line.split()[3]) for line in
                     self.groups("--describe", "--group", topic).splitlines() if f" {topic} " in line]
        self.assertEqual(sum(committed), 200)

    def test_groups_are_listed_described_reset_and_deleted(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=2)
        lib.send(self.broker, topic, [b"0", b"1"])
        member = Member(self.broker, topic, topic, group_protocol="consumer", client_id="somebody")
        member.start()
        eventually(lambda: member.owned() == [0, 1] and len(member.read) == 2, seconds=SETTLE_SECONDS)
        self.assertRegex(self.groups("--list", "--type"), rf"{topic}\s+Consumer")
        self.assertRegex(self.groups("--describe", "--group", topic, "--state"),
                         rf"{topic}\s.*uniform\s+Stable\s+1")
        self.assertRegex(self.groups("--describe", "--group", topic, "--members", "--verbose"),
                         rf"{topic}\s+\S+\s+/127\.0\.0\.1\s+somebody\s+2\s+\d+\s+{topic}:0,1")
        self.assertIn("The group is not empty", self.groups("--delete", "--group", topic))
        member.finish()
        self.assertRegex(self.groups("--describe", "--group", topic, "--state"), rf"{topic}\s.*Empty\s+0")
        self.assertRegex(self.groups("--group", topic, "--topic", topic, "--reset-offsets", "--to-offset", 1,
                                     "--execute"), rf"{topic}\s+{topic}\s+0\s+1")
        self.assertIn("was successful", self.groups("--delete", "--group", topic))
        self.assertNotIn(topic, self.groups("--list").split())


class Journal(unittest.TestCase):
    def test_kafkas_tool_reads_the_records_of_groups(self):
        require_confluent_kafka()
        require_kafka_tools()
        broker = Broker({**QUICK, "offsets.topic.num.partitions": "1"}).start()
        self.addCleanup(broker.close)
        lib.create(broker, "lines", partitions=3)
        lib.send(broker, "lines", [b"0"])
        members = [Member(broker, "lines", "readers", group_protocol="consumer", group_instance_id="one"),
                   Member(broker, "^li.*", "readers", group_protocol="consumer"), Member(broker, "lines", "readers")]
        for member in members:
            member.start()
        eventually(lambda: is_shared(members, 3), seconds=SETTLE_SECONDS)
        for member in members:
            member.finish()
        broker.terminate()
        [log] = glob.glob(os.path.join(broker.data, "__consumer_offsets-0", "*.log"))
        said = kafka_tool("org.apache.kafka.tools.DumpLogSegments", "--offsets-decoder", "--files", log)
        lines = [line for line in said.splitlines() if " key: " in line]
        types = {json.loads(re.search(r" key: ({.*?}) payload", line)[1])["type"] for line in lines}
        self.assertLessEqual({"1", "3", "5", "6", "7", "8", "16"}, types)
        self.assertEqual([line for line in lines if "Unknown" in line or "Could not" in line], [])


class ExampleBroker(Broker):
    """The program of examples/assignor, whose arguments are settings."""

    def command(self):
        settings = {"listeners": f"PLAINTEXT://127.0.0.1:{self.port}", "log.dirs": self.data, **self.settings}
        return [os.environ["TROUPE_EXAMPLE_ASSIGNOR"], *(f"{key}={value}" for key, value in settings.items())]


@unittest.skipUnless("TROUPE_EXAMPLE_ASSIGNOR" in os.environ, "needs the program of examples/assignor")
class OwnAssignor(unittest.TestCase):
    def test_members_get_the_partitions_of_their_number(self):
        require_confluent_kafka()
        broker = ExampleBroker({**QUICK, "group.consumer.assignors": "uniform,numbered"}).start()
        self.addCleanup(broker.close)
        lib.create(broker, "lines", partitions=5)
        members = [Member(broker, "lines", "readers", group_protocol="consumer", group_remote_assignor="numbered",
                          group_instance_id=f"worker-{number}") for number in (1, 0)]
        for member in members:
            member.start()
        eventually(lambda: shares(members) == [[1, 3], [0, 2, 4]], seconds=SETTLE_SECONDS)
        for member in members:
            member.finish()

    def test_a_node_without_it_says_so_and_does_not_start(self):
        broker = Broker({"group.consumer.assignors": "numbered"})
        self.addCleanup(broker.close)
        with self.assertRaises(AssertionError) as failure:
            broker.start()
        self.assertIn('there is no assignor "numbered"; there are uniform, range', str(failure.exception))


class OwnSettings(BrokerCase):
    settings = QUICK
    own_process = True

    def test_a_group_with_a_shorter_session_loses_silent_members_earlier(self):
        require_confluent_kafka()
        topic = self.topic_name()
        lib.create(self.broker, topic)
        with wire.Peer(self.broker) as peer:
            changed = peer.ask("incremental_alter_configs", 1, {"resources": [
                {"resource_type": 32, "resource_name": topic, "configs": [
                    {"name": "consumer.session.timeout.ms", "config_operation": 0, "value": "1500"},
                    {"name": "consumer.heartbeat.interval.ms", "config_operation": 0, "value": "250"}]}]})
            self.assertEqual(changed["responses"][0]["error_code"], 0, changed)

            def joins():
                told = peer.ask("consumer_group_heartbeat", 1, {
                    "group_id": topic, "member_id": "silent", "member_epoch": 0, "rebalance_timeout_ms": 60_000,
                    "subscribed_topic_names": [topic], "topic_partitions": []})
                return told if told["error_code"] == 0 else None
            eventually(lambda: peer.ask("find_coordinator", 4, {"key_type": 0, "coordinator_keys": [topic]})[
                "coordinators"][0]["error_code"] == 0)
            self.assertEqual(eventually(joins)["heartbeat_interval_ms"], 250)
        eventually(lambda: "member silent was silent for too long and is out" in self.broker.log(), seconds=5)


class Coordinators(GroupUnderKills):
    settings = QUICK

    def test_a_group_lives_on_while_its_coordinators_are_killed_under_load(self):
        self.kill_coordinators(3, group_protocol="consumer")


if __name__ == "__main__":
    unittest.main()

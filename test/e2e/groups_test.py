"""Consumer groups of real clients: librdkafka's and Java's members share partitions, Kafka's tool looks after groups, and
a group lives on when its coordinator is killed."""
import threading
import unittest

import librdkafka as lib
from broker import BrokerCase, eventually
from members import SETTLE_SECONDS, GroupUnderKills, Member, is_shared, shares
from programs import kafka_tool, require_confluent_kafka, require_kafka_tools

QUICK = {"group.initial.rebalance.delay.ms": "0"}


class Members(BrokerCase):
    settings = QUICK
    own_process = True

    def setUp(self):
        super().setUp()
        require_confluent_kafka()

    def start(self, count, topic, **settings):
        members = [Member(self.broker, topic, topic, **settings) for _ in range(count)]
        for member in members:
            member.start()
            self.addCleanup(lambda m=member: m.ending.is_set() or m.finish())
        return members

    def test_partitions_are_shared_and_taken_over_with_each_strategy(self):
        for strategy in ("range", "roundrobin", "cooperative-sticky"):
            with self.subTest(strategy=strategy):
                topic = self.topic_name()
                lib.create(self.broker, topic, partitions=6)
                members = self.start(3, topic, partition_assignment_strategy=strategy)
                eventually(lambda: is_shared(members, 6), seconds=SETTLE_SECONDS)
                for partition in range(6):
                    lib.send(self.broker, topic, [str(n).encode() for n in range(100)], partition)
                eventually(lambda: sum(len(m.read) for m in members) == 600, seconds=SETTLE_SECONDS)
                members.pop().finish()
                eventually(lambda: is_shared(members, 6), seconds=SETTLE_SECONDS)
                for partition in range(6):
                    lib.send(self.broker, topic, [b"later"], partition)
                eventually(lambda: sum(m.read.count((p, 100, b"later")) for m in members for p in range(6)) == 6,
                           seconds=SETTLE_SECONDS)
                for member in members:
                    member.finish()
                    self.assertEqual(member.errors, [])

    def test_who_comes_later_goes_on_where_the_group_was(self):
        topic = self.topic_name()
        lib.create(self.broker, topic)
        lib.send(self.broker, topic, [b"0", b"1", b"2"])
        [first] = self.start(1, topic)
        eventually(lambda: len(first.read) == 3, seconds=SETTLE_SECONDS)
        first.finish()
        self.broker.kill()
        self.broker.start()
        lib.send(self.broker, topic, [b"3"])
        [second] = self.start(1, topic)
        eventually(lambda: second.read == [(0, 3, b"3")], seconds=SETTLE_SECONDS)
        second.finish()

    def test_a_static_member_that_restarts_keeps_its_share_without_a_rebalance(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=2)
        members = [self.start(1, topic, group_instance_id=name)[0] for name in ("one", "two")]
        eventually(lambda: is_shared(members, 2), seconds=SETTLE_SECONDS)
        before = shares(members)
        rounds = self.broker.log().count(f"group {topic}: generation ")
        members[1].finish()
        members[1] = self.start(1, topic, group_instance_id="two")[0]
        eventually(lambda: shares(members) == before, seconds=SETTLE_SECONDS)
        self.assertEqual(self.broker.log().count(f"group {topic}: generation "), rounds)


class Tools(BrokerCase):
    settings = QUICK
    own_process = True

    def setUp(self):
        super().setUp()
        require_kafka_tools()

    def groups(self, *arguments):
        return kafka_tool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server",
                          self.broker.bootstrap, *arguments)

    def consume(self, topic, group, count):
        return kafka_tool("org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server",
                          self.broker.bootstrap, "--topic", topic, "--group", group, "--from-beginning",
                          "--max-messages", count, "--timeout-ms", 30000).split()

    def test_groups_are_listed_described_reset_and_deleted(self):
        topic, group = self.topic_name(), self.topic_name()
        lib.create(self.broker, topic)
        lib.send(self.broker, topic, [str(n).encode() for n in range(10)])
        self.assertEqual(self.consume(topic, group, 10), [str(n) for n in range(10)])
        self.assertIn(group, self.groups("--list").split())
        self.assertRegex(self.groups("--describe", "--group", group), rf"{group}\s+{topic}\s+0\s+10\s+10\s+0\s")
        self.assertRegex(self.groups("--describe", "--group", group, "--state"), rf"{group}\s.*Empty\s+0")
        self.assertRegex(self.groups("--group", group, "--topic", topic, "--reset-offsets", "--to-offset", 7,
                                     "--execute"), rf"{group}\s+{topic}\s+0\s+7")
        self.assertEqual(self.consume(topic, group, 3), ["7", "8", "9"])
        self.assertIn("Successful", self.groups("--delete-offsets", "--group", group, "--topic", topic))
        self.assertIn("was successful", self.groups("--delete", "--group", group))
        self.assertNotIn(group, self.groups("--list").split())

    def test_consumer_performance_reads_all_it_counts(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=2)
        for partition in range(2):
            lib.send(self.broker, topic, [b"x" * 100] * 5000, partition)
        said = kafka_tool("org.apache.kafka.tools.ConsumerPerformance", "--bootstrap-server", self.broker.bootstrap,
                          "--topic", topic, "--group", topic, "--num-records", 10_000, "--timeout", 30_000)
        self.assertRegex(said.splitlines()[-1], r"^.*, 10000, ")

    def test_a_group_with_members_tells_them_and_is_not_deleted(self):
        topic = self.topic_name()
        lib.create(self.broker, topic, partitions=2)
        member = Member(self.broker, topic, topic, client_id="somebody")
        member.start()
        self.addCleanup(member.finish)
        eventually(lambda: member.owned() == [0, 1], seconds=SETTLE_SECONDS)
        said = self.groups("--describe", "--group", topic, "--members", "--verbose")
        self.assertRegex(said, rf"{topic}\s+somebody\S*\s+/127\.0\.0\.1\s+somebody\s+2\s+\S+\s+{topic}:0,1")
        self.assertRegex(self.groups("--describe", "--group", topic, "--state"), rf"{topic}\s.*range\s+Stable\s+1")
        self.assertIn("The group is not empty", self.groups("--delete", "--group", topic))

    def test_java_members_share_partitions_with_each_assignor(self):
        for assignor in ("Range", "RoundRobin", "Sticky", "CooperativeSticky"):
            with self.subTest(assignor=assignor):
                topic = self.topic_name()
                lib.create(self.broker, topic, partitions=4)
                for partition in range(4):
                    lib.send(self.broker, topic, [str(n).encode() for n in range(50)], partition)
                read = [threading.Thread(target=self.verify, args=(topic, assignor)) for _ in range(2)]
                self.said = []
                for one in read:
                    one.start()
                for one in read:
                    one.join()
                self.assertEqual(sum(said.count('"name":"shutdown_complete"') for said in self.said), 2)
                committed = [int(line.split()[3]) for line in
                             self.groups("--describe", "--group", topic).splitlines() if f" {topic} " in line]
                self.assertEqual(sum(committed), 200)

    def verify(self, topic, assignor):
        self.said.append(kafka_tool(
            "org.apache.kafka.tools.VerifiableConsumer", "--bootstrap-server", self.broker.bootstrap, "--topic", topic,
            "--group-id", topic, "--max-messages", 100, "--reset-policy", "earliest", "--assignment-strategy",
            f"org.apache.kafka.clients.consumer.{assignor}Assignor"))


class Coordinators(GroupUnderKills):
    settings = QUICK

    def test_a_group_lives_on_while_its_coordinators_are_killed_under_load(self):
        self.kill_coordinators(4)


if __name__ == "__main__":
    unittest.main()

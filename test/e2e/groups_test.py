"""Consumer groups of real clients: librdkafka's and Java's members share partitions, Kafka's tool looks after groups, and
a group lives on when its coordinator is killed."""
import collections
import threading
import unittest

import librdkafka as lib
from broker import BrokerCase, eventually
from cluster import ClusterCase
from kill_test import Load, PARTITIONS, faults, read_back
from members import SETTLE_SECONDS, Member, is_shared, shares
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


class Coordinators(ClusterCase):
    settings = QUICK

    def setUp(self):
        require_confluent_kafka()
        super().setUp()

    def coordinator(self, group):
        """The number of the node that coordinates `group`. Asked by a new client: librdkafka's remembers who it was."""
        def described():
            client = lib.AdminClient({"bootstrap.servers": self.cluster.bootstrap, "log_level": lib.LOG_LEVEL})
            return lib.done(client.describe_consumer_groups([group]))[group]
        return lib.patiently(described).coordinator.id

    def test_a_group_lives_on_while_its_coordinators_are_killed_under_load(self):
        self.cluster.create("lines", PARTITIONS)
        load = Load(self.cluster, "lines", "producer", acks="all", enable_idempotence=True)
        load.start()
        members = [Member(self.cluster, "lines", "readers") for _ in range(2)]
        for member in members:
            member.start()
        eventually(lambda: is_shared(members, PARTITIONS), seconds=SETTLE_SECONDS)
        for _ in range(4):
            node = self.cluster.nodes[self.coordinator("readers") - 1]
            node.kill()
            before = [len(m.read) for m in members]
            eventually(lambda was=before: all(len(m.read) > n + 500 for m, n in zip(members, was)),
                       seconds=SETTLE_SECONDS)
            node.start()
            eventually(lambda: self.cluster.in_sync("lines", PARTITIONS)
                       and self.cluster.in_sync("__consumer_offsets", 50), seconds=SETTLE_SECONDS)
        self.assertEqual(load.finish(), 0)
        self.assertEqual(load.errors, [])
        written = read_back(self.cluster, "lines")
        for partition, values in enumerate(written):
            self.assertEqual(faults(load.acknowledged[partition], values)[:5], [])
        wanted = {(p, o) for p, values in enumerate(written) for o in range(len(values))}

        def read():
            return {(p, o) for m in members for p, o, _ in m.read}
        eventually(lambda: wanted <= read(), seconds=SETTLE_SECONDS)
        for member in members:
            member.finish()
        self.assertEqual([error for m in members for error in m.errors if error.fatal()], [])
        times = collections.Counter((p, o) for m in members for p, o, _ in m.read)
        again = sum(count - 1 for count in times.values())
        print(f"[4 coordinators killed, {len(wanted)} records, {again} read again, longest gap "
              f"{max(m.longest_gap for m in members):.2f} s]", end=" ")


if __name__ == "__main__":
    unittest.main()

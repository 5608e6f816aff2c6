"""Apache Kafka's own command line tools, and through them the Java clients."""
import json
import re
import shutil
import tempfile
import time

from broker import BrokerCase, eventually
from programs import ProgramFailed, kafka_tool, require_kafka_tools

TOOLS = "org.apache.kafka.tools."


class Java(BrokerCase):
    def setUp(self):
        super().setUp()
        require_kafka_tools()

    def tool(self, name, *arguments, text_in=None):
        main_class = name if name.startswith("kafka.") else TOOLS + name
        return kafka_tool(main_class, "--bootstrap-server", self.broker.bootstrap, *arguments, text_in=text_in)

    def tool_error(self, name, *arguments):
        with self.assertRaises(ProgramFailed) as failure:
            self.tool(name, *arguments)
        return failure.exception.stdout + failure.exception.stderr

    def topics(self, *arguments):
        return self.tool("TopicCommand", *arguments)

    def configs(self, *arguments):
        return self.tool("kafka.admin.ConfigCommand", *arguments)

    def offsets(self, topic, when):
        """partition → offset; the tool leaves out partitions where there is none."""
        lines = self.tool("GetOffsetShell", "--topic", topic, "--time", when).split()
        return {int(line.split(":")[1]): int(line.split(":")[2]) for line in lines}

    def produce(self, topic, lines, *arguments):
        self.tool("ConsoleProducer", "--topic", topic, *arguments, text_in="".join(f"{line}\n" for line in lines))

    def consume(self, topic, count, *arguments):
        return self.tool("consumer.ConsoleConsumer", "--topic", topic, "--partition", 0, "--max-messages", count,
                         "--timeout-ms", 20000, *arguments).splitlines()


class Console(Java):
    def test_the_console_producer_and_consumer_exchange_records(self):
        topic = self.topic_name()
        lines = [f"key{n}:value {n}" for n in range(500)]
        self.produce(topic, lines, "--reader-property", "parse.key=true", "--reader-property", "key.separator=:",
                     "--compression-codec", "zstd")
        read = self.consume(topic, 500, "--offset", "earliest", "--formatter-property", "print.key=true",
                            "--formatter-property", "key.separator=:")
        self.assertEqual(read, lines)
        self.assertEqual(self.consume(topic, 2, "--offset", 498), ["value 498", "value 499"])

    def test_producer_performance_writes_all_it_counts(self):
        topic = self.topic_name()
        self.topics("--create", "--topic", topic, "--partitions", 2)
        said = kafka_tool(TOOLS + "ProducerPerformance", "--topic", topic, "--num-records", 50000, "--record-size", 200,
                          "--throughput", -1, "--bootstrap-server", self.broker.bootstrap, "--command-property",
                          "compression.type=lz4")
        self.assertIn("50000 records sent", said)
        self.assertEqual(sum(self.offsets(topic, -1).values()), 50000)
        said = kafka_tool(TOOLS + "ProducerPerformance", "--topic", topic, "--num-records", 5000, "--record-size", 200,
                          "--throughput", -1, "--bootstrap-server", self.broker.bootstrap,
                          "--command-property", "acks=0", "--command-property", "enable.idempotence=false")
        self.assertIn("5000 records sent", said)
        eventually(lambda: sum(self.offsets(topic, -1).values()) == 55000)


class TopicsAndConfigs(Java):
    def test_topics_are_created_described_grown_listed_and_deleted(self):
        topic = self.topic_name()
        self.assertIn(f"Created topic {topic}", self.topics(
            "--create", "--topic", topic, "--partitions", 2, "--config", "retention.ms=98765",
            "--config", "cleanup.policy=compact,delete"))
        described = self.topics("--describe", "--topic", topic)
        self.assertRegex(described, rf"Topic: {topic}\s+TopicId: \S{{22}}\s+PartitionCount: 2\s+ReplicationFactor: 1")
        self.assertIn("retention.ms=98765", described)
        self.assertIn("cleanup.policy=compact,delete", described)
        self.assertEqual(len(re.findall(r"Partition: \d+\s+Leader: (\d+)\s+Replicas: \1\s+Isr: \1", described)), 2)
        self.topics("--alter", "--topic", topic, "--partitions", 4)
        self.assertIn("PartitionCount: 4", self.topics("--describe", "--topic", topic))
        self.assertIn(topic, self.topics("--list").split())
        self.assertIn("already exists", self.tool_error("TopicCommand", "--create", "--topic", topic))
        self.topics("--delete", "--topic", topic)
        self.assertNotIn(topic, self.topics("--list").split())

    def test_topic_configurations_are_changed_and_taken_back(self):
        topic = self.topic_name()
        self.topics("--create", "--topic", topic)
        on = ("--entity-type", "topics", "--entity-name", topic)
        self.configs(*on, "--alter", "--add-config", "retention.ms=4321,max.message.bytes=5000")
        described = self.configs(*on, "--describe")
        self.assertIn("retention.ms=4321", described)
        self.assertIn("max.message.bytes=5000", described)
        self.configs(*on, "--alter", "--delete-config", "retention.ms")
        everything = self.configs(*on, "--describe", "--all")
        self.assertIn("retention.ms=604800000", everything)
        self.assertIn("DEFAULT_CONFIG:log.segment.bytes=1073741824", everything)
        said = self.tool_error("kafka.admin.ConfigCommand", *on, "--alter", "--add-config", "retention.ms=never")
        self.assertIn("retention.ms", said)

    def test_broker_configurations_are_changed_for_one_and_for_all(self):
        one = ("--entity-type", "brokers", "--entity-name", "1")
        every = ("--entity-type", "brokers", "--entity-default")
        self.configs(*every, "--alter", "--add-config", "log.retention.ms=777000")
        self.configs(*one, "--alter", "--add-config", "log.retention.ms=888000")
        self.assertIn("log.retention.ms=777000", self.configs(*every, "--describe"))
        described = self.configs(*one, "--describe", "--all")
        self.assertRegex(described, r"log\.retention\.ms=888000.*DYNAMIC_BROKER_CONFIG:log\.retention\.ms=888000.*"
                                    r"DYNAMIC_DEFAULT_BROKER_CONFIG:log\.retention\.ms=777000")
        self.configs(*one, "--alter", "--delete-config", "log.retention.ms")
        self.configs(*every, "--alter", "--delete-config", "log.retention.ms")
        self.assertNotIn("777000", self.configs(*one, "--describe", "--all"))


class GroupConfigs(Java):
    own_process = True
    ON_GROUP = ("--entity-type", "groups", "--entity-name", "readers of lines")

    def test_group_configurations_are_changed_survive_a_restart_and_are_taken_back(self):
        self.assertNotIn("readers of lines", self.configs("--entity-type", "groups", "--describe"))
        self.configs(*self.ON_GROUP, "--alter", "--add-config",
                     "consumer.session.timeout.ms=50000,consumer.heartbeat.interval.ms=6000")
        self.assertRegex(self.configs(*self.ON_GROUP, "--describe"),
                         r"consumer\.session\.timeout\.ms=50000 sensitive=false synonyms=\{DYNAMIC_GROUP_CONFIG:"
                         r"consumer\.session\.timeout\.ms=50000, DEFAULT_CONFIG:"
                         r"group\.consumer\.session\.timeout\.ms=45000\}")
        self.configs(*self.ON_GROUP, "--alter", "--delete-config", "consumer.heartbeat.interval.ms")
        self.broker.terminate()
        self.broker.start()
        described = self.configs("--entity-type", "groups", "--describe")
        self.assertRegex(described, r"(?s)readers of lines.*consumer\.session\.timeout\.ms=50000")
        self.assertNotIn("consumer.heartbeat.interval.ms", described)
        everything = self.configs(*self.ON_GROUP, "--describe", "--all")
        self.assertIn("consumer.heartbeat.interval.ms=1000", everything)
        self.assertIn("consumer.assignment.interval.ms=0", everything)
        self.configs(*self.ON_GROUP, "--alter", "--delete-config", "consumer.session.timeout.ms")
        self.assertNotIn("readers of lines", self.configs("--entity-type", "groups", "--describe"))

    def test_wrong_group_configurations_are_refused_and_change_nothing(self):
        for wrong, why in (("consumer.session.timeout.ms=1", "group.consumer.min.session.timeout.ms"),
                           ("consumer.heartbeat.interval.ms=15001", "group.consumer.max.heartbeat.interval.ms"),
                           ("consumer.session.timeout.ms=soon", "consumer.session.timeout.ms"),
                           ("no.such.thing=1", "Unknown group config name: no.such.thing")):
            said = self.tool_error("kafka.admin.ConfigCommand", *self.ON_GROUP, "--alter", "--add-config", wrong)
            self.assertIn(why, said)
        self.assertNotIn("readers of lines", self.configs("--entity-type", "groups", "--describe"))


class OffsetsAndRecords(Java):
    def test_offsets_are_told_for_earliest_latest_newest_and_a_time(self):
        topic = self.topic_name()
        self.topics("--create", "--topic", topic, "--partitions", 2)
        self.produce(topic, range(20))
        time.sleep(0.01)
        later = int(time.time() * 1000)
        latest = self.offsets(topic, -1)
        self.assertEqual(sum(latest.values()), 20)
        self.assertEqual(self.offsets(topic, -2), {0: 0, 1: 0})
        written = {partition: count for partition, count in latest.items() if count}
        newest = self.offsets(topic, -3)
        self.assertEqual(newest.keys(), written.keys())
        self.assertTrue(all(newest[p] < written[p] for p in written), (newest, written))
        self.assertEqual(self.offsets(topic, later - 3600_000), {p: 0 for p in written})
        self.assertEqual(self.offsets(topic, later + 1000), {})

    def test_delete_records_moves_the_start(self):
        topic = self.topic_name()
        self.topics("--create", "--topic", topic)
        self.produce(topic, range(30))
        plan = {"partitions": [{"topic": topic, "partition": 0, "offset": 12}], "version": 1}
        path = f"/tmp/{topic}.json"
        with open(path, "w", encoding="ascii") as out:
            json.dump(plan, out)
        said = self.tool("DeleteRecordsCommand", "--offset-json-file", path)
        self.assertIn("low_watermark: 12", said)
        self.assertEqual(self.offsets(topic, -2), {0: 12})
        self.assertEqual(self.consume(topic, 1, "--offset", "earliest"), ["12"])


class Cluster(Java):
    def test_the_api_versions_can_be_listed(self):
        said = self.tool("BrokerApiVersionsCommand")
        self.assertIn(self.broker.bootstrap, said)
        self.assertRegex(said, r"Produce\(0\): 0 to 13")
        self.assertRegex(said, r"Fetch\(1\): 4 to 1[78]")
        self.assertNotRegex(said, r"UNKNOWN\(")

    def test_the_cluster_id_is_told(self):
        said = kafka_tool(TOOLS + "ClusterTool", "cluster-id", "--bootstrap-server", self.broker.bootstrap)
        self.assertRegex(said, r"Cluster ID: \S{22}")

    def test_log_directories_tell_the_sizes_of_partitions(self):
        topic = self.topic_name()
        self.topics("--create", "--topic", topic)
        self.produce(topic, ["x" * 1000])
        said = self.tool("LogDirsCommand", "--describe", "--topic-list", topic)
        answer = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
        directory = answer["brokers"][0]["logDirs"][0]
        self.assertIsNone(directory["error"])
        self.assertEqual([p["partition"] for p in directory["partitions"]], [f"{topic}-0"])
        self.assertGreater(directory["partitions"][0]["size"], 1000)

class Directories(Java):
    own_process = True

    @classmethod
    def setUpClass(cls):
        cls.folders = [tempfile.mkdtemp(prefix="troupe-test-") for _ in range(2)]
        for folder in cls.folders:
            cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.settings = {"log.dirs": ",".join(cls.folders)}
        super().setUpClass()

    def place(self, topic):
        said = self.tool("LogDirsCommand", "--describe", "--topic-list", topic)
        answer = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
        return [directory["logDir"] for directory in answer["brokers"][0]["logDirs"] if directory["partitions"]]

    def test_a_replica_moves_to_another_directory_with_kafkas_tool(self):
        topic = self.topic_name()
        self.topics("--create", "--topic", topic)
        self.produce(topic, [f"{n} {'x' * 1000}" for n in range(2000)])
        [before] = self.place(topic)
        after = next(folder for folder in self.folders if folder != before)
        with tempfile.NamedTemporaryFile("w", suffix=".json") as plan:
            json.dump({"version": 1, "partitions": [
                {"topic": topic, "partition": 0, "replicas": [1], "log_dirs": [after]}]}, plan)
            plan.flush()
            said = self.tool("reassign.ReassignPartitionsCommand", "--execute", "--reassignment-json-file", plan.name)
            self.assertIn("Successfully started moving log directory", said)
            eventually(lambda: self.place(topic) == [after])
            self.assertIn("is completed", self.tool("reassign.ReassignPartitionsCommand", "--verify",
                                                    "--reassignment-json-file", plan.name))
        self.produce(topic, ["last"])
        self.assertEqual(self.offsets(topic, -1), {0: 2001})
        self.broker.kill()
        self.broker.start()
        self.assertEqual(self.consume(topic, 1, "--offset", 2000), ["last"])
        self.assertEqual(self.place(topic), [after])


class Producers(Java):
    def test_idempotent_producers_are_described(self):
        topic = self.topic_name()
        self.topics("--create", "--topic", topic)
        self.produce(topic, ["a", "b"])
        said = self.tool("TransactionsCommand", "describe-producers", "--topic", topic, "--partition", 0)
        lines = [line.split() for line in said.splitlines() if line.strip()]
        self.assertEqual(lines[0][:3], ["ProducerId", "ProducerEpoch", "LatestCoordinatorEpoch"])
        self.assertEqual(lines[1][1], "0")
        self.assertEqual(lines[1][3], "1")  # the sequence number of the second record

"""confluent-kafka's admin client: topics, partitions, configurations, records, offsets, the cluster."""
import librdkafka as lib
from broker import BrokerCase, eventually
from programs import require_confluent_kafka

SECONDS = lib.CLIENT_SECONDS


class Admin(BrokerCase):
    def setUp(self):
        super().setUp()
        self.kafka = require_confluent_kafka()
        self.admin = lib.admin(self.broker)

    def topics(self):
        return self.admin.list_topics(timeout=SECONDS).topics

    def config(self, kind, name):
        resource = self.kafka.admin.ConfigResource(kind, name)
        return next(iter(lib.done(self.admin.describe_configs([resource])).values()))

    def alter(self, kind, name, **changes):
        """changes: key=('SET', value) and so on; the error's name or None."""
        entries = [self.kafka.admin.ConfigEntry(key.replace("_", "."), value,
                                                incremental_operation=self.kafka.admin.AlterConfigOpType[operation])
                   for key, (operation, value) in changes.items()]
        resource = self.kafka.admin.ConfigResource(kind, name, incremental_configs=entries)
        return lib.error_of(next(iter(self.admin.incremental_alter_configs([resource]).values())))


class Topics(Admin):
    def test_created_topics_are_listed_and_deleted_ones_are_not(self):
        names = [self.topic_name() for _ in range(3)]
        for count, name in enumerate(names, 1):
            lib.create(self.broker, name, partitions=count)
        eventually(lambda: {*names} <= self.topics().keys())
        listed = self.topics()
        self.assertEqual([len(listed[name].partitions) for name in names], [1, 2, 3])
        lib.done(self.admin.delete_topics(names[:2]))
        eventually(lambda: [name in self.topics() for name in names] == [False, False, True])

    def test_wrong_creations_are_refused_by_name(self):
        name = self.topic_name()
        lib.create(self.broker, name)
        new = self.kafka.admin.NewTopic

        def error(*arguments, **keywords):
            return lib.error_of(next(iter(self.admin.create_topics([new(*arguments, **keywords)]).values())))
        self.assertEqual(error(name, 1, 1), "TOPIC_ALREADY_EXISTS")
        for bad in ("with space", "..", "a/b", "x" * 250):
            self.assertEqual(error(bad, 1, 1), "TOPIC_EXCEPTION", bad)
        other = self.topic_name()
        self.assertEqual(error(other, 0, 1), "INVALID_PARTITIONS")
        self.assertEqual(error(other, 1, 3), "INVALID_REPLICATION_FACTOR")
        self.assertEqual(error(other, 1, 1, config={"cleanup.policy": "burn"}), "INVALID_CONFIG")
        self.assertEqual(error(other, 1, 1, config={"no.such.thing": "1"}), "INVALID_CONFIG")
        self.assertEqual(error(other, num_partitions=1, replica_assignment=[[99]]), "INVALID_REPLICA_ASSIGNMENT")
        self.assertNotIn(other, self.topics())

    def test_names_that_differ_in_dot_and_underscore_collide(self):
        name = self.topic_name().replace("-", "_")
        lib.create(self.broker, name)
        new = self.kafka.admin.NewTopic(name.replace("_", "."), 1, 1)
        self.assertEqual(lib.error_of(next(iter(self.admin.create_topics([new]).values()))), "TOPIC_EXCEPTION")

    def test_a_validated_topic_is_not_created(self):
        name = self.topic_name()
        lib.done(self.admin.create_topics([self.kafka.admin.NewTopic(name, 3, 1)], validate_only=True))
        self.assertNotIn(name, self.topics())

    def test_unknown_topics_cannot_be_deleted(self):
        name = self.topic_name()
        self.assertEqual(lib.error_of(self.admin.delete_topics([name])[name]), "UNKNOWN_TOPIC_OR_PART")

    def test_partitions_are_added_but_never_taken_away(self):
        name = self.topic_name()
        lib.create(self.broker, name, partitions=2)
        lib.send(self.broker, name, [b"old"], partition=1)

        def grow(to):
            return lib.error_of(self.admin.create_partitions([self.kafka.admin.NewPartitions(name, to)])[name])
        self.assertIsNone(grow(5))
        eventually(lambda: len(self.topics()[name].partitions) == 5)
        lib.send(self.broker, name, [b"new"], partition=4)
        self.assertEqual(lib.values(lib.read_all(self.broker, name, 1)), [b"old"])
        self.assertEqual(lib.values(lib.read_all(self.broker, name, 4)), [b"new"])
        self.assertEqual(grow(3), "INVALID_PARTITIONS")
        self.assertEqual(grow(5), "INVALID_PARTITIONS")

    def test_describe_topics_tells_ids_and_partitions(self):
        name = self.topic_name()
        lib.create(self.broker, name, partitions=2)
        eventually(lambda: name in self.topics())
        described = lib.done(self.admin.describe_topics(self.kafka.TopicCollection([name])))[name]
        self.assertEqual([p.id for p in described.partitions], [0, 1])
        self.assertEqual([len(p.isr) for p in described.partitions], [1, 1])
        self.assertFalse(described.is_internal)
        self.assertNotEqual(str(described.topic_id), "AAAAAAAAAAAAAAAAAAAAAA")


class Configs(Admin):
    def test_a_topics_configuration_tells_value_and_source(self):
        name = self.topic_name()
        lib.create(self.broker, name, retention_ms=123456, cleanup_policy="compact")
        config = self.config("TOPIC", name)
        self.assertEqual(config["retention.ms"].value, "123456")
        self.assertEqual(config["cleanup.policy"].value, "compact")
        dynamic_topic = self.kafka.admin.ConfigSource.DYNAMIC_TOPIC_CONFIG.value
        default = self.kafka.admin.ConfigSource.DEFAULT_CONFIG.value
        self.assertEqual(config["retention.ms"].source, dynamic_topic)
        self.assertEqual(config["segment.bytes"].source, default)
        for key, value in {"segment.bytes": "1073741824", "max.message.bytes": "1048588", "retention.bytes": "-1",
                           "compression.type": "producer", "min.insync.replicas": "1"}.items():
            self.assertEqual(config[key].value, value, key)

    def test_incremental_changes_set_delete_append_and_subtract(self):
        name = self.topic_name()
        lib.create(self.broker, name)
        self.assertIsNone(self.alter("TOPIC", name, retention_ms=("SET", "1000"), cleanup_policy=("APPEND", "compact")))
        eventually(lambda: self.config("TOPIC", name)["retention.ms"].value == "1000")
        config = self.config("TOPIC", name)
        self.assertEqual(set(config["cleanup.policy"].value.split(",")), {"delete", "compact"})
        self.assertIsNone(self.alter("TOPIC", name, retention_ms=("DELETE", None),
                                     cleanup_policy=("SUBTRACT", "delete")))
        eventually(lambda: self.config("TOPIC", name)["retention.ms"].value == "604800000")
        config = self.config("TOPIC", name)
        self.assertEqual(config["cleanup.policy"].value, "compact")

    def test_wrong_changes_are_refused_and_change_nothing(self):
        name = self.topic_name()
        lib.create(self.broker, name, retention_ms=5000)
        self.assertEqual(self.alter("TOPIC", name, retention_ms=("SET", "soon")), "INVALID_CONFIG")
        self.assertEqual(self.alter("TOPIC", name, retention_ms=("SET", "1"), no_such_thing=("SET", "1")),
                         "INVALID_CONFIG")
        self.assertEqual(self.alter("TOPIC", "no-such-topic", retention_ms=("SET", "1")), "UNKNOWN_TOPIC_OR_PART")
        self.assertEqual(self.config("TOPIC", name)["retention.ms"].value, "5000")

    def test_alter_configs_replaces_all_of_them(self):
        name = self.topic_name()
        lib.create(self.broker, name, retention_ms=5000, segment_bytes=2_000_000)
        resource = self.kafka.admin.ConfigResource("TOPIC", name, set_config={"retention.ms": "7000"})
        lib.done(self.admin.alter_configs([resource]))
        eventually(lambda: [self.config("TOPIC", name)[key].value for key in ("retention.ms", "segment.bytes")]
                   == ["7000", "1073741824"])

    def test_a_brokers_setting_can_be_changed_while_it_runs(self):
        node = str(next(iter(self.admin.list_topics(timeout=SECONDS).brokers)))
        name = self.topic_name()
        lib.create(self.broker, name)
        self.assertIsNone(self.alter("BROKER", node, log_retention_ms=("SET", "987654")))
        eventually(lambda: self.config("TOPIC", name)["retention.ms"].value == "987654")
        self.assertIsNone(self.alter("BROKER", node, log_retention_ms=("DELETE", None)))
        eventually(lambda: self.config("TOPIC", name)["retention.ms"].value == "604800000")
        self.assertEqual(self.alter("BROKER", node, node_id=("SET", "77")), "INVALID_REQUEST")
        self.assertEqual(self.alter("BROKER", node, log_retention_ms=("SET", "soon")), "INVALID_REQUEST")

    def test_a_brokers_configuration_can_be_read(self):
        node = next(iter(self.admin.list_topics(timeout=SECONDS).brokers))
        config = self.config("BROKER", str(node))
        self.assertEqual(config["node.id"].value, str(node))
        self.assertTrue(config["node.id"].is_read_only)
        self.assertIn("log.dirs", config)


class RecordsAndCluster(Admin):
    def test_deleted_records_are_gone_for_good(self):
        topic = self.topic_name()
        lib.send(self.broker, topic, [str(n).encode() for n in range(100)])
        where = self.kafka.TopicPartition(topic, 0, 40)
        deleted = lib.done(self.admin.delete_records([where]))
        self.assertEqual([d.low_watermark for d in deleted.values()], [40])
        self.assertEqual(lib.watermarks(self.broker, topic), (40, 100))
        self.assertEqual(lib.values(lib.read_all(self.broker, topic))[0], b"40")
        beyond = self.kafka.TopicPartition(topic, 0, 101)
        self.assertEqual(lib.error_of(next(iter(self.admin.delete_records([beyond]).values()))), "OFFSET_OUT_OF_RANGE")
        everything = self.kafka.TopicPartition(topic, 0, -1)
        lib.done(self.admin.delete_records([everything]))
        self.assertEqual(lib.watermarks(self.broker, topic), (100, 100))
        lib.send(self.broker, topic, [b"next"])
        self.assertEqual(lib.watermarks(self.broker, topic), (100, 101))

    def test_list_offsets_finds_first_last_newest_and_by_time(self):
        topic = self.topic_name()
        times = [1000, 5000, 3000]
        lib.create(self.broker, topic)
        lib.send(self.broker, topic, [{"value": b"x", "timestamp": time} for time in times], linger_ms=50)
        spec = self.kafka.admin.OffsetSpec

        def offset(of):
            where = self.kafka.TopicPartition(topic, 0)
            return next(iter(lib.done(self.admin.list_offsets({where: of})).values()))
        self.assertEqual(offset(spec.earliest()).offset, 0)
        self.assertEqual(offset(spec.latest()).offset, 3)
        self.assertEqual((offset(spec.max_timestamp()).offset, offset(spec.max_timestamp()).timestamp), (1, 5000))
        self.assertEqual(offset(spec.for_timestamp(2000)).offset, 1)
        self.assertEqual(offset(spec.for_timestamp(6000)).offset, -1)

    def test_the_cluster_describes_itself(self):
        cluster = self.admin.describe_cluster().result(SECONDS)
        self.assertEqual([f"{node.host}:{node.port}" for node in cluster.nodes], [self.broker.bootstrap])
        self.assertEqual(cluster.controller.id, cluster.nodes[0].id)
        self.assertEqual(len(cluster.cluster_id), 22)

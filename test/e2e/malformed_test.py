"""Requests that no client sends: cut, oversized, out of order, garbage. After each, the broker serves on; what it
closed a connection for stands in its log once, with the peer's name; its memory stays where it was.

The expected outcomes (an error code or a closed connection) are those of Apache Kafka 4.3.1.
"""
import random
import re
import socket
import struct
import time
import unittest

import wire
from broker import BrokerCase, eventually, foreign
from wire import Count, Peer, framed, header, request

CORRUPT_MESSAGE, INVALID_RECORD, INVALID_REQUIRED_ACKS, UNSUPPORTED_VERSION = 2, 87, 21, 35
UNSUPPORTED_FOR_MESSAGE_FORMAT, UNSUPPORTED_COMPRESSION_TYPE = 43, 76  # Troupe's more precise words
FETCH_SESSION_ID_NOT_FOUND, UNKNOWN_SERVER_ERROR = 70, -1
CLOSED = None
RESIDENT_GROWTH_KIB_MAX = 16 * 1024
SOFTWARE = {"client_software_name": "e2e", "client_software_version": "1"}

# Requests that every broker can decode, with something in every array, so that each cut hits something.
SAMPLES = {
    "produce": {"acks": 1, "timeout_ms": 100, "topic_data": [{"name": "none", "partition_data": [
        {"index": 0, "records": wire.batch()}]}]},
    "fetch": {"max_wait_ms": 0, "min_bytes": 0, "max_bytes": 1000, "session_epoch": -1,
              "topics": [{"topic": "none", "partitions": [{"partition": 0, "partition_max_bytes": 1000}]}],
              "forgotten_topics_data": [{"topic": "gone", "partitions": [1]}]},
    "list_offsets": {"replica_id": -1, "topics": [{"name": "none", "partitions": [{"partition_index": 0}]}]},
    "metadata": {"topics": [{"name": "none"}], "allow_auto_topic_creation": False},
    "find_coordinator": {"key": "k", "coordinator_keys": ["k"]},
    "api_versions": SOFTWARE,
    "create_topics": {"timeout_ms": 1, "validate_only": True, "topics": [
        {"name": "none", "num_partitions": 1, "replication_factor": 1, "configs": [{"name": "a", "value": "b"}],
         "assignments": [{"partition_index": 0, "broker_ids": [1]}]}]},
    "delete_topics": {"topics": [{"name": "none"}], "topic_names": ["none"], "timeout_ms": 1},
    "delete_records": {"timeout_ms": 1, "topics": [{"name": "none", "partitions": [{"partition_index": 0}]}]},
    "init_producer_id": {"transactional_id": None, "transaction_timeout_ms": 1000, "producer_id": -1,
                         "producer_epoch": -1},
    "offset_for_leader_epoch": {"replica_id": -1, "topics": [{"topic": "none", "partitions": [{"partition": 0}]}]},
    "describe_configs": {"resources": [{"resource_type": 2, "resource_name": "none", "configuration_keys": ["a"]}]},
    "alter_configs": {"validate_only": True, "resources": [
        {"resource_type": 2, "resource_name": "none", "configs": [{"name": "a", "value": "b"}]}]},
    "describe_log_dirs": {"topics": [{"topic": "none", "partitions": [0]}]},
    "create_partitions": {"timeout_ms": 1, "validate_only": True, "topics": [
        {"name": "none", "count": 2, "assignments": [{"broker_ids": [1]}]}]},
    "incremental_alter_configs": {"validate_only": True, "resources": [
        {"resource_type": 2, "resource_name": "none", "configs": [
            {"name": "a", "config_operation": 0, "value": "b"}]}]},
    "describe_cluster": {},
    "describe_producers": {"topics": [{"name": "none", "partition_indexes": [0]}]},
    "list_config_resources": {"resource_types": [2]},
    "describe_topic_partitions": {"topics": [{"name": "none"}], "response_partition_limit": 1},
    "alter_replica_log_dirs": {"dirs": [{"path": "/none", "topics": [{"name": "none", "partitions": [0]}]}]},
    "elect_leaders": {"topic_partitions": [{"topic": "none", "partitions": [0]}], "timeout_ms": 1},
    "alter_partition_reassignments": {"timeout_ms": 1, "topics": [
        {"name": "none", "partitions": [{"partition_index": 0, "replicas": [1]}]}]},
    "list_partition_reassignments": {"timeout_ms": 1, "topics": [{"name": "none", "partition_indexes": [0]}]},
    "describe_quorum": {"topics": [{"topic_name": "none", "partitions": [{"partition_index": 0}]}]},
    "update_features": {"timeout_ms": 1, "validate_only": True, "feature_updates": [
        {"feature": "none", "max_version_level": 1}]},
    "unregister_broker": {"broker_id": 77},
    "add_raft_voter": {"cluster_id": "none", "timeout_ms": 1, "voter_id": 77, "listeners": [
        {"name": "none", "host": "none", "port": 1}]},
    "remove_raft_voter": {"cluster_id": "none", "voter_id": 77},
    "offset_commit": {"group_id": "none", "topics": [{"name": "none", "partitions": [
        {"partition_index": 0, "committed_metadata": "a"}]}]},
    "offset_fetch": {"group_id": "none", "topics": [{"name": "none", "partition_indexes": [0]}],
                     "groups": [{"group_id": "none", "topics": [{"name": "none", "partition_indexes": [0]}]}]},
    "offset_delete": {"group_id": "none", "topics": [{"name": "none", "partitions": [{"partition_index": 0}]}]},
    "join_group": {"group_id": "none", "protocol_type": "consumer", "protocols": [
        {"name": "range", "metadata": b"a"}]},
    "sync_group": {"group_id": "none", "assignments": [{"member_id": "a", "assignment": b"a"}]},
    "heartbeat": {"group_id": "none", "member_id": "a"},
    "leave_group": {"group_id": "none", "member_id": "a", "members": [{"member_id": "a"}]},
    "consumer_group_heartbeat": {"group_id": "none", "member_id": "a", "rebalance_timeout_ms": 1,
                                 "subscribed_topic_names": ["none"], "topic_partitions": []},
    "consumer_group_describe": {"group_ids": ["none"]},
    "describe_groups": {"groups": ["none"]},
    "list_groups": {"states_filter": ["Stable"], "types_filter": ["classic"]},
    "delete_groups": {"groups_names": ["none"]},
    "add_partitions_to_txn": {"v3_and_below_transactional_id": "none", "v3_and_below_topics": [
        {"name": "none", "partitions": [0]}], "transactions": [
            {"transactional_id": "none", "topics": [{"name": "none", "partitions": [0]}]}]},
    "add_offsets_to_txn": {"transactional_id": "none", "group_id": "none"},
    "end_txn": {"transactional_id": "none", "committed": True},
    "write_txn_markers": {"markers": [{"topics": [{"name": "none", "partition_indexes": [0]}]}]},
    "txn_offset_commit": {"transactional_id": "none", "group_id": "none", "topics": [
        {"name": "none", "partitions": [{"partition_index": 0, "committed_metadata": "a"}]}]},
    "describe_transactions": {"transactional_ids": ["none"]},
    "list_transactions": {"state_filters": ["Ongoing"], "producer_id_filters": [1]},
}


class Malformed(BrokerCase):
    settings = {"auto.create.topics.enable": "false"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with Peer(cls.broker) as peer:
            answer = peer.ask("api_versions", 3, SOFTWARE)
            cls.advertised = {wire.BY_KEY[one["api_key"]].name: (one["min_version"], one["max_version"])
                              for one in answer["api_keys"] if one["api_key"] in wire.BY_KEY}
            created = peer.ask("create_topics", 5, {"timeout_ms": 10000, "topics": [
                {"name": "taken", "num_partitions": 1, "replication_factor": 1}]})
            assert created["topics"][0]["error_code"] == 0, created
        eventually(lambda: cls.produce_error(wire.batch()) == 0)
        cls.resident_kib = None if foreign() else cls.broker.resident_kib()

    @classmethod
    def produce_error(cls, records, acks=-1):
        with Peer(cls.broker) as peer:
            answer = peer.ask("produce", 9, {"acks": acks, "timeout_ms": 5000, "topic_data": [
                {"name": "taken", "partition_data": [{"index": 0, "records": records}]}]})
            return answer["responses"][0]["partition_responses"][0]["error_code"]

    def tearDown(self):
        with Peer(self.broker) as peer:
            self.assertEqual(peer.ask("api_versions", 3, SOFTWARE)["error_code"], 0)
        self.assertEqual(self.produce_error(wire.batch()), 0)
        super().tearDown()
        if not foreign():
            self.assertLess(self.broker.resident_kib() - self.resident_kib, RESIDENT_GROWTH_KIB_MAX)

    def outcome(self, content):
        """The answer to these bytes, or CLOSED; with the peer's name."""
        with Peer(self.broker) as peer:
            peer.send(content)
            return peer.receive(), peer.name

    def assert_closed(self, content, what=None):
        before = 0 if foreign() else self.broker.log_size()
        answer, name = self.outcome(content)
        self.assertIs(answer, CLOSED, what)
        self.assert_logged_once(name, before, what)

    def assert_logged_once(self, name, before, what=None):
        """One line names the peer among those behind the first `before` bytes: the system gives ports away again."""
        if foreign():
            return
        mentions = re.compile(re.escape(name) + r"\b.*")
        lines = eventually(lambda: mentions.findall(self.broker.log(before)), seconds=5)
        self.assertEqual(len(lines), 1, f"{what}: {lines}")

    def test_impossible_lengths_close_the_connection(self):
        for length in (2**31 - 1, 104857601, 0, -1, -2**31):
            with self.subTest(length=length):
                self.assert_closed(struct.pack(">i", length), length)

    @unittest.skipIf(foreign(), "Kafka allocates what a client claims")
    def test_a_claimed_length_costs_no_memory(self):
        peers = [Peer(self.broker) for _ in range(50)]
        for peer in peers:
            peer.send(struct.pack(">i", 100_000_000) + b"\0\3\0\1")
        with Peer(self.broker) as other:
            self.assertEqual(other.ask("api_versions", 3, SOFTWARE)["error_code"], 0)
        self.assertLess(self.broker.resident_kib() - self.resident_kib, RESIDENT_GROWTH_KIB_MAX)
        for peer in peers:
            peer.socket.close()

    def test_other_protocols_and_garbage_close_the_connection(self):
        tls_hello = bytes.fromhex("16030100c4010000c00303") + bytes(190)
        noise = [random.Random(seed).randbytes(4096) for seed in range(20)]
        for content in [tls_hello, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x7fELF" + bytes(100), *noise]:
            if 0 < struct.unpack(">i", content[:4])[0] < 104857600:
                continue  # a length that could be right: the broker waits for more
            with self.subTest(content=content[:16]):
                self.assert_closed(content, content[:16])

    def test_noise_in_a_right_frame_closes_the_connection(self):
        for seed in range(50):
            content = b"\x7f" + random.Random(seed).randbytes(seed * 7 + 1)  # no API has a key of 0x7f..
            with self.subTest(seed=seed):
                self.assert_closed(framed(content), seed)

    def test_unknown_apis_and_versions_close_the_connection(self):
        for key in (9999, 4, 5, 6, 7, -1, 32767):
            with self.subTest(key=key):
                self.assert_closed(framed(header(key, 0)), f"key {key}")
        for api, (first, last) in self.advertised.items():
            wrong = {last + 1, 32767, -1, first - 1 if api != "produce" else -1}
            if api == "api_versions":
                continue
            for version in sorted(wrong):
                with self.subTest(api=api, version=version):
                    self.assert_closed(framed(header(wire.APIS[api].key, version)), f"{api} {version}")

    def test_produce_before_version_3_is_refused_though_advertised(self):
        self.assertEqual(self.advertised["produce"][0], 0)
        for version in (0, 1, 2):
            self.assert_closed(framed(header(0, version) + struct.pack(">hii", 1, 1000, 0)), f"produce {version}")

    def test_unknown_api_versions_versions_are_answered_with_version_0(self):
        with Peer(self.broker) as peer:
            for version in (6, 99, 32767):
                peer.send(framed(header(18, version, 7, flexible=True) + b"\x02x\x02y\0"))
                correlation, answer = wire.response("api_versions", 0, peer.receive())
                self.assertEqual((correlation, answer["error_code"]), (7, UNSUPPORTED_VERSION))
                self.assertIn(18, [one["api_key"] for one in answer["api_keys"]])
            self.assertEqual(peer.ask("api_versions", 3, SOFTWARE)["error_code"], 0)

    def test_requests_cut_at_any_byte_close_the_connection(self):
        for api, (_, newest) in self.advertised.items():
            whole = request(api, newest, SAMPLES[api])
            for end in range(1, len(whole)):
                with self.subTest(api=api, end=end):
                    self.assert_closed(framed(whole[:end]), f"{api} cut at {end}")

    def test_connections_that_end_within_a_request_leave_nothing_behind(self):
        whole = framed(request("metadata", 12, SAMPLES["metadata"]))
        for end in range(len(whole)):
            with Peer(self.broker) as peer:
                peer.send(whole[:end])
                if end % 2:
                    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
        for _ in range(20):
            with Peer(self.broker) as peer:  # gone before the answer
                peer.send(framed(request("fetch", 12, {"max_wait_ms": 60_000, "min_bytes": 1, "max_bytes": 1000,
                          "session_epoch": -1, "topics": [{"topic": "taken", "partitions": [
                              {"partition": 0, "fetch_offset": 10**6, "partition_max_bytes": 1000}]}]})))

    def test_huge_counts_close_the_connection(self):
        for api, versions in self.advertised.items():
            message = wire.APIS[api].messages[0]
            for version in {max(versions[0], message.versions.first), versions[1]}:
                for path in arrays(message, version):
                    for count in (2**31 - 2, 1_000_000):
                        with self.subTest(api=api, version=version, path=path, count=count):
                            values = with_count(SAMPLES[api], path, count)
                            self.assert_closed(framed(request(api, version, values)), f"{api} {version} {path}")

    def test_strings_longer_than_the_request_close_the_connection(self):
        for length in (32767, 100):
            self.assert_closed(framed(struct.pack(">hhih", 3, 1, 1, length)), length)
        self.assert_closed(framed(header(3, 1) + struct.pack(">ih", 1, 30000) + b"short"))
        self.assert_closed(framed(header(3, 12, flexible=True) + b"\x02" + bytes(16) + b"\xff\xff\xff\xff\x07"))

    def test_wrong_batches_are_refused_and_the_connection_stays(self):
        batch = wire.batch
        refused = {CORRUPT_MESSAGE, INVALID_RECORD}
        old = refused | {UNSUPPORTED_FOR_MESSAGE_FORMAT}
        wrong = {
            "a wrong checksum": (batch(crc=5), {CORRUPT_MESSAGE}),
            "cut": (batch()[:-3], refused), "cut in the header": (batch()[:20], refused), "empty": (b"", refused),
            "format 0": (batch(magic=0), old), "format 1": (batch(magic=1), old), "format 3": (batch(magic=3), old),
            "two batches": (batch() + batch(), {INVALID_RECORD}),
            "a huge count": (batch(count=2**31 - 1), refused), "a negative count": (batch(count=-5), refused),
            "no records": (batch(count=0, records=b""), refused), "a count too high": (batch(count=2), refused),
            "a huge length": (batch(length=10**6), refused), "a negative length": (batch(length=-1), refused),
            "a length of 0": (batch(length=0), refused),
            "offsets that do not fit the count": (batch(last_delta=7), refused),
            "a record that is too long": (batch(records=b"\xfe\xffx"), refused),
            "a control batch": (batch(attributes=0x20), {INVALID_RECORD}),
            "an unknown codec": (batch(attributes=7), refused | {UNKNOWN_SERVER_ERROR, UNSUPPORTED_COMPRESSION_TYPE}),
        }
        for what, (records, codes) in wrong.items():
            with self.subTest(what):
                self.assertIn(self.produce_error(records), codes)
        self.assertEqual(self.produce_error(batch(), acks=7), INVALID_REQUIRED_ACKS)

    def test_fetch_sessions_that_do_not_exist_are_refused(self):
        with Peer(self.broker) as peer:
            for session, epoch in ((77, 3), (0, 3)):
                answer = peer.ask("fetch", 12, {"max_wait_ms": 0, "session_id": session, "session_epoch": epoch})
                self.assertEqual(answer["error_code"], FETCH_SESSION_ID_NOT_FOUND)

    def test_bytes_behind_the_last_field_are_left_alone(self):
        """librdkafka 2.11 sends three of them when it asks for all topics."""
        whole = request("metadata", 13, {"topics": None, "allow_auto_topic_creation": False}) + b"\1\0\0"
        answer, _ = self.outcome(framed(whole))
        self.assertIn("taken", [topic["name"] for topic in wire.response("metadata", 13, answer)[1]["topics"]])

    def test_a_request_may_come_byte_by_byte(self):
        with Peer(self.broker) as peer:
            for byte in framed(request("metadata", 12, SAMPLES["metadata"])):
                peer.send(bytes([byte]))
                time.sleep(0.001)  # so that the bytes do not travel together
            self.assertIsNotNone(peer.receive())

    def test_a_thousand_requests_at_once_are_answered_in_their_order(self):
        kinds = [("metadata", 12), ("api_versions", 3), ("list_offsets", 5), ("fetch", 11), ("describe_cluster", 0),
                 ("produce", 9)]
        apis = [kinds[random.Random(n).randrange(len(kinds))] for n in range(1000)]
        with Peer(self.broker) as peer:
            peer.send(b"".join(framed(request(api, version, SAMPLES[api], correlation))
                               for correlation, (api, version) in enumerate(apis)))
            for correlation, (api, version) in enumerate(apis):
                self.assertEqual(wire.response(api, version, peer.receive())[0], correlation)

    def test_requests_without_an_answer_keep_the_order(self):
        with Peer(self.broker) as peer:
            silent = {**SAMPLES["produce"], "acks": 0, "topic_data": [
                {"name": "taken", "partition_data": [{"index": 0, "records": wire.batch()}]}]}
            peer.send(b"".join(framed(request("produce", 9, silent, 2 * n)) +
                               framed(request("api_versions", 3, SOFTWARE, 2 * n + 1)) for n in range(100)))
            for n in range(100):
                self.assertEqual(wire.response("api_versions", 3, peer.receive())[0], 2 * n + 1)

    def test_many_idle_connections_cost_little(self):
        peers = [Peer(self.broker) for _ in range(500)]
        self.assertEqual(peers[-1].ask("api_versions", 3, SOFTWARE)["error_code"], 0)
        for peer in peers:
            peer.socket.close()


def arrays(message, version):
    """The paths of all arrays of a message in this version, as far as SAMPLES fills the ones around them."""
    structs = {one.name: one.fields for one in message.structs}

    def walk(fields, path):
        for field in fields:
            if version in field.versions and field.tag is None:
                if field.array:
                    yield (*path, field.name)
                if field.is_struct and field.array:
                    yield from walk(structs[field.kind], (*path, field.name))
    return list(walk(message.fields, ()))


def with_count(sample, path, count):
    """`sample` with the array at `path` announcing `count` elements and holding none."""
    if len(path) == 1:
        return {**sample, path[0]: Count(count)}
    items = sample.get(path[0]) or [{}]
    return {**sample, path[0]: [with_count(items[0], path[1:], count)]}

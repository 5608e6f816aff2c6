"""TLS between nodes, which know each other by their certificates, and between clients and nodes."""
import socket
import unittest

import librdkafka as lib
from broker import Broker, eventually, foreign
from certificates import Authority
from cluster import Cluster, free_ports
from programs import require_confluent_kafka


class SecureCluster(Cluster):
    """Links and a second listener for clients are TLS."""

    def __init__(self, authority):
        super().__init__()
        self.authority = authority
        self.secure_ports = free_ports(len(self.nodes))
        self.identities = {}

    def settings_of(self, n, bootstrap=None):
        if n not in self.identities:
            self.identities[n] = self.authority.issue(f"node{n + 1}")[2]
        settings = super().settings_of(n, bootstrap)
        extra = f",SECURE://127.0.0.1:{self.secure_ports[n]}"
        return {**settings, "listeners": settings["listeners"] + extra,
                "advertised.listeners": settings["advertised.listeners"] + extra,
                "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SECURE:SSL,CONTROLLER:SSL",
                "ssl.keystore.location": self.identities[n], "ssl.truststore.location": self.authority.certificate}

    @property
    def secure_bootstrap(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.secure_ports)


class Secured:
    """A cluster as its TLS clients see it."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap


def trusting(authority, **more):
    return {"security_protocol": "SSL", "ssl_ca_location": authority.certificate, **more}


@unittest.skipIf(foreign(), "starts nodes of Troupe")
class Nodes(unittest.TestCase):
    def setUp(self):
        require_confluent_kafka()
        self.authority = Authority()
        self.addCleanup(self.authority.close)
        self.cluster = SecureCluster(self.authority)
        self.addCleanup(self.cluster.close)
        self.cluster.start()

    def test_a_cluster_of_tls_links_serves_tls_clients_and_survives_the_loss_of_a_leader(self):
        self.cluster.create("lines", 1)
        secured = Secured(self.cluster.secure_bootstrap)
        lib.send(secured, "lines", [b"x" * 200_000] * 20, **trusting(self.authority))
        leader = self.cluster.partitions("lines")[0].leader
        self.cluster.nodes[leader - 1].kill()
        lib.send(secured, "lines", [b"after"], acks="all", **trusting(self.authority))
        read = lib.values(lib.read_all(secured, "lines", **trusting(self.authority)))
        self.assertEqual(read, [b"x" * 200_000] * 20 + [b"after"])
        self.cluster.nodes[leader - 1].start()
        eventually(lambda: self.cluster.in_sync("lines", 1), seconds=60)

    def test_a_node_with_a_certificate_of_somebody_else_does_not_get_in(self):
        strangers = Authority("strangers")
        self.addCleanup(strangers.close)
        client, link = free_ports(2)
        settings = {**self.cluster.settings_of(0, f"127.0.0.1:{self.cluster.link_ports[1]}"), "node.id": "9",
                    "listeners": f"PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{link}",
                    "advertised.listeners": f"PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{link}",
                    "ssl.keystore.location": strangers.issue("node9")[2]}
        intruder = Broker(settings)
        self.addCleanup(intruder.close)
        intruder.launch()
        eventually(lambda: "waits for a node of the cluster to join: " in intruder.log())
        self.assertRegex(intruder.log(), "waits for a node .*(TLS|closed)")
        self.assertEqual(len(lib.admin(self.cluster).list_topics(timeout=10).brokers), 3)
        self.cluster.check()


@unittest.skipIf(foreign(), "starts nodes of Troupe")
class Clients(unittest.TestCase):
    def setUp(self):
        require_confluent_kafka()
        self.authority = Authority()
        self.addCleanup(self.authority.close)
        self.authority.issue("node")
        [self.secure_port] = free_ports(1)

    def start(self, **settings):
        broker = Broker({"listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SECURE:SSL",
                         "ssl.keystore.location": self.authority.container("node", "secret"),
                         "ssl.keystore.password": "secret", **settings})
        [plain] = free_ports(1)
        broker.settings["listeners"] = f"PLAINTEXT://127.0.0.1:{plain},SECURE://127.0.0.1:{self.secure_port}"
        self.addCleanup(broker.close)
        self.secured = Secured(f"127.0.0.1:{self.secure_port}")
        return broker.start()

    def error_of(self, **settings):
        return lib.error_when_sending(self.secured, "lines", b"one", message_timeout_ms=3000, **settings)

    def test_clients_have_to_speak_tls_and_to_trust_the_node(self):
        broker = self.start()
        lib.create(broker, "lines")
        self.assertIsNone(self.error_of(**trusting(self.authority)))
        strangers = Authority("strangers")
        self.addCleanup(strangers.close)
        self.assertIsNotNone(self.error_of(**trusting(strangers)))
        self.assertIsNotNone(self.error_of())
        with socket.create_connection(("127.0.0.1", self.secure_port)) as raw:
            raw.sendall(b"\x00\x00\x00\x10 no TLS at all ")
            raw.settimeout(10)
            while raw.recv(4096):
                pass
        self.assertEqual(lib.values(lib.read_all(broker, "lines")), [b"one"])
        broker.check()

    def test_a_listener_may_ask_for_certificates(self):
        broker = self.start(**{"listener.name.secure.ssl.client.auth": "required",
                               "ssl.truststore.location": self.authority.certificate})
        lib.create(broker, "lines")
        self.assertIsNotNone(self.error_of(**trusting(self.authority)))
        key, certificate, _ = self.authority.issue("alice")
        self.assertIsNone(self.error_of(**trusting(self.authority, ssl_key_location=key,
                                                   ssl_certificate_location=certificate)))
        broker.check()

    def test_keys_that_are_of_no_use_are_named_at_start(self):
        for settings, said in [({"ssl.keystore.password": "guess"}, "is the password right"),
                               ({"ssl.keystore.location": "/nowhere.pem"}, "ssl.keystore.location: .*nowhere.pem"),
                               ({"ssl.client.auth": "required"}, "no truststore")]:
            with self.subTest(said), self.assertRaises(AssertionError) as refused:
                self.start(**settings)
            self.assertRegex(str(refused.exception), "SECURE://.*" + said)

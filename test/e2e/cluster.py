"""Three nodes, each a process with its own data; the first one begins the cluster. Reached through any of them."""
import contextlib
import socket
import unittest

import librdkafka as lib
from broker import Broker, eventually, foreign

NODES = 3
FORMED_SECONDS = 60


def free_ports(count):
    """Ports that the system gives away now; nobody else asks for them before the nodes take them."""
    with contextlib.ExitStack() as holders:
        held = [holders.enter_context(socket.socket()) for _ in range(count)]
        for holder in held:
            holder.bind(("127.0.0.1", 0))
        return [holder.getsockname()[1] for holder in held]


class Node(Broker):
    """A node of a cluster; `launched` is called with each new process."""

    def __init__(self, number, data, launched):
        super().__init__({}, data)
        self.number, self.launched = number, launched

    def launch(self):
        super().launch()
        self.launched(self)


class Cluster:
    """`data` names the folders of some nodes, by number; `settings` are for all of them, `{id}` in a value standing for
    the node's. `network` makes what stands between
    nodes: from the ports that they tell each other and the ports that they listen on."""

    def __init__(self, settings=None, data=None, network=None):
        ports = free_ports(3 * NODES)
        self.client_ports, self.link_ports = ports[:NODES], ports[NODES:2 * NODES]
        self.told_ports = ports[2 * NODES:] if network else self.link_ports
        self.settings = dict(settings or {})
        self.network = network(self.told_ports, self.link_ports) if network else None
        self.nodes = [Node(n, (data or {}).get(n), self.launched) for n in range(1, NODES + 1)]

    def launched(self, node):
        if self.network:
            self.network.tell("node", node.number, node.process.pid)

    def settings_of(self, n, bootstrap=None):
        client, link, told = (f"127.0.0.1:{ports[n]}" for ports in (self.client_ports, self.link_ports, self.told_ports))
        return {"node.id": str(n + 1), "controller.listener.names": "CONTROLLER",
                "listeners": f"PLAINTEXT://{client},CONTROLLER://{link}",
                "advertised.listeners": f"PLAINTEXT://{client},CONTROLLER://{told}",
                "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
                **({"controller.quorum.bootstrap.servers": bootstrap} if bootstrap else {}),
                **{key: value.replace("{id}", str(n + 1)) for key, value in self.settings.items()}}

    def start(self, awaits_voters=True):
        everyone = ",".join(f"127.0.0.1:{port}" for port in self.told_ports)
        self.nodes[0].settings = self.settings_of(0)
        self.nodes[0].start()
        for n, node in enumerate(self.nodes):
            node.settings = self.settings_of(n, everyone)  # a node that is known never begins a second cluster
            if n > 0:
                node.start()
        if awaits_voters:
            eventually(self.has_three_voters, seconds=FORMED_SECONDS)
        return self

    def add(self):
        """One more node, which joins by the address of the first one."""
        n = len(self.nodes)
        client, link = free_ports(2)
        self.client_ports.append(client)
        self.link_ports.append(link)
        node = Node(n + 1, None, self.launched)
        node.settings = self.settings_of(n, f"127.0.0.1:{self.told_ports[0]}")
        self.nodes.append(node)
        node.start()
        return node

    def has_three_voters(self):
        """the quorum has three voters, so that it can lose one"""
        return sum(node.log().count(" a voter") for node in self.nodes) == NODES - 1

    @property
    def bootstrap(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.client_ports)

    def create(self, topic, partitions, **config):
        """Creates a topic with a replica on each node; configuration keys are written with `_` for `.`."""
        config = {"min_insync_replicas": 2, **config}
        new = lib.NewTopic(topic, partitions, NODES, config={k.replace("_", "."): str(v) for k, v in config.items()})
        lib.done(lib.admin(self).create_topics([new]))

    def delete(self, topic):
        lib.done(lib.admin(self).delete_topics([topic]))

    def partitions(self, topic):
        """{number: what the cluster says of it}"""
        return lib.admin(self).list_topics(topic, timeout=10).topics[topic].partitions

    def in_sync(self, topic, partitions):
        """Whether all replicas of `topic`, which has so many partitions, are in sync."""
        known = self.partitions(topic)
        return len(known) == partitions and all(len(p.isrs) == NODES for p in known.values())

    def active_controller(self):
        """The number of the node that leads the metadata quorum; -1 while nobody knows."""
        return lib.admin(self).list_topics(timeout=10).controller_id

    def log_tail(self):
        return "\n".join(node.log_tail(40) for node in self.nodes)

    def check(self):
        for node in self.nodes:
            node.check()

    def close(self):
        for node in self.nodes:
            node.close()
        if self.network:
            self.network.close()


class ClusterCase(unittest.TestCase):
    """Tests that each start three nodes with the class's `settings`; a failed one shows what those have said last."""
    settings = {}

    def setUp(self):
        if foreign():
            self.skipTest("starts nodes of Troupe")
        self.cluster = Cluster(self.settings)
        self.addCleanup(self.cluster.close)
        self.addCleanup(self.tell_why)
        self.cluster.start()

    def tell_why(self):
        if not self._outcome.success:
            print(self.cluster.log_tail(), flush=True)

"""The two systems under test as clusters of three nodes on loopback ports."""
import os
import shutil
import signal
import subprocess

import wire
from systems import CLUSTER_ID, KAFKA_JVM, System, free_port, java

NODES = 3
SESSION_MS = 1000  # Troupe notices a broken connection at once; this is as fast as Kafka can be told to be


class Member(System):
    """One node: a process with a number, its command and its folder."""

    def __init__(self, cluster, number):
        super().__init__(cluster.folder)
        self.cluster, self.number, self.peer_port = cluster, number, free_port()
        self.folder = os.path.join(cluster.folder, str(number))
        self.name = f"{cluster.name} {number}"

    def command(self):
        return self.cluster.command_of(self)


class Cluster:
    """Three nodes. Subclasses say how each is run."""

    name = ""
    quick = False  # whether a dead node is noticed at once

    def __init__(self, folder):
        self.folder = os.path.join(folder, self.name)
        self.members = [Member(self, n) for n in range(1, NODES + 1)]

    @property
    def bootstrap(self):
        return ",".join(m.bootstrap for m in self.members)

    @property
    def port(self):
        """Of a node that runs."""
        return next(m.port for m in self.members if m.process)

    def member(self, number):
        return self.members[number - 1]

    def prepare(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        for m in self.members:
            m.prepare()
            self.prepare_member(m)

    def prepare_member(self, m):
        """Makes the empty folder of a node ready for its first start."""

    def start(self):
        for m in self.members:
            m.start()
        self.await_formed()

    def await_formed(self):
        """Until every node is known to every other, and the loss of any can be borne."""
        wire.eventually(lambda: all(len(self.metadata_of(m).brokers) == NODES for m in self.members), 120)

    def metadata_of(self, m, topics=()):
        with m.connect() as connection:
            return connection.metadata(topics)

    def metadata(self, topics):
        with self.connect() as connection:
            return connection.metadata(topics)

    def connect(self):
        return wire.Connection(self.port, 180)

    def active_controller(self):
        raise NotImplementedError

    def remove(self):
        for m in self.members:
            m.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def cpu_seconds(self):
        return sum(m.cpu_seconds() for m in self.members)

    def resident_mib(self):
        return sum(m.resident_mib() for m in self.members)

    def topic_settings(self, durability):
        return {"min.insync.replicas": "2"}


class TroupeCluster(Cluster):
    name = "troupe"
    quick = True

    def command_of(self, m):
        settings = {"node.id": m.number, "controller.listener.names": "CONTROLLER", "log.dirs": f"{m.folder}/data",
                    "listeners": f"PLAINTEXT://{m.bootstrap},CONTROLLER://127.0.0.1:{m.peer_port}",
                    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"}
        if m.number > 1 or os.path.exists(f"{m.folder}/joined"):
            settings["controller.quorum.bootstrap.servers"] = ",".join(
                f"127.0.0.1:{other.peer_port}" for other in self.members)
        if m.number == 1:
            open(f"{m.folder}/joined", "w").close()
        arguments = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        return [os.environ["TROUPE_BIN"], "serve", *arguments]

    def await_formed(self):
        super().await_formed()
        wire.eventually(lambda: sum(self.log_of(m).count(" a voter") for m in self.members) == NODES - 1, 120)

    def log_of(self, m):
        with open(os.path.join(m.folder, "broker.log"), errors="replace") as log:
            return log.read()

    def active_controller(self):
        return self.metadata(()).controller

    def topic_settings(self, durability):
        return {**super().topic_settings(durability),
                "durability": {"default": "replicated"}.get(durability, durability)}


class KafkaCluster(Cluster):
    name = "kafka"
    extra = {}

    def prepare_member(self, m):
        voters = ",".join(f"{other.number}@127.0.0.1:{other.peer_port}" for other in self.members)
        settings = {
            "process.roles": "broker,controller", "node.id": m.number, "controller.quorum.voters": voters,
            "listeners": f"PLAINTEXT://{m.bootstrap},CONTROLLER://127.0.0.1:{m.peer_port}",
            "advertised.listeners": f"PLAINTEXT://{m.bootstrap}", "controller.listener.names": "CONTROLLER",
            "log.dirs": f"{m.folder}/data", "log.segment.delete.delay.ms": 1000, **self.extra,
        }
        with open(f"{m.folder}/server.properties", "w") as out:
            out.writelines(f"{key}={value}\n" for key, value in settings.items())
        subprocess.run(java(["-Xmx256M"], "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c",
                            f"{m.folder}/server.properties"), check=True, stdout=subprocess.DEVNULL)

    def start(self):
        # None of them answers before a quorum is there.
        for m in self.members:
            m.launch()
        for m in self.members:
            wire.wait_until_ready(m.port, m.process)
        self.await_formed()

    def command_of(self, m):
        return java(KAFKA_JVM, "kafka.Kafka", f"{m.folder}/server.properties")

    def active_controller(self):
        with self.connect() as connection:
            return connection.quorum_leader()


class QuickKafkaCluster(KafkaCluster):
    name = "kafka-1s"
    extra = {"broker.session.timeout.ms": SESSION_MS, "broker.heartbeat.interval.ms": SESSION_MS // 4}


CLUSTERS = {cluster.name: cluster for cluster in (TroupeCluster, KafkaCluster, QuickKafkaCluster)}

"""The two systems under test as processes on loopback ports, each with a data folder of its own."""
import os
import shutil
import signal
import socket
import subprocess
import time

import wire

HERE = os.path.dirname(os.path.abspath(__file__))
TICKS = os.sysconf("SC_CLK_TCK")
CLUSTER_ID = "dHJvdXBlLWJlbmNobWFyaw"
# As Kafka's own start script has them.
KAFKA_JVM = ["-Xms1G", "-Xmx1G", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20",
             "-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent", "-Djava.awt.headless=true"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def java(heap, *arguments):
    """The command line of a Java program among Kafka's jars."""
    return ["java", *heap, f"-Dlog4j2.configurationFile={HERE}/log4j2.properties",
            "-cp", os.environ["TROUPE_KAFKA_LIBS"] + "/*", *arguments]


class System:
    """A broker: started, asked and stopped. Subclasses say how it is run."""

    name = ""

    def __init__(self, folder):
        self.folder = os.path.join(folder, self.name)
        self.port = free_port()
        self.process = None

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    def prepare(self):
        """Makes an empty data folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)

    def command(self):
        raise NotImplementedError

    def start(self):
        """Starts the broker on its data; milliseconds from exec to the first answer."""
        began = time.monotonic()
        self.launch()
        try:
            wire.wait_until_ready(self.port, self.process)
        except wire.Refused as why:
            with open(os.path.join(self.folder, "broker.log"), errors="replace") as log:
                raise wire.Refused(f"{self.name}: {why}\n" + "".join(log.readlines()[-20:])) from why
        return (time.monotonic() - began) * 1e3

    def launch(self):
        with open(os.path.join(self.folder, "broker.log"), "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self, how=signal.SIGTERM):
        """Ends the broker; seconds until it was gone."""
        if self.process is None:
            return 0
        began = time.monotonic()
        self.process.send_signal(how)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        return time.monotonic() - began

    def remove(self):
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def cpu_seconds(self):
        """User and system time of all of its threads so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024

    def connect(self):
        return wire.Connection(self.port, 180)

    def topic_settings(self, durability):
        """What a topic is created with: `default` is Kafka's promise, which is that of the replicas' memory; `fsync` is
        Troupe's own default; `flush1` has both systems sync before they answer."""
        raise NotImplementedError


class Troupe(System):
    name = "troupe"

    def command(self):
        return [os.environ["TROUPE_BIN"], "serve", "--set", f"listeners=PLAINTEXT://{self.bootstrap}",
                "--set", f"log.dirs={self.folder}/data"]

    def topic_settings(self, durability):
        return {"durability": {"default": "replicated", "flush1": "fsync"}.get(durability, durability)}


class Kafka(System):
    name = "kafka"

    def prepare(self):
        super().prepare()
        controller = free_port()
        settings = {
            "process.roles": "broker,controller", "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}", "controller.listener.names": "CONTROLLER",
            "log.dirs": f"{self.folder}/data", "offsets.topic.replication.factor": 1,
            "transaction.state.log.replication.factor": 1, "transaction.state.log.min.isr": 1,
            # Only so that deleted topics give the disk back between cases.
            "log.segment.delete.delay.ms": 1000,
        }
        with open(f"{self.folder}/server.properties", "w") as out:
            out.writelines(f"{key}={value}\n" for key, value in settings.items())
        subprocess.run(java(["-Xmx256M"], "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c",
                            f"{self.folder}/server.properties"), check=True, stdout=subprocess.DEVNULL)

    def command(self):
        return java(KAFKA_JVM, "kafka.Kafka", f"{self.folder}/server.properties")

    def topic_settings(self, durability):
        return {"flush.messages": "1"} if durability == "flush1" else {}


BY_NAME = {system.name: system for system in (Troupe, Kafka)}

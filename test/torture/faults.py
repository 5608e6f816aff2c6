"""What is done to the nodes. Each fault takes a cluster, does its harm, and has taken it back when it returns; how long it
lasts, and whom it hits, is drawn from `rng`. What it did is told as a `Victim`."""
import dataclasses
import os
import shutil
import signal
import subprocess
import tempfile
import time

from cluster import NODES
from history import now

DISK_BYTES = 256 << 20


@dataclasses.dataclass
class Victim:
    """Who was hit, and when the harm began."""
    node: int
    at: int = 0


class Seconds:
    """How long faults last: up to `longest`."""

    def __init__(self, rng, longest):
        self.rng, self.longest = rng, longest

    def wait(self):
        time.sleep(self.rng.uniform(min(1, self.longest), self.longest))


def pick(cluster, rng, controller):
    """The active controller, or another node."""
    active = cluster.active_controller()
    if controller:
        return active
    return rng.choice([n for n in range(1, NODES + 1) if n != active])


def kill(controller):
    def fault(cluster, rng, lasting):
        node = cluster.nodes[pick(cluster, rng, controller) - 1]
        victim = Victim(node.number, now())
        node.kill()
        lasting.wait()
        node.start()
        return victim
    return fault


def pause(cluster, rng, lasting):
    """SIGSTOP, and SIGCONT later: the node is silent, but its connections stay."""
    node = rng.choice(cluster.nodes)
    victim = Victim(node.number, now())
    node.process.send_signal(signal.SIGSTOP)
    lasting.wait()
    node.process.send_signal(signal.SIGCONT)
    return victim


def cut(both_ways):
    """What one node says to all others, or all of its talk, is held back."""
    def fault(cluster, rng, lasting):
        node = rng.randint(1, NODES)
        inwards = rng.random() < 0.5
        victim = Victim(node, now())
        for other in set(range(1, NODES + 1)) - {node}:
            if both_ways or not inwards:
                cluster.network.tell("cut", node, other)
            if both_ways or inwards:
                cluster.network.tell("cut", other, node)
        lasting.wait()
        cluster.network.tell("heal")
        return victim
    return fault


def cut_pair(cluster, rng, lasting):
    """Two nodes do not hear each other, and both hear the third."""
    one, other = rng.sample(range(1, NODES + 1), 2)
    victim = Victim(one, now())
    cluster.network.tell("cut", one, other)
    cluster.network.tell("cut", other, one)
    lasting.wait()
    cluster.network.tell("heal")
    return victim


def full_disk(cluster, _rng, lasting):
    """The disk of the last node, which is small, gets full."""
    node = cluster.nodes[-1]
    ballast = os.path.join(os.path.dirname(node.data), "ballast")
    victim = Victim(node.number, now())
    with open(ballast, "wb", buffering=0) as out:
        try:
            while True:
                out.write(bytes(1 << 20))
        except OSError:
            pass
    lasting.wait()
    os.remove(ballast)
    if node.process.poll() is not None:  # without its metadata log a node can promise nothing, and ends
        node.kill()
        node.start()
    return victim


def restart(cluster, rng, _lasting):
    """A clean stop and a start, as in a rolling restart."""
    node = rng.choice(cluster.nodes)
    victim = Victim(node.number, now())
    code, _ = node.terminate()
    if code != 0:
        raise AssertionError(f"node {node.number} ended with {code} on SIGTERM\n{node.log_tail()}")
    node.start()
    return victim


KINDS = {
    "kill": kill(controller=False),
    "kill-controller": kill(controller=True),
    "pause": pause,
    "cut-one-way": cut(both_ways=False),
    "cut-off": cut(both_ways=True),
    "cut-pair": cut_pair,
    "full-disk": full_disk,
    "restart": restart,
}


class SmallDisk:
    """A tmpfs for one node. `folder` is None where mounting is not permitted, and `why` says so."""

    def __init__(self):
        self.mount = tempfile.mkdtemp(prefix="troupe-torture-disk-")
        done = self.as_root("mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0777", "tmpfs", self.mount)
        self.why = done.stderr.strip()
        self.folder = os.path.join(self.mount, "data") if done.returncode == 0 else None

    @staticmethod
    def as_root(*command):
        prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
        return subprocess.run([*prefix, *command], capture_output=True, check=False, text=True)

    def close(self):
        if self.folder:
            self.as_root("umount", "-l", self.mount)
        shutil.rmtree(self.mount, ignore_errors=True)

"""A cluster that `troupe up` runs, and the other commands that look after it."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

COMMAND_SECONDS = 120


def troupe(*arguments):
    """Runs the command; exit status, stdout and stderr."""
    done = subprocess.run([os.environ["TROUPE_PROGRAM"], *map(str, arguments)], capture_output=True, text=True,
                          timeout=COMMAND_SECONDS, check=False)
    return done.returncode, done.stdout, done.stderr


def must(*arguments):
    """Runs the command, which has to succeed; its stdout."""
    status, out, err = troupe(*arguments)
    if status != 0:
        raise AssertionError(f"troupe {' '.join(map(str, arguments))}: status {status}\n{out}{err}")
    return out


class LocalCluster:
    """What `troupe up --detach` starts on ports that the system gives."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="troupe-up-")
        self.data = os.path.join(self.home, "data")
        self.bootstrap, self.pids = "", []

    def up(self, *arguments):
        out = must("up", "--detach", "--data", self.data, *arguments)
        self.read(out)
        return out

    def read(self, out):
        self.bootstrap = re.search(r"^bootstrap=(.*)$", out, re.M)[1]
        self.pids = [int(pid) for pid in re.search(r"^pids=(.*)$", out, re.M)[1].split(",")]

    def down(self):
        return must("down", "--data", self.data)

    def kill(self, node):
        """SIGKILL for the node with that id."""
        os.kill(self.pids[node - 1], signal.SIGKILL)

    def topic(self, verb, *arguments):
        return must("topic", verb, *arguments, "--bootstrap", self.bootstrap)

    def described(self, *names):
        return json.loads(self.topic("describe", *names, "--json"))

    def cluster(self):
        return json.loads(must("cluster", "--json", "--bootstrap", self.bootstrap))

    def log_tail(self):
        """What the nodes said last."""
        out = ""
        for name in sorted(os.listdir(self.data)) if os.path.isdir(self.data) else []:
            if name.endswith(".log"):
                with open(os.path.join(self.data, name), encoding="utf-8", errors="replace") as log:
                    out += f"--- {name}\n" + "".join(log.readlines()[-30:])
        return out

    def close(self):
        """Ends what is left, as it is known in the directory, and removes everything."""
        path = os.path.join(self.data, "cluster.json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                nodes = json.load(file)["nodes"]
            for node in nodes:
                self.kill_if_ours(node)
        if os.environ.get("TROUPE_E2E_KEEP") != "1":
            shutil.rmtree(self.home, ignore_errors=True)

    def kill_if_ours(self, node):
        try:
            with open(f"/proc/{node['pid']}/cmdline", "rb") as file:
                if f"log.dirs={self.data}/node-{node['id']}".encode() in file.read().split(b"\0"):
                    os.kill(node["pid"], signal.SIGKILL)
        except OSError:
            pass

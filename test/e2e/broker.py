"""The broker under test: a `troupe serve` process of one's own, or a running broker which somebody else started.

TROUPE_PROGRAM          the `troupe` command to run (CMake sets it)
TROUPE_E2E_FOREIGN=1    that program only behaves like `troupe serve`: claims about Troupe's own log lines, memory and
                        times are left out, so that the tests themselves can be checked against Apache Kafka
TROUPE_E2E_BOOTSTRAP    host:port of a running broker; tests which need a process or settings of their own are skipped
TROUPE_E2E_KEEP=1       keeps the data folders
"""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

READY_SECONDS = 60
STOP_SECONDS = 30
SANITIZER = re.compile(r"(AddressSanitizer|ThreadSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:).*")


def foreign():
    """Whether the broker is not Troupe."""
    return "TROUPE_E2E_BOOTSTRAP" in os.environ or os.environ.get("TROUPE_E2E_FOREIGN") == "1"


class Broker:
    """One broker process with its data. `start` after `kill` or `terminate` uses the same port and data again."""

    def __init__(self, settings=None, data=None):
        self.settings = dict(settings or {})
        self.home = tempfile.mkdtemp(prefix="troupe-e2e-")
        self.data = data or os.path.join(self.home, "data")
        self.log_path = os.path.join(self.home, "log")
        self.process = None
        self.port = 0
        self.stdout = []

    # Life

    def start(self):
        self.launch()
        return self.await_ready()

    def launch(self):
        """Starts the process without waiting for it: a node of a cluster may need others to get ready."""
        with open(self.log_path, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=log,
                                            stdin=subprocess.DEVNULL, text=True)
        self.ready, self.ended = ready, ended = threading.Event(), threading.Event()
        threading.Thread(target=self._drain, args=(self.process, ready, ended), daemon=True).start()

    def command(self):
        """What it is started by."""
        program = os.environ.get("TROUPE_PROGRAM")
        if not program:
            raise AssertionError("TROUPE_PROGRAM must name the troupe command")
        settings = {"listeners": f"PLAINTEXT://127.0.0.1:{self.port}", "log.dirs": self.data, **self.settings}
        arguments = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        return [program, "serve", *arguments]

    def await_ready(self):
        ready, ended = self.ready, self.ended
        deadline = time.monotonic() + READY_SECONDS
        while not ready.wait(0.01) and not ended.is_set() and time.monotonic() < deadline:
            pass
        if not ready.is_set():
            self.kill()
            raise AssertionError(f"the broker did not get ready within {READY_SECONDS} s\n{self.log_tail()}")
        return self

    def _drain(self, process, ready, ended):
        for line in process.stdout:
            self.stdout.append(line.rstrip("\n"))
            if found := re.match(r"ready PLAINTEXT://127\.0\.0\.1:(\d+)$", line):
                self.port = int(found[1])
                ready.set()
        ended.set()

    def kill(self):
        """SIGKILL."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self._reap()

    def terminate(self):
        """SIGTERM; its exit code and the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        process, self.process = self.process, None
        try:
            code = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the broker did not end within {STOP_SECONDS} s\n{self.log_tail()}") from None
        return code, time.monotonic() - began

    def _reap(self):
        if self.process:
            self.process.wait()
            self.process = None

    def close(self):
        """Ends the process, however it is, and removes its data."""
        self.kill()
        if os.environ.get("TROUPE_E2E_KEEP") != "1":
            shutil.rmtree(self.home, ignore_errors=True)

    # Views

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    @property
    def address(self):
        return "127.0.0.1", self.port

    def log(self, skipped=0):
        """Everything it logged behind the first `skipped` bytes, over all its starts."""
        with open(self.log_path, "rb") as log:
            log.seek(skipped)
            return log.read().decode("utf-8", errors="replace")

    def log_size(self):
        return os.path.getsize(self.log_path)

    def log_tail(self, lines=60):
        if foreign():
            return f"(the broker's log: {self.log_path})"
        return "--- the broker's log ends with\n" + "\n".join(self.log().splitlines()[-lines:])

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])

    def check(self):
        """Fails when the process ended by itself or a sanitizer spoke."""
        if self.process and self.process.poll() is not None:
            raise AssertionError(f"the broker ended by itself with {self.process.returncode}\n{self.log_tail()}")
        if found := SANITIZER.search(self.log()):
            raise AssertionError(f"a sanitizer reports: {found[0]}\n{self.log_tail(120)}")


class RunningBroker:
    """A broker that somebody else runs."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        host, port = bootstrap.rsplit(":", 1)
        self.address = host, int(port)

    def close(self):
        pass

    def check(self):
        pass

    def log_tail(self):
        return ""


class BrokerCase(unittest.TestCase):
    """Tests that share one broker with the class's `settings`; it has to survive each of them."""
    settings = {}
    own_process = False   # needs settings or signals of its own
    only_troupe = False   # claims something that no other broker promises

    @classmethod
    def setUpClass(cls):
        if cls.only_troupe and foreign():
            raise unittest.SkipTest("only for Troupe itself")
        running = os.environ.get("TROUPE_E2E_BOOTSTRAP")
        if running and (cls.own_process or cls.settings):
            raise unittest.SkipTest("needs a broker of its own, and TROUPE_E2E_BOOTSTRAP names a running one")
        cls.broker = RunningBroker(running) if running else Broker(cls.settings).start()
        cls.addClassCleanup(cls.broker.close)

    def setUp(self):
        self.topic_count = 0

    def topic_name(self):
        """A topic name that no other test uses."""
        self.topic_count += 1
        return f"{self._testMethodName[5:60]}-{self.topic_count}-{os.urandom(3).hex()}"

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before and hasattr(self, "broker"):
            print(self.broker.log_tail(), flush=True)

    def tearDown(self):
        self.broker.check()


def eventually(claim, seconds=20, every=0.1):
    """Waits until claim() is true and returns its value; fails with `claim`'s last value."""
    deadline = time.monotonic() + seconds
    while True:
        value = claim()
        if value:
            return value
        if time.monotonic() > deadline:
            what = getattr(claim, "__doc__", None) or claim
            raise AssertionError(f"not within {seconds} s: {what} (last: {value!r})")
        time.sleep(every)

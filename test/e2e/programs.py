"""The real programs that talk to the broker: kcat, Kafka's own tools, confluent-kafka, Go. A missing one skips its
tests, which run.py prints, or fails them where TROUPE_TEST_COMPLETE=1."""
import glob
import os
import shutil
import subprocess
import unittest

PROGRAM_SECONDS = 120


def missing(what, how):
    """Skips the test at hand, or fails it where everything has to be there."""
    message = f"{what} is missing: {how}"
    if os.environ.get("TROUPE_TEST_COMPLETE") == "1":
        raise AssertionError(message)
    raise unittest.SkipTest(message)


class ProgramFailed(AssertionError):
    def __init__(self, command, done):
        super().__init__(f"{' '.join(command)[-400:]}\nexit status {done.returncode}\n{done.stdout}\n{done.stderr}")
        self.stdout, self.stderr, self.status = done.stdout, done.stderr, done.returncode


def run(command, text_in=None, seconds=PROGRAM_SECONDS, cwd=None):
    """What `command` prints on stdout; ProgramFailed when it does not exit with 0."""
    done = subprocess.run(command, input=text_in, capture_output=True, text=True, timeout=seconds, check=False, cwd=cwd)
    if done.returncode != 0:
        raise ProgramFailed(command, done)
    return done.stdout


def require_kcat():
    if not shutil.which("kcat"):
        missing("kcat", "apt-get install kcat")


def kcat(broker, *arguments, text_in=None):
    quick = ("-X", "topic.metadata.refresh.fast.interval.ms=50")
    return run(["kcat", "-b", broker.bootstrap, *quick, *arguments], text_in)


def require_confluent_kafka():
    try:
        import confluent_kafka
        return confluent_kafka
    except ImportError:
        missing("confluent-kafka", "pip install -r tools/requirements.txt, and TROUPE_TEST_PYTHON names that python")


def kafka_libs():
    return os.environ.get("TROUPE_KAFKA_LIBS") or os.path.expanduser("~/.cache/troupe/kafka/libs")


def require_kafka_tools():
    if not shutil.which("java"):
        missing("java", "apt-get install default-jdk-headless")
    if not glob.glob(os.path.join(kafka_libs(), "kafka-tools-*.jar")):
        missing("Kafka's own tools", f"tools/kafka_jars/fetch puts them into {kafka_libs()}")


def kafka_tool(main_class, *arguments, text_in=None, seconds=PROGRAM_SECONDS):
    """Runs one of Kafka's command line tools; its stdout."""
    return run(["java", "-Xmx256M", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djava.awt.headless=true",
                "-Dlog4j2.level=ERROR", "-cp", os.path.join(kafka_libs(), "*"), main_class, *map(str, arguments)],
               text_in, seconds)


def java_source(path, *arguments, seconds=PROGRAM_SECONDS):
    """Runs a Java program of one file against Kafka's jars; its stdout."""
    return run(["java", "-Xmx256M", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dlog4j2.level=ERROR", "-cp",
                os.path.join(kafka_libs(), "*"), path, *map(str, arguments)], None, seconds)


def require_js(folder):
    if not shutil.which("node"):
        missing("node", "apt-get install nodejs npm")
    if not os.path.isdir(os.path.join(folder, "node_modules")):
        missing("kafkajs", f"npm ci in {folder}")


def require_go():
    if not shutil.which("go"):
        missing("go", "apt-get install golang-go")

"""Compares schema/kafka/*.api field by field with the message definitions inside Kafka's client jar.

Versions count as equal when they mean the same within the versions that the message has. Names count as equal without
case and underscores. Types of structs are compared by their fields, not by their names, which never reach the wire.
"""
import argparse
import copy
import glob
import json
import os
import sys
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../tools/kafkagen"))
from notation import NEVER, PRIMITIVES, Versions, parse_file, parse_versions  # noqa: E402

SKIPPED = 77


def plain(name):
    return name.replace("_", "").lower()


def versions_of(text):
    return NEVER if text in (None, "none") else parse_versions(text)


def normal_default(kind, array, default):
    """One spelling for each default; None for the type's own."""
    if default is None or str(default) == "":
        return None
    text = str(default)
    if text == "null":
        return "null"
    if array:
        return text
    if kind == "bool":
        return None if text.lower() == "false" else text.lower()
    if kind == "string":
        return json.dumps(text) if not text.startswith('"') else text
    try:
        value = float(text) if kind == "float64" else int(text, 0)
    except ValueError:
        return text
    return None if value == 0 else str(value)


class Comparison:
    def __init__(self, name):
        self.name = name
        self.problems = []
        self.is_flexible = True  # in some version

    def differ(self, path, what, ours, theirs):
        if ours != theirs:
            self.problems.append(f"{self.name}{path}: {what} is {ours}, Kafka has {theirs}")

    def message(self, ours, theirs, request):
        valid = versions_of(theirs["validVersions"])
        self.differ("", "versions", ours.versions, valid)
        self.differ("", "flexible", ours.flexible, versions_of(theirs["flexibleVersions"]) & valid)
        unstable = request.get("latestVersionUnstable", False)  # said only once, but it holds for the API
        self.differ("", "newest version that may be advertised", ours.stable_max, valid.last - bool(unstable))
        self.is_flexible = bool(ours.flexible)
        self.valid = valid
        common = {s["name"]: s["fields"] for s in theirs.get("commonStructs", [])}
        structs = {s.name: s.fields for s in ours.structs}
        self.fields("", ours.fields, theirs["fields"], valid, structs, common)

    def fields(self, path, ours, theirs, within, structs, common):
        theirs = [t for t in theirs if versions_of(t.get("versions", t.get("taggedVersions"))) & within]
        self.differ(path, "list of fields", [plain(f.name) for f in ours], [plain(t["name"]) for t in theirs])
        for our, their in zip(ours, theirs):
            self.field(f"{path}.{our.name}", our, their, within, structs, common)

    def field(self, path, our, their, within, structs, common):
        versions = versions_of(their.get("versions", their.get("taggedVersions"))) & within
        kind = their["type"].strip()
        array, kind = kind.startswith("[]"), kind.removeprefix("[]")
        self.differ(path, "array", our.array, array)
        self.differ(path, "type", our.kind if kind in PRIMITIVES or not our.is_struct else "struct",
                    kind if kind in PRIMITIVES else "struct")
        self.differ(path, "versions", our.versions, versions)
        self.differ(path, "nullable", our.nullable, versions_of(their.get("nullableVersions")) & versions)
        self.differ(path, "default", normal_default(our.kind, our.array, our.default),
                    normal_default(kind, array, their.get("default")))
        self.differ(path, "tag", our.tag, their.get("tag"))
        if "tag" in their:
            self.differ(path, "tagged versions", our.versions, versions_of(their["taggedVersions"]) & versions)
        self.differ(path, "ignorable", our.ignorable, bool(their.get("ignorable", False)))
        self.differ(path, "own flexible versions", self.is_flexible and not our.flexible,
                    their.get("flexibleVersions") == "none")
        if kind not in PRIMITIVES and our.kind in structs:
            inner = their.get("fields") or common[kind]
            # A common struct serves fields of different versions: its own ranges are those of the message.
            self.fields(path, structs[our.kind], inner, versions if "fields" in their else self.valid, structs,
                        common)


def compare_definition(definition, theirs):
    """Problems between one parsed .api and {(key, 'request'): json, ..., 'requestheader': json}."""
    problems = []
    for message in definition.messages:
        if definition.kind != "api":
            their = theirs.get(plain(message.name))
        else:
            their = theirs.get((definition.key, message.name.rsplit("_", 1)[1]))
        if their is None:
            problems.append(f"{message.name}: Kafka has no such message")
            continue
        comparison = Comparison(message.name)
        if definition.kind == "record":
            comparison.differ("", "type of record", definition.key, their["apiKey"])
        if plain(message.name) != plain(their["name"]):
            problems.append(f"{message.name}: Kafka calls key {definition.key} {their['name']}")
        request = theirs.get((definition.key, "request"), their) if definition.kind == "api" else their
        comparison.message(message, their, request)
        problems += comparison.problems
    return problems


def messages_in(path):
    with zipfile.ZipFile(path) as jar:
        for name in jar.namelist():
            if not (name.startswith("common/message/") and name.endswith(".json")):
                continue
            lines = jar.read(name).decode().splitlines()
            yield json.loads("\n".join(line for line in lines if not line.strip().startswith("//")))


def read_jars(clients):
    """The client's messages, and the coordinators' records out of the jars beside it."""
    theirs = {}
    beside = sorted(glob.glob(os.path.join(os.path.dirname(clients), "kafka-*-coordinator-[0-9]*.jar")))
    for path in [clients, *beside]:
        for message in messages_in(path):
            if message["type"] in ("header", "coordinator-key", "coordinator-value"):
                theirs[plain(message["name"])] = message
            elif message["type"] in ("request", "response"):
                theirs[(message["apiKey"], message["type"])] = message
    return theirs


def find_jar(libs):
    places = [libs, os.environ.get("TROUPE_KAFKA_LIBS"), os.path.expanduser("~/.cache/troupe/kafka/libs")]
    for place in filter(None, places):
        jars = sorted(glob.glob(os.path.join(place, "kafka-clients-*.jar")))
        if jars:
            return jars[-1]
    return None


# One way each to be wrong; every one must be found.
def mutations():
    def set_to(**changes):
        def change(field):
            for name, value in changes.items():
                setattr(field, name, value)
        return change

    return {
        "version range": set_to(versions=Versions(13, 14)),
        "type": set_to(kind="int16"),
        "array": set_to(array=True),
        "default": set_to(default="77"),
        "tag": set_to(tag=9),
        "nullability": set_to(nullable=Versions(17, 18)),
        "ignorable": lambda field: setattr(field, "ignorable", not field.ignorable),
        "name": set_to(name="something_else"),
    }


def self_test(definitions, theirs):
    """Spoils every field of every message in every way and expects each to be noticed."""
    missed, tried = [], 0
    for definition in definitions:
        for number, message in enumerate(definition.messages):
            lists = [message.fields] + [s.fields for s in message.structs]
            for list_number, fields in enumerate(lists):
                for position, field in enumerate(fields):
                    for what, change in {**mutations(), "missing field": None}.items():
                        spoiled = copy.deepcopy(definition)
                        target = spoiled.messages[number]
                        target_list = ([target.fields] + [s.fields for s in target.structs])[list_number]
                        before = copy.copy(target_list[position])
                        if change:
                            change(target_list[position])
                            if target_list[position] == before:
                                continue
                        else:
                            del target_list[position]
                        tried += 1
                        if not compare_definition(spoiled, theirs):
                            missed.append(f"{message.name}: {what} of {field.name}")
    return missed, tried


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--libs", default="", help="folder with kafka-clients-*.jar")
    parser.add_argument("--schema", required=True, help="folder with the .api files")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--compare", action="store_true", help="the default")
    mode.add_argument("--self-test", action="store_true", help="check that this comparison notices mistakes")
    options = parser.parse_args()
    jar = find_jar(options.libs)
    if not jar:
        print("SKIPPED: no kafka-clients-*.jar; set TROUPE_KAFKA_LIBS to the libs folder of a Kafka 4.3.1")
        return SKIPPED
    theirs = read_jars(jar)
    definitions = [d for path in sorted(glob.glob(os.path.join(options.schema, "*.api"))) for d in parse_file(path)]
    if options.self_test:
        missed, tried = self_test(definitions, theirs)
        print(f"{tried} mistakes planted, {len(missed)} not noticed", *missed, sep="\n")
        return 1 if missed or not tried else 0
    problems = [problem for definition in definitions for problem in compare_definition(definition, theirs)]
    print(f"{len(definitions)} definitions against {os.path.basename(jar)}: {len(problems)} differences", *problems,
          sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""Makes the seeds under corpus/ of golden messages (each API's oldest and newest version) and golden batches.

make_corpus.py <repository>
"""
import os
import re
import sys

root = sys.argv[1]
flexible_from, keys = {}, {}
schema = os.path.join(root, "schema/kafka")
for file in os.listdir(schema):
    if match := re.fullmatch(r"(\d+)_(\w+)\.api", file):
        text = open(os.path.join(schema, file), encoding="utf-8").read()
        keys[match[2]] = int(match[1])
        flexible = re.search(r"^flexible (\d+)\+", text, re.MULTILINE)
        flexible_from[match[2]] = int(flexible[1]) if flexible else 32767

messages = {}
for line in open(os.path.join(root, "test/unit/kafka/golden/kafka-4.3.1.hex"), encoding="utf-8"):
    name, version, content, *hexed = line.split()
    if content == "full":
        messages.setdefault(name, {})[int(version)] = bytes.fromhex("".join(hexed))

for name, versions in messages.items():
    api, direction = name.rsplit("_", 1)
    folder = os.path.join(root, "test/fuzz/corpus", f"kafka_{direction}s")
    os.makedirs(folder, exist_ok=True)
    for version in {min(versions), max(versions)}:
        head = keys[api].to_bytes(2, "big") + version.to_bytes(2, "big")
        if direction == "request":
            head += (1).to_bytes(4, "big") + (2).to_bytes(2, "big") + b"me"
            head += b"\0" if version >= flexible_from[api] else b""
        with open(os.path.join(folder, f"{api}_{version}"), "wb") as seed:
            seed.write(head + versions[version])

# corpus/record_batch: a byte of choices, then a batch of a real client.
for client in ("kafka-4.3.1", "librdkafka-2.16.0"):
    folder = os.path.join(root, "test/fuzz/corpus/record_batch")
    os.makedirs(folder, exist_ok=True)
    for choice, line in enumerate(open(os.path.join(root, f"test/unit/log/golden/{client}.hex"), encoding="utf-8")):
        name, hexed = line.split()
        batch = bytes.fromhex(hexed)
        if len(batch) < 2000:
            with open(os.path.join(folder, name), "wb") as seed:
                seed.write(bytes([choice * 37 % 128]) + batch)

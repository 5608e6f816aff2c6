"""make.py BOOTSTRAP: lets groups of every kind leave their records at a Kafka whose __consumer_offsets has one partition,
and prints them: key and value in hex, '-' for no value. Control records and repeated ones are left out."""
import sys
import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap = sys.argv[1]
admin = AdminClient({"bootstrap.servers": bootstrap})


def consumer(group, **more):
    settings = {"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest",
                "enable.auto.commit": False, "client.id": "golden"}
    return Consumer({**settings, **{name.replace("_", "."): value for name, value in more.items()}})


def read(members, commit=True):
    """Polls until every member has a partition, then lets them commit and leave."""
    until = time.time() + 30
    while time.time() < until and not all(m.assignment() for m in members):
        for m in members:
            m.poll(0.1)
    for m in members:
        if commit:
            m.commit(offsets=[TopicPartition(p.topic, p.partition, 1, metadata="note") for p in m.assignment()],
                     asynchronous=False)
    for m in members:
        m.close()


def main():
    for future in admin.create_topics([NewTopic("orders", 2, 1), NewTopic("old", 1, 1)]).values():
        future.result()
    producer = Producer({"bootstrap.servers": bootstrap})
    for partition in (0, 1):
        producer.produce("orders", b"x", partition=partition)
    producer.flush()

    members = [consumer("classic"), consumer("classic", group_instance_id="static")]
    for m in members:
        m.subscribe(["orders"])
    read(members)
    for name, subscription in (("modern", "orders"), ("pattern", "^ord.*")):
        m = consumer(name, group_protocol="consumer")
        m.subscribe([subscription])
        read([m])
    simple = consumer("simple")
    simple.commit(offsets=[TopicPartition("old", 0, 7)], asynchronous=False)
    simple.close()
    admin.alter_consumer_group_offsets(
        [ConsumerGroupTopicPartitions("gone", [TopicPartition("orders", 0, 3)])])["gone"].result()
    admin.delete_consumer_groups(["gone"])["gone"].result()

    dump = consumer("dump")
    dump.assign([TopicPartition("__consumer_offsets", 0, 0)])
    seen, quiet_since = set(), time.time()
    while time.time() < quiet_since + 3:
        record = dump.poll(0.5)
        if record is not None and not record.error():
            line = record.key().hex() + " " + (record.value().hex() if record.value() is not None else "-")
            if line not in seen:
                print(line)
            seen.add(line)
            quiet_since = time.time()


main()

"""Short words for confluent-kafka: producing with delivery reports and reading assigned partitions."""
import time

try:
    from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
    from confluent_kafka.admin import AdminClient, NewTopic
except ImportError:  # the tests say so, see programs.require_confluent_kafka
    pass

CLIENT_SECONDS = 30
NOT_READY = {"NOT_LEADER_FOR_PARTITION", "LEADER_NOT_AVAILABLE", "_TRANSPORT", "_TIMED_OUT", "UNKNOWN_TOPIC_OR_PART",
             "NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS"}
LOG_LEVEL = 2  # without refused connections, which are common here


def producer(broker, **settings):
    return Producer({"bootstrap.servers": broker.bootstrap, "linger.ms": 1, "reconnect.backoff.max.ms": 200,
                     "log_level": LOG_LEVEL,
                     **{key.replace("_", "."): value for key, value in settings.items()}})


def admin(broker):
    """The broker's admin client: one, since its futures fail when it goes away."""
    if not hasattr(broker, "admin_client"):
        broker.admin_client = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": LOG_LEVEL})
    return broker.admin_client


def done(futures):
    """The results of an admin call's futures, by name; raises the first failure."""
    return {name: future.result(CLIENT_SECONDS) for name, future in futures.items()}


def error_of(future):
    """The name of the error that an admin call's future ends with; None when it succeeds."""
    try:
        future.result(CLIENT_SECONDS)
    except KafkaException as failure:
        return failure.args[0].name()
    return None


def create(broker, topic, partitions=1, **config):
    """Creates `topic`; configuration keys are written with `_` for `.`."""
    new = NewTopic(topic, partitions, 1, config={k.replace("_", "."): str(v) for k, v in config.items()})
    done(admin(broker).create_topics([new]))


def send(broker, topic, records, partition=0, **settings):
    """Produces records, each a value or a dict of produce() arguments. The delivered messages, or KafkaException."""
    delivered, failures = [], []

    def report(error, message):
        (failures if error else delivered).append(error or message)

    out = producer(broker, **settings)
    for record in records:
        arguments = record if isinstance(record, dict) else {"value": record}
        out.produce(topic, partition=partition, on_delivery=report, **arguments)
        out.poll(0)
    left = out.flush(CLIENT_SECONDS)
    if failures:
        raise KafkaException(failures[0])
    if left or len(delivered) != len(records):
        raise AssertionError(f"{left} records of {len(records)} without a report within {CLIENT_SECONDS} s")
    return delivered


def error_when_sending(broker, topic, record, **settings):
    """The name of the error in the delivery report of one record; None when it was written."""
    try:
        send(broker, topic, [record], **{"message_timeout_ms": 8000, **settings})
    except KafkaException as failure:
        return failure.args[0].name()
    return None


def reader(broker, topic=None, partition=0, offset=None, **settings):
    """A consumer that stays outside of groups, with one partition assigned if `topic` is given."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "unused", "enable.auto.commit": False,
                         "enable.partition.eof": False, "fetch.wait.max.ms": 50, "auto.offset.reset": "error",
                         "log_level": LOG_LEVEL,
                         **{key if key.endswith("_cb") else key.replace("_", "."): value
                            for key, value in settings.items()}})
    if topic:
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING if offset is None else offset)])
    return consumer


def take(consumer, count, seconds=CLIENT_SECONDS):
    """The next `count` messages of `consumer`; AssertionError if they do not come."""
    messages = []
    deadline = time.monotonic() + seconds
    while len(messages) < count:
        if time.monotonic() > deadline:
            raise AssertionError(f"{len(messages)} messages instead of {count} within {seconds} s")
        for message in consumer.consume(count - len(messages), 0.2):
            if message.error():
                raise KafkaException(message.error())
            messages.append(message)
    return messages


def patiently(call):
    """call()'s result; again while the broker says that it is not ready to answer."""
    deadline = time.monotonic() + CLIENT_SECONDS
    while True:
        try:
            return call()
        except KafkaException as failure:
            error = failure.args[0]
            if time.monotonic() > deadline or not (error.retriable() or error.name() in NOT_READY):
                raise
            time.sleep(0.1)


def read_all(broker, topic, partition=0, **settings):
    """Every message of a partition, from its first to its high watermark."""
    consumer = reader(broker, topic, partition, **settings)
    try:
        where = TopicPartition(topic, partition)
        low, high = patiently(lambda: consumer.get_watermark_offsets(where, CLIENT_SECONDS))
        messages = []
        deadline = time.monotonic() + CLIENT_SECONDS
        while low < high and position(consumer, where) < high:
            if time.monotonic() > deadline:
                at = position(consumer, where)
                raise AssertionError(f"read up to {at} of {topic}-{partition}, which ends at {high}")
            arrived = consumer.consume(10000, 0.2)
            for message in arrived:
                if message.error():
                    raise KafkaException(message.error())
                messages.append(message)
            if not arrived:  # what there was may have been removed by retention meanwhile
                low = consumer.get_watermark_offsets(where, CLIENT_SECONDS)[0]
        return messages
    finally:
        consumer.close()


def position(consumer, where):
    return consumer.position([where])[0].offset


def watermarks(broker, topic, partition=0):
    consumer = reader(broker)
    try:
        where = TopicPartition(topic, partition)
        return patiently(lambda: consumer.get_watermark_offsets(where, CLIENT_SECONDS))
    finally:
        consumer.close()


def values(messages):
    return [message.value() for message in messages]

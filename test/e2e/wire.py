"""The Kafka protocol byte by byte: requests and responses by the definitions in schema/kafka, and a socket that sends
anything. Used to say what no client library would say."""
import os
import socket
import struct
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools", "kafkagen"))
import notation  # noqa: E402  (its folder was named in the line above)

SCHEMA = os.path.join(ROOT, "schema", "kafka")
ANSWER_SECONDS = 15
PACKED = {"int8": "b", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "float64": "d",
          "bool": "?"}


def load_apis():
    apis = {}
    for name in sorted(os.listdir(SCHEMA)):
        if name.endswith(".api") and name != "headers.api":
            for definition in notation.parse_file(os.path.join(SCHEMA, name)):
                if definition.kind == "api":  # records of topics travel in none of the requests
                    apis[definition.name] = definition
    return apis


APIS = load_apis()
BY_KEY = {definition.key: definition for definition in APIS.values()}


class Count:
    """Stands for an array, string or bytes field: announces `count` and sends nothing."""

    def __init__(self, count):
        self.count = count


def uvarint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def varint(value):
    return uvarint((value << 1) ^ (value >> 63))


class Encoder:
    def __init__(self, message, version):
        self.structs = {one.name: one.fields for one in message.structs}
        self.version = version
        self.flexible = version in message.flexible

    def fields(self, fields, values):
        here = [field for field in fields if self.version in field.versions]
        out = b"".join(self.field(field, values) for field in here if field.tag is None)
        if not self.flexible:
            return out
        tagged = sorted((field.tag, self.field(field, values)) for field in here
                        if field.tag is not None and field.name in values)
        return out + uvarint(len(tagged)) + b"".join(uvarint(tag) + uvarint(len(b)) + b for tag, b in tagged)

    def field(self, field, values):
        compact = self.flexible and (self.version in field.flexible)
        value = values.get(field.name, self.default(field))
        if not field.array:
            return self.one(field, value, compact)
        if value is None or isinstance(value, Count):
            return self.length(-1 if value is None else value.count, compact, "i")
        return self.length(len(value), compact, "i") + b"".join(self.one(field, item, compact) for item in value)

    def default(self, field):
        if field.default == "null" or field.array:
            return None if field.default == "null" and self.version in field.nullable else []
        if field.is_struct:
            return {}
        if field.kind in ("string", "bytes", "records"):
            return "" if field.kind == "string" else b""
        if field.kind == "uuid":
            return bytes(16)
        if field.kind == "bool":
            return field.default == "true"
        return int(field.default or "0", 0)

    def one(self, field, value, compact):
        if field.is_struct:
            nullable = not field.array and self.version in field.nullable
            if value is None:
                return b"\xff"
            return (b"\x01" if nullable else b"") + self.fields(self.structs[field.kind], value)
        if field.kind in PACKED:
            return struct.pack(">" + PACKED[field.kind], value)
        if field.kind == "uuid":
            return value
        width = "h" if field.kind == "string" else "i"
        if value is None or isinstance(value, Count):
            return self.length(-1 if value is None else value.count, compact, width)
        content = value.encode() if isinstance(value, str) else value
        return self.length(len(content), compact, width) + content

    @staticmethod
    def length(length, compact, width):
        return uvarint(length + 1) if compact else struct.pack(">" + width, length)


class Decoder:
    def __init__(self, message, version, content):
        self.structs = {one.name: one.fields for one in message.structs}
        self.version, self.content, self.at = version, content, 0
        self.flexible = version in message.flexible

    def take(self, count):
        if count < 0 or self.at + count > len(self.content):
            raise ValueError(f"the response ends at {len(self.content)}, {count} bytes wanted at {self.at}")
        self.at += count
        return self.content[self.at - count:self.at]

    def number(self, kind):
        form = ">" + PACKED[kind]
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def uvarint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def fields(self, fields):
        here = [field for field in fields if self.version in field.versions]
        values = {field.name: self.field(field) for field in here if field.tag is None}
        if self.flexible:
            tagged = {field.tag: field for field in here if field.tag is not None}
            for _ in range(self.uvarint()):
                tag, size = self.uvarint(), self.uvarint()
                end = self.at + size
                if tag in tagged:
                    values[tagged[tag].name] = self.field(tagged[tag])
                self.take(end - self.at)
        return values

    def field(self, field):
        compact = self.flexible and self.version in field.flexible
        if not field.array:
            return self.one(field, compact)
        count = self.uvarint() - 1 if compact else self.number("int32")
        return None if count < 0 else [self.one(field, compact) for _ in range(count)]

    def one(self, field, compact):
        if field.is_struct:
            if not field.array and self.version in field.nullable and self.number("int8") < 0:
                return None
            return self.fields(self.structs[field.kind])
        if field.kind in PACKED:
            return self.number(field.kind)
        if field.kind == "uuid":
            return self.take(16)
        length = self.uvarint() - 1 if compact else self.number("int16" if field.kind == "string" else "int32")
        if length < 0:
            return None
        content = self.take(length)
        return content.decode() if field.kind == "string" else content


def header(key, version, correlation=1, client="e2e", flexible=False):
    name = client.encode()
    return struct.pack(">hhih", key, version, correlation, len(name)) + name + (b"\0" if flexible else b"")


def request(api, version, values=None, correlation=1):
    """A request frame without its length."""
    definition = APIS[api]
    message = definition.messages[0]
    return header(definition.key, version, correlation, flexible=version in message.flexible) + \
        Encoder(message, version).fields(message.fields, values or {})


def response(api, version, frame):
    """(correlation id, values) of a response frame without its length; it has to be used up to its end."""
    message = APIS[api].messages[1]
    decoder = Decoder(message, version, frame)
    correlation = decoder.number("int32")
    if decoder.flexible and api != "api_versions":
        decoder.uvarint()
    values = decoder.fields(message.fields)
    if decoder.at != len(frame):
        raise ValueError(f"{len(frame) - decoder.at} bytes left behind the response of {api} {version}")
    return correlation, values


def framed(content):
    return struct.pack(">i", len(content)) + content


class Peer:
    """One connection to the broker."""

    def __init__(self, broker):
        self.socket = socket.create_connection(broker.address, ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(ANSWER_SECONDS)
        self.name = "{}:{}".format(*self.socket.getsockname())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, content):
        """Sends bytes as they are; the broker may close before it took all of them."""
        try:
            self.socket.sendall(content)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def receive(self):
        """The next frame, or None when the broker closed the connection instead."""
        size = self._exactly(4)
        return None if size is None else self._exactly(struct.unpack(">i", size)[0])

    def _exactly(self, count):
        content = b""
        while len(content) < count:
            try:
                more = self.socket.recv(count - len(content))
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            content += more
        return content

    def ask(self, api, version, values=None, correlation=1):
        """The response's values, or None when the broker closed the connection."""
        self.send(framed(request(api, version, values, correlation)))
        frame = self.receive()
        return None if frame is None else response(api, version, frame)[1]


def crc32c(content):
    crc = 0xFFFFFFFF
    for byte in content:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    return table


CRC_TABLE = crc_table()


def record(value, offset_delta=0, key=b"k"):
    key = varint(-1) if key is None else varint(len(key)) + key
    body = b"\0" + varint(0) + varint(offset_delta) + key + varint(len(value)) + value + varint(0)
    return varint(len(body)) + body


def batch(values=(b"v",), *, records=None, count=None, magic=2, attributes=0, length=None, crc=None, base_sequence=-1,
          producer=-1, epoch=-1, last_delta=None, time_ms=1_700_000_000_000, base_offset=0):
    """A record batch, right unless told otherwise."""
    body = b"".join(record(v, n) for n, v in enumerate(values)) if records is None else records
    count = len(values) if count is None else count
    tail = struct.pack(">hiqqqhii", attributes, (count - 1) if last_delta is None else last_delta, time_ms, time_ms,
                       producer, epoch, base_sequence, count) + body
    crc = crc32c(tail) if crc is None else crc
    length = 9 + len(tail) if length is None else length
    return struct.pack(">qiibI", base_offset, length, 0, magic, crc) + tail

"""Reads schema/kafka/*.api, the project's notation for messages of the Kafka protocol (see schema/kafka/README.md)."""
import re
from dataclasses import dataclass, field as dataclass_field

NUMBERS = {"int8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8, "float64": 8, "bool": 1}
PRIMITIVES = {**NUMBERS, "uuid": 16, "string": None, "bytes": None, "records": None}
OPEN_END = 32767
CPP_KEYWORDS = set("""alignas and asm auto bool break case catch char class const continue default delete do double else
enum explicit export extern false float for friend goto if inline int long mutable namespace new not operator or private
protected public register requires return short signed sizeof static struct switch template this throw true try typedef
union unsigned using virtual void volatile while xor decode encode""".split())


class NotationError(Exception):
    """Names the file and line at fault."""


@dataclass(frozen=True)
class Versions:
    """The versions first..last; none when first > last."""
    first: int
    last: int

    def __bool__(self):
        return self.first <= self.last

    def __contains__(self, version):
        return self.first <= version <= self.last

    def __and__(self, other):
        both = Versions(max(self.first, other.first), min(self.last, other.last))
        return both if both else NEVER

    def __iter__(self):
        return iter(range(self.first, self.last + 1))


NEVER = Versions(1, 0)
ALWAYS = Versions(0, OPEN_END)


def parse_versions(text):
    """'3+', '3-7', '3' or 'never'; None when `text` is not a range."""
    if text == "never":
        return NEVER
    match = re.fullmatch(r"(\d+)(\+|-(\d+))?", text)
    if not match:
        return None
    first = int(match[1])
    last = OPEN_END if match[2] == "+" else int(match[3] or first)
    return Versions(first, last)


@dataclass
class Field:
    name: str
    kind: str                      # a primitive or the name of a struct
    array: bool
    versions: Versions
    nullable: Versions
    flexible: Versions             # versions in which lengths are compact, unless the message is not flexible
    default: str                   # as written, None when not given
    tag: int                       # None when not tagged
    ignorable: bool
    comment: str
    line: int
    fields: list = dataclass_field(default_factory=list)

    @property
    def is_struct(self):
        return self.kind not in PRIMITIVES


@dataclass
class Struct:
    name: str
    versions: Versions
    fields: list


@dataclass
class Message:
    name: str                      # of the C++ struct: produce_request, request_header
    about: str
    versions: Versions
    stable_max: int                # newest version that may be advertised
    flexible: Versions
    fields: list
    structs: list                  # inner structs, each before its first use


@dataclass
class Definition:
    """One API with its two messages, one header with a single one, or one record of a coordinator's log with two."""
    name: str
    kind: str                      # "api", "header" or "record"
    key: int                       # the API's key or the record's type, None for headers
    messages: list


BLOCKS = {"api": ("request", "response"), "header": ("fields",), "record": ("key", "value")}
FIELD = re.compile(r"(?P<name>[a-z][a-z0-9_]*)\s+(?P<array>\[\])?(?P<kind>[a-z][a-z0-9_]*)\b(?P<rest>.*)")


class Parser:
    def __init__(self, path, text):
        self.path = path
        self.lines = []            # (number, indent, code, comment)
        self.leading = []
        for number, line in enumerate(text.splitlines(), 1):
            code, _, comment = line.partition("#")
            if code.strip():
                indent = len(code) - len(code.lstrip())
                self.lines.append((number, indent, code.strip(), comment.strip()))
            elif comment and not self.lines:
                self.leading.append(comment.strip())
        self.at = 0

    def fail(self, number, what):
        raise NotationError(f"{self.path}:{number}: {what}")

    def parse(self):
        definitions = []
        while self.at < len(self.lines):
            definitions.append(self.parse_definition())
        return definitions

    def parse_definition(self):
        number, _, code, comment = self.take()
        words = code.split()
        if len(words) != 2 or words[0] not in BLOCKS:
            self.fail(number, f"expected 'api NAME', 'header NAME' or 'record NAME', not '{code}'")
        kind, name = words
        about = comment or " ".join(self.leading)
        key = None if kind == "header" else int(self.take_property("key" if kind == "api" else "type"))
        words = self.take_property("versions").split()
        versions = parse_versions(words[0])
        if not versions or words[1:] not in ([], ["newest", "unstable"]):
            self.fail(number, "versions: a range, and 'newest unstable' when the newest must not be advertised")
        stable_max = versions.last - len(words[1:]) // 2
        flexible = parse_versions(self.take_property("flexible"))
        if flexible is None:
            self.fail(number, "flexible: a range or 'never'")
        common = self.parse_common()
        messages = []
        for block in BLOCKS[kind]:
            number, indent, code, _ = self.take()
            if code != block or indent:
                self.fail(number, f"expected '{block}', not '{code}'")
            fields = self.parse_fields(0)
            message = Message(name if kind == "header" else f"{name}_{block}", about, versions, stable_max,
                              flexible & versions, fields, [])
            if block == "key":  # a key's number is its type: it has no versions
                message.versions, message.stable_max, message.flexible = Versions(0, 0), 0, NEVER
            self.settle(message, common)
            messages.append(message)
        return Definition(name, kind, key, messages)

    def take(self):
        if self.at == len(self.lines):
            self.fail("end", "the file ends too early")
        self.at += 1
        return self.lines[self.at - 1]

    def take_property(self, name):
        number, _, code, _ = self.take()
        word, _, value = code.partition(" ")
        if word != name or not value.strip():
            self.fail(number, f"expected '{name} VALUE', not '{code}'")
        return value.strip()

    def parse_common(self):
        common = {}
        while self.at < len(self.lines) and self.lines[self.at][2].startswith("common "):
            name = self.take()[2].split()[1]
            common[name] = self.parse_fields(0)
        return common

    def parse_fields(self, outer_indent):
        fields = []
        while self.at < len(self.lines) and self.lines[self.at][1] > outer_indent:
            number, indent, code, comment = self.take()
            if fields and indent != expected_indent:
                self.fail(number, "indentation differs from the fields above")
            expected_indent = indent
            parsed = self.parse_field(number, code, comment)
            if any(other.name == parsed.name for other in fields):
                self.fail(number, f"second field named {parsed.name}")
            parsed.fields = self.parse_fields(indent)
            fields.append(parsed)
        return fields

    def parse_field(self, number, code, comment):
        match = FIELD.fullmatch(code)
        if not match:
            self.fail(number, f"not a field: '{code}'")
        if match["name"] in CPP_KEYWORDS:
            self.fail(number, f"'{match['name']}' cannot be a C++ name")
        parsed = Field(match["name"], match["kind"], bool(match["array"]), ALWAYS, NEVER, ALWAYS, None, None, False,
                       comment, number)
        words = re.findall(r'"[^"]*"|\S+', match["rest"])
        if words and parse_versions(words[0]) is not None:
            parsed.versions = parse_versions(words.pop(0))
        while words:
            word = words.pop(0)
            following = words[0] if words else ""
            if word == "nullable":
                parsed.nullable = ALWAYS
                if parse_versions(following) is not None:
                    parsed.nullable = parse_versions(words.pop(0))
            elif word == "=" and following:
                parsed.default = words.pop(0)
            elif word == "tag" and following.isdigit():
                parsed.tag = int(words.pop(0))
            elif word == "ignorable":
                parsed.ignorable = True
            elif word == "flexible" and following == "never":
                parsed.flexible = NEVER
                words.pop(0)
            else:
                self.fail(number, f"unknown attribute '{word}'")
        return parsed

    def settle(self, message, common):
        """Cuts version ranges to the message's, finds inner structs, checks what only the whole can tell."""
        seen = {}

        def define(name, fields, versions, number):
            for inner in fields:
                inner.versions &= versions
                inner.nullable &= inner.versions
                inner.flexible &= message.flexible
                if not inner.versions:
                    self.fail(inner.line, f"{inner.name} exists in no version of {message.name}")
                self.check_field(inner, message)
                if inner.is_struct:
                    if inner.fields and inner.kind not in seen:
                        define(inner.kind, inner.fields, inner.versions, inner.line)
                    elif inner.fields:
                        self.fail(inner.line, f"second struct {inner.kind} in {message.name}")
                    elif inner.kind in common:
                        if inner.kind not in seen:
                            define(inner.kind, common[inner.kind], message.versions, inner.line)
                    else:
                        self.fail(inner.line, f"no type {inner.kind}")
                elif inner.fields:
                    self.fail(inner.line, f"{inner.kind} has no fields")
            if name in seen:
                self.fail(number, f"struct {name} contains itself")
            seen[name] = Struct(name, versions, fields)

        define("", message.fields, message.versions, 0)
        del seen[""]
        message.structs = list(seen.values())
        for clash in {f.name for f in message.fields} & seen.keys():
            self.fail(0, f"{message.name} has a field and a struct called {clash}")

    def check_field(self, field, message):
        if field.tag is not None and not all(v in message.flexible for v in field.versions):
            self.fail(field.line, f"tagged field {field.name} in a version that is not flexible")
        if field.is_struct and field.nullable and not field.array and field.nullable != field.versions:
            self.fail(field.line, "a struct is nullable in all of its versions or in none")
        if field.default == "null" and not field.nullable:
            self.fail(field.line, f"{field.name} is not nullable but defaults to null")
        if field.default not in (None, "null") and (field.array or field.is_struct):
            self.fail(field.line, f"{field.name}: only numbers, bools and strings have defaults other than null")


def parse_file(path):
    with open(path, encoding="utf-8") as source:
        return Parser(path, source.read()).parse()

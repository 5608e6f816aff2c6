"""The files of the source tree as text, and the little C++ reading that the rules need."""
import os
import re
from dataclasses import dataclass, field
from functools import cached_property

SKIPPED = {".git", "data", ".cache", "__pycache__", ".venv"}
TEXT_ENDINGS = (".cpp", ".hpp", ".h", ".py", ".capnp", ".api", ".cmake", ".txt", ".md", ".json", ".go", ".java", ".xml")
TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)


@dataclass
class Finding:
    rule: str
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


@dataclass
class Source:
    path: str
    text: str

    @cached_property
    def lines(self):
        return self.text.splitlines()

    @cached_property
    def code(self):
        """The text with comments and literals blanked out; positions and lines stay the same."""
        blank = lambda m: re.sub(r"[^\n]", " ", m.group())
        return TOKENS.sub(blank, self.text)

    @property
    def is_cpp(self):
        return self.path.endswith((".cpp", ".hpp"))

    @property
    def is_header(self):
        return self.path.endswith(".hpp")

    def line_at(self, position):
        return self.text.count("\n", 0, position) + 1

    @cached_property
    def includes(self):
        """[(line, name, quoted)] of every #include."""
        found = re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', self.text, re.M)
        return [(self.line_at(m.start()), m.group(2), m.group(1) == '"') for m in found]

    @cached_property
    def scopes(self):
        return read_declarations(self)


@dataclass
class Declaration:
    kind: str  # "type", "function" or "value"
    name: str
    line: int
    last_line: int
    public: bool
    text: str = ""


@dataclass
class Tree:
    files: dict = field(default_factory=dict)

    def cpp(self, *folders):
        return [s for s in self.files.values() if s.is_cpp and (not folders or s.path.startswith(folders))]

    def folders(self):
        result = {}
        for path, source in self.files.items():
            result.setdefault(os.path.dirname(path), []).append(source)
        return result


def tree_of(samples):
    """A tree of {path: text}; how the self-tests build theirs."""
    return Tree({path: Source(path, text) for path, text in samples.items()})


def read_tree(root):
    files = {}
    for folder, names, entries in os.walk(root):
        here = os.path.relpath(folder, root)
        names[:] = [n for n in names if n not in SKIPPED and not (here == "." and n.startswith("build"))]
        for name in entries:
            path = os.path.normpath(os.path.join(here, name))
            full = os.path.join(folder, name)
            if os.path.islink(full) or not is_text(full, name):
                continue
            with open(full, encoding="utf-8", errors="replace") as f:
                files[path] = Source(path, f.read())
    return Tree(files)


def is_text(full, name):
    if name.endswith(TEXT_ENDINGS):
        return True
    if "." in name.lstrip("."):
        return False
    with open(full, "rb") as f:
        return f.read(2) == b"#!"


def closing(code, start):
    """Position of the brace or parenthesis that closes the one at `start`; the end of the text when there is none."""
    pairs = {"{": "}", "(": ")", "[": "]"}
    opening, closer = code[start], pairs[code[start]]
    depth = 0
    for m in re.compile("[" + re.escape(opening + closer) + "]").finditer(code, start):
        depth += 1 if m.group() == opening else -1
        if depth == 0:
            return m.start()
    return len(code) - 1


SCOPE_END = re.compile(r"[;{}()]")
ACCESS = re.compile(r"\s*(public|protected|private)\s*:(?!:)")


def read_declarations(source):
    """Every type, function and value that is declared in a namespace or a class of this file."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()), source.code, flags=re.M)
    code = re.sub(r"^[A-Z][A-Z0-9_]+\([^\n]*\)$", lambda m: " " * len(m.group()), code, flags=re.M)
    found = []
    read_scope(source, code, 0, len(code), "namespace", True, found)
    return found


def read_scope(source, code, at, end, kind, public, found):
    start = at
    while at < end:
        access = ACCESS.match(code, start) if kind == "class" and start == at else None
        if access:
            public = access.group(1) == "public"
            start = at = access.end()
            continue
        m = SCOPE_END.search(code, at, end)
        if not m:
            return
        c, at = m.group(), m.end()
        if c == "(":
            at = closing(code, m.start()) + 1
        elif c == ";":
            note(source, code, start, m.start(), kind, public, found, None)
            start = at
        elif c == "{":
            start, at = read_braces(source, code, start, m.start(), kind, public, found)
        else:
            start = at


def read_braces(source, code, start, brace, kind, public, found):
    """What a brace opens: a namespace, a class, an enum, a body, or an initialiser. Returns (new start, new position)."""
    head = code[start:brace]
    last = closing(code, brace)
    words = re.sub(r"template\s*<[^{]*?>\s*(?=class|struct|enum|union|[a-z])", "", head).split()
    if "namespace" in words or (words[:1] == ["extern"] and len(words) <= 2):
        read_scope(source, code, brace + 1, last, "namespace", public and len(words) > 1, found)
        return last + 1, last + 1
    if re.match(r"\s*(template\s*<.*>\s*)?(requires[^{]*)?(class|struct|union)\b[^=()]*$", head, re.S):
        note(source, code, start, brace, kind, public, found, "type")
        inner = public and "class" not in words
        read_scope(source, code, brace + 1, last, "class", inner if public else False, found)
        return last + 1, last + 1
    if re.match(r"\s*enum\b", head):
        note(source, code, start, brace, kind, public, found, "type")
        return last + 1, last + 1
    if "(" in head and not re.search(r"=\s*$", head):
        # A member initialiser `: a_{x}` is no body: the body follows it.
        if re.search(r"\)[^()]*:[^:][^;]*[\w>]\s*$", head) and not re.search(r"\)\s*$", head):
            return start, last + 1
        note(source, code, start, last, kind, public, found, "function", brace)
        return last + 1, last + 1
    return start, last + 1


def note(source, code, start, end, scope, public, found, kind, body=None):
    text = code[start:body if body is not None else end]
    stripped = text.strip()
    if not stripped or re.match(r"(friend|using\s+namespace|using\s+enum|static_assert|extern\s+template)\b", stripped):
        return
    if kind is None:
        if re.match(r"(template\s*<.*>\s*)?(class|struct|union|enum(\s+class)?)\s+[\w:]+(\s*:\s*[\w:]+)?$", stripped, re.S):
            return  # announced only
        before_value = re.split(r"(?<![=!<>])=(?!=)", stripped)[0]
        kind = "function" if "(" in before_value and not stripped.startswith("using ") else "value"
    name = name_of(stripped, kind)
    begin = start + len(text) - len(text.lstrip())
    found.append(Declaration(kind, name, source.line_at(begin), source.line_at(end), public, stripped))
    found[-1].in_class = scope == "class"


def name_of(text, kind):
    text = re.sub(r"^template\s*<[^{;]*?>\s*(?=[a-z\[])", "", text)
    if kind == "function":
        m = re.search(r"([~\w:]+|operator[^(]*)\s*\(", text)
        return m.group(1) if m else text[:40]
    if kind == "type":
        m = re.search(r"(?:class|struct|union)\s+(?:\[\[.*?\]\]\s*)?([\w:]+)", text)
        return m.group(1) if m else text[:40]
    m = re.search(r"(\w+)\s*(?:=|\[|\{|$)", text)
    return m.group(1) if m else text[:40]

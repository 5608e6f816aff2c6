"""Longest function and biggest file: what is above the aim is listed in ratchets.json with its size, and only shrinks."""
import json
import os

from rules_shape import CODE, FILE_LINES, FUNCTION_LINES
from tree import Finding

WHERE = "test/tidy/ratchets.json"


def measured(tree):
    functions, files = {}, {}
    for s in tree.files.values():
        if s.path.endswith(CODE) and len(s.lines) > FILE_LINES:
            files[s.path] = (len(s.lines), 1)
        if s.is_cpp:
            for d in s.scopes:
                lines = d.last_line - d.line + 1
                if d.kind == "function" and lines > FUNCTION_LINES:
                    functions[f"{s.path}:{d.name}"] = (lines, d.line)
    return {"function_lines": functions, "file_lines": files}


def allowed(tree):
    source = tree.files.get(WHERE)
    return json.loads(source.text) if source else {}


def sizes_only_shrink(tree):
    limits = {"function_lines": FUNCTION_LINES, "file_lines": FILE_LINES}
    lists = allowed(tree)
    for kind, now in measured(tree).items():
        listed = lists.get(kind, {})
        for name, (lines, line) in now.items():
            path = name.split(":")[0]
            if name not in listed:
                yield Finding("too-long", path, line, f"{name} has {lines} lines, {limits[kind]} is the most; split it")
            elif lines > listed[name]:
                yield Finding("too-long", path, line, f"{name} grew from {listed[name]} to {lines} lines; it may only shrink")
        for name, lines in listed.items():
            if name not in now or now[name][0] < lines:
                yield Finding("ratchet", WHERE, 1, f"{name} shrank; run test/tidy/tidy.py --tighten")


def tighten(tree, root):
    """Lowers every listed size to the present one; never raises one or adds one."""
    now = measured(tree)
    lists = {kind: {name: min(lines, now[kind][name][0]) for name, lines in sorted(listed.items()) if name in now[kind]}
             for kind, listed in allowed(tree).items()}
    with open(os.path.join(root, WHERE), "w", encoding="utf-8") as f:
        json.dump(lists, f, indent=2)
        f.write("\n")


RULES = [sizes_only_shrink]

_LONG = "void f(int a) {\n" + "  g();\n" * 60 + "}\n"
SAMPLES = {
    "too-long": [
        ({"runtime/a/a.cpp": _LONG}, {"runtime/a/a.cpp": _LONG.replace("  g();\n", "", 10)}),
        ({"runtime/a/a.cpp": _LONG, WHERE: '{"function_lines": {"runtime/a/a.cpp:f": 61}}'},
         {"runtime/a/a.cpp": _LONG, WHERE: '{"function_lines": {"runtime/a/a.cpp:f": 62}}'}),
        ({"runtime/a/a.cpp": "class x {\n x() : a_{1}, b_(2) {\n" + "  g();\n" * 60 + "}\n};\n"}, {}),
        ({"runtime/a/a.cpp": "int x;\n" * 501}, {"runtime/a/a.cpp": "int x;\n" * 500}),
    ],
    "ratchet": [
        ({WHERE: '{"file_lines": {"runtime/a/a.cpp": 700}}'}, {WHERE: '{"file_lines": {}}'}),
    ],
}

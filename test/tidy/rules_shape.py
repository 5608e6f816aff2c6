"""Size, comments, leftovers: what keeps a file readable."""
import os
import re

from tree import Finding

FUNCTION_LINES = 60
FILE_LINES = 500
LINE_COLUMNS = 120
README_LINES = 80
COMMENTED_SHARE = 0.90
CODE = (".hpp", ".cpp", ".py", ".capnp", ".api", ".cmake", ".go", ".java")
# Headers that users of the installed library include, and nobody in the tree.
FOR_USERS = ("runtime/troupe.hpp",)


def headers_guard_themselves(tree):
    for s in tree.cpp():
        if s.is_header and not re.search(r"^#pragma once$", s.text, re.M):
            yield Finding("pragma-once", s.path, 1, "has no `#pragma once`")


def nothing_lies_unused(tree):
    included = {name for s in tree.cpp() for _, name, _ in s.includes}
    base_names = {os.path.basename(name) for name in included}
    cmake = {p: s.text for p, s in tree.files.items() if p.endswith(("CMakeLists.txt", ".cmake"))}
    for s in tree.cpp():
        if s.is_header:
            if s.path not in included and s.path not in FOR_USERS and os.path.basename(s.path) not in base_names:
                yield Finding("unused", s.path, 1, "nothing includes this header")
        elif not built(s.path, cmake):
            yield Finding("unused", s.path, 1, "no CMakeLists.txt builds this file")


def built(path, cmake):
    name, folder = os.path.basename(path), os.path.dirname(path)
    while True:
        text = cmake.get(os.path.join(folder, "CMakeLists.txt") if folder else "CMakeLists.txt")
        if text is not None:
            return bool(re.search(r"GLOB|troupe_domain|troupe_unit_test|troupe_\w+\(", text)) or name in text \
                or os.path.splitext(name)[0] in text
        if not folder:
            return False
        folder = os.path.dirname(folder)


LEFTOVER = re.compile("|".join((r"\bTO" + "DO\\b", r"\bFIX" + "ME\\b", r"\bX" + "XX\\b", r"\bHA" + "CK\\b")))
WORKPLACE = re.compile("|".join((r"\.\./sha" + "red", r"(?<![\w.])/wo" + r"rk/", r"\bissues? ?#?\d+\b", r"\bhelper-" + "brief")))


def nothing_is_left_over(tree):
    for s in tree.files.values():
        if not s.path.startswith("test/tidy/"):
            for m in LEFTOVER.finditer(s.text):
                yield Finding("leftover", s.path, s.line_at(m.start()), f"{m.group()}: finish it or leave it out")
        for m in WORKPLACE.finditer(s.text):
            yield Finding("workplace", s.path, s.line_at(m.start()), f"`{m.group()}` means nothing to a reader elsewhere")


def public_declarations(source):
    return [d for d in source.scopes if d.public and counts(d)]


def counts(d):
    """Values of a class, what the compiler could have written and what a base class tells need no comment."""
    if d.kind == "value":
        return not getattr(d, "in_class", False) and not d.text.startswith(("namespace", "using"))
    if d.kind == "function":
        special = re.search(r"=\s*(default|delete)\s*$|~", d.text) or re.match(r"template\s*<\s*>", d.text)
        told_by_base = re.search(r"\b(override|final)\b", d.text)
        return not special and not told_by_base and "operator" not in d.text and not is_getter(d)
    return not re.match(r"template\s*<\s*>", d.text) and not d.name.startswith("std::")


def is_getter(d):
    """A member on one line that gives something and takes nothing: its name is its contract."""
    takes_nothing = re.search(r"\(\s*\)\s*(const)?\s*(noexcept)?\s*(=\s*0)?$", d.text)
    return getattr(d, "in_class", False) and d.line == d.last_line and bool(takes_nothing) \
        and not re.match(r"(virtual\s+)?void\b", d.text)


def commented(source, d, before):
    lines = source.lines
    above = lines[d.line - 2].strip() if d.line >= 2 else ""
    if above.startswith("///") or any("///" in l for l in lines[d.line - 1:min(d.last_line, d.line + 8)]):
        return True
    # A group without a blank line shares the comment of its first.
    return before is not None and before[1] and all(l.strip() for l in lines[before[0].last_line:d.line - 1])


def comment_counts(tree):
    total, without = 0, []
    for s in tree.cpp("runtime/", "actors/"):
        if not s.is_header:
            continue
        before = None
        for d in public_declarations(s):
            ok = commented(s, d, before)
            before = (d, ok)
            total += 1
            if not ok:
                without.append((s.path, d))
    return total, without


def public_declarations_are_explained(tree):
    total, without = comment_counts(tree)
    if total and 1 - len(without) / total < COMMENTED_SHARE:
        share = 100 * (1 - len(without) / total)
        for path, d in without:
            yield Finding("comment", path, d.line, f"{d.name} has no `///` comment ({share:.0f} % of the tree have one, "
                          f"{100 * COMMENTED_SHARE:.0f} % is the least)")


def folders_have_a_readme(tree):
    for folder, sources in tree.folders().items():
        if not folder or folder.startswith(("test", ".")):
            continue
        code = [s for s in sources if s.path.endswith(CODE)]
        readme = tree.files.get(os.path.join(folder, "README.md"))
        if len(code) > 3 and readme is None:
            yield Finding("readme", folder, 1, f"has {len(code)} files and no README.md")
        if readme is not None and len(readme.lines) > README_LINES:
            yield Finding("readme", readme.path, 1, f"has {len(readme.lines)} lines; a page is at most {README_LINES}")


def lines_fit(tree):
    for s in tree.cpp():
        for number, line in enumerate(s.lines, 1):
            if len(line) > LINE_COLUMNS:
                yield Finding("long-line", s.path, number, f"{len(line)} columns, {LINE_COLUMNS} fit")


RULES = [headers_guard_themselves, nothing_lies_unused, nothing_is_left_over, public_declarations_are_explained,
         folders_have_a_readme, lines_fit]

_USED = {"runtime/a/CMakeLists.txt": "troupe_domain(a)", "runtime/a/a.cpp": '#include "runtime/a/a.hpp"\n'}
_EXPLAINED = "#pragma once\n/// A thing.\nclass x {\n public:\n  /// Does it.\n  void f();\n};\n"
SAMPLES = {
    "pragma-once": [({"runtime/a/a.hpp": "int x;\n"}, {"runtime/a/a.hpp": "#pragma once\n"})],
    "unused": [
        ({"runtime/a/a.hpp": "#pragma once\n"}, {**_USED, "runtime/a/a.hpp": _EXPLAINED}),
        ({"runtime/b/b.cpp": "int x;\n"}, {"runtime/b/b.cpp": "int x;\n", "runtime/b/CMakeLists.txt": "troupe_domain(b)"}),
    ],
    "leftover": [({"runtime/a/a.cpp": "// TO" + "DO later\n"}, {"runtime/a/a.cpp": "// to do this, call f\n"})],
    "workplace": [
        ({"README.md": "see ../sha" + "red/DESIGN.md\n"}, {"README.md": "see shared/DESIGN.md and ../work/x\n"}),
        ({"README.md": "as iss" + "ue 3 says\n"}, {"README.md": "an issue of 3 words\n"}),
    ],
    "comment": [({"runtime/a/a.hpp": _EXPLAINED.replace("/// Does it.", "")}, {"runtime/a/a.hpp": _EXPLAINED})],
    "readme": [
        ({f"runtime/a/{n}.cpp": "" for n in "wxyz"}, {f"runtime/a/{n}.cpp": "" for n in "xyz"}),
        ({"runtime/a/README.md": "x\n" * 100}, {"runtime/a/README.md": "x\n" * 10}),
    ],
    "long-line": [({"runtime/a/a.cpp": "x" * 121 + "\n"}, {"runtime/a/a.cpp": "x" * 120 + "\n"})],
}

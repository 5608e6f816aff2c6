"""What the table of settings says about a setting's effect is what the code does."""
import re

from tree import Finding

ROW = re.compile(r'\{"([^"]+)",\s*\w+,\s*(?:none|"[^"]*"),\s*[^{}]*?,\s*(?:fixed|per_broker|cluster),\s*(honoured|ignored|hidden),',
                 re.S)


def settings_have_the_effect_they_claim(tree):
    used, outside = set(), set()
    for s in tree.cpp("runtime/", "actors/", "tools/"):
        if not re.search(r"/settings_\w+\.cpp$", s.path):
            keys = set(re.findall(r'"([a-z0-9.]+)"', s.text))
            used |= keys
            if not s.path.startswith("runtime/config/"):
                outside |= keys
    for s in tree.cpp("runtime/config/settings_"):
        for m in ROW.finditer(s.text):
            key, effect = m.groups()
            if effect == "honoured" and key not in used:
                yield Finding("setting", s.path, s.line_at(m.start()), f"{key} is called honoured, but no code reads it")
            if effect != "honoured" and "." in key and key in outside:
                yield Finding("setting", s.path, s.line_at(m.start()), f"{key} is called {effect}, but code reads it")


RULES = [settings_have_the_effect_they_claim]

_ROW = 'constexpr setting table[] = {\n  {"a.b", int32, "5", at_least(1), cluster, honoured,\n   "Doc."},\n};\n'
SAMPLES = {
    "setting": [
        ({"runtime/config/settings_a.cpp": _ROW},
         {"runtime/config/settings_a.cpp": _ROW, "actors/a.cpp": 'integer("a.b");\n'}),
        ({"runtime/config/settings_a.cpp": _ROW.replace("honoured", "ignored"), "actors/a.cpp": 'integer("a.b");\n'},
         {"runtime/config/settings_a.cpp": _ROW.replace("honoured", "ignored")}),
    ],
}

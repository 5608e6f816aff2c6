#!/usr/bin/env python3
"""reflow.py FILE…   breaks the lines of comment blocks anew where one is longer than fits; leaves everything else alone."""
import re
import sys
import textwrap

from rules_shape import LINE_COLUMNS


def reflowed(text):
    lines, out, at = text.split("\n"), [], 0
    while at < len(lines):
        m = re.match(r"(\s*///?) (?=[^\s<])", lines[at])
        if not m:
            out.append(lines[at])
            at += 1
            continue
        block, prefix = [], m.group(1) + " "
        while at < len(lines) and re.match(re.escape(prefix) + r"[^\s<]", lines[at]):
            block.append(lines[at])
            at += 1
        is_table = any("→" in line or "  " in line.strip() for line in block)
        too_long = any(len(line) > LINE_COLUMNS for line in block)
        out += broken(block, prefix) if too_long and not is_table else block
    return "\n".join(out)


def broken(block, prefix):
    words = " ".join(line[len(prefix):] for line in block)
    width = LINE_COLUMNS - len(prefix)
    return [prefix + line for line in textwrap.wrap(words, width, break_long_words=False, break_on_hyphens=False)]


if __name__ == "__main__":
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as f:
            before = f.read()
        after = reflowed(before)
        if after != before:
            with open(path, "w", encoding="utf-8") as f:
                f.write(after)
            print("reflowed", path)

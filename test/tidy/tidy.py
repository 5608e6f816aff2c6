#!/usr/bin/env python3
"""Checks the source tree against the rules that keep it readable; prints `path:line: rule: sentence` for each fault.

tidy.py [ROOT]         checks the tree (default: the one this file lies in); exit status 1 when something was found
tidy.py --self-test    checks that every rule finds a planted fault and accepts its repair
tidy.py --tighten      lowers the sizes in ratchets.json to the present ones
tidy.py --counts       prints how much is commented, and the public declarations without a comment
"""
import os
import sys

import rules_layers
import rules_messages
import rules_ratchets
import rules_settings
import rules_shape
from tree import read_tree, tree_of

MODULES = (rules_layers, rules_messages, rules_settings, rules_shape, rules_ratchets)


def findings_of(tree):
    return [f for module in MODULES for rule in module.RULES for f in rule(tree)]


def self_test():
    failed = 0
    names = set()
    for module in MODULES:
        for name, samples in module.SAMPLES.items():
            names.add(name)
            for number, (bad, good) in enumerate(samples, 1):
                if not any(f.rule == name for f in findings_of(tree_of(bad))):
                    print(f"rule {name}, sample {number}: the planted fault was not found")
                    failed += 1
                for f in findings_of(tree_of(good)):
                    if f.rule == name:
                        print(f"rule {name}, sample {number}: the repaired sample was refused: {f}")
                        failed += 1
    print(f"{len(names)} rules tested, {failed} faults")
    return failed


def main(arguments):
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    if "--self-test" in arguments:
        return 1 if self_test() else 0
    tree = read_tree(arguments[0] if arguments and not arguments[0].startswith("-") else root)
    if "--tighten" in arguments:
        rules_ratchets.tighten(tree, root)
        return 0
    if "--counts" in arguments:
        total, without = rules_shape.comment_counts(tree)
        for path, d in without:
            print(f"{path}:{d.line}: {d.name}")
        print(f"{total - len(without)} of {total} public declarations have a comment")
        return 0
    found = findings_of(tree)
    for f in sorted(found, key=lambda f: (f.path, f.line)):
        print(f)
    print(f"tidy: {len(tree.files)} files, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

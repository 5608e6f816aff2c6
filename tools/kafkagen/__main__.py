"""kafkagen FILE.api --out DIR: writes NAME.hpp, NAME.cpp and NAME.fields.hpp.
kafkagen --all FILE.api... --out DIR: writes all.hpp, which includes every API and can visit them."""
import argparse
import os
import sys

sys.dont_write_bytecode = True
from cpp import NOTE, CppWriter  # noqa: E402
from notation import BLOCKS, NotationError, parse_file  # noqa: E402


def write_if_changed(path, text):
    """Leaves an equal file alone, so that nothing that includes it is built again."""
    try:
        with open(path, encoding="utf-8") as old:
            if old.read() == text:
                return
    except FileNotFoundError:
        pass
    with open(path, "w", encoding="utf-8") as new:
        new.write(text)


def merge(writers):
    """The parts of several definitions of one file as one part: headers, or the records of one topic."""
    first = writers[0]
    first.owners = {name: owner for w in writers for name, owner in w.owners.items()}
    first.definition.messages = [m for w in writers for m in w.definition.messages]
    return first


def write_api(path, out):
    writers = [CppWriter(d, "schema/kafka/" + os.path.basename(path)) for d in parse_file(path)]
    writer = merge(writers)
    stem = os.path.join(out, os.path.basename(writer.include))
    write_if_changed(stem + ".hpp", writer.header())
    write_if_changed(stem + ".cpp", writer.source())
    write_if_changed(stem + ".fields.hpp", writer.fields_header())


def visitor(about, function, kind, definitions):
    lines = ["", f"/// {about}", "template <class Visitor>", f"void {function}(Visitor&& visit) {{"]
    for name in sorted(d.name for d, _ in definitions if d.kind == kind):
        lines += [f"  visit.template operator()<{', '.join(f'{name}_{block}' for block in BLOCKS[kind])}>();"]
    return lines + ["}"]


def write_all(paths, out):
    definitions = [(d, CppWriter(d, p).include) for p in paths for d in parse_file(p) if d.kind != "header"]
    lines = ["#pragma once", NOTE.format(source="schema/kafka/*.api")]
    lines += [f'#include "{include}.fields.hpp"' for include in sorted({include for _, include in definitions})]
    lines += ["", "namespace troupe::kafka {"]
    lines += visitor("Calls `visit.template operator()<Request, Response>()` for every API of the schema.",
                     "for_each_api", "api", definitions)
    lines += visitor("Calls `visit.template operator()<Key, Value>()` for every record of the schema.",
                     "for_each_record", "record", definitions)
    lines += ["", "}  // namespace troupe::kafka", ""]
    write_if_changed(os.path.join(out, "all.hpp"), "\n".join(lines))


def main():
    parser = argparse.ArgumentParser(prog="kafkagen", description=__doc__)
    parser.add_argument("files", nargs="+", metavar="FILE.api")
    parser.add_argument("--out", required=True, help="directory of the generated files")
    parser.add_argument("--all", action="store_true", help="write the header over all files")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    try:
        if options.all:
            write_all(options.files, options.out)
        else:
            for path in options.files:
                write_api(path, options.out)
    except NotationError as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()

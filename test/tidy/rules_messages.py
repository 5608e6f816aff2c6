"""The message table of an actor's header is the behaviour in its .cpp."""
import re

from tree import Finding, closing

NAME = re.compile(r"[A-Za-z_][\w:]*")
HANDLER = re.compile(r"\[[^\[\]]*\]\s*\(\s*(?:const\s+)?(?:troupe::)?(wire<\s*([\w:]+)\s*>|[\w:]+)\s*&?&?\s*\w*\s*\)")


def table_of(header):
    """{message: line} of all `/// Messages` tables in a header."""
    found, column = {}, None
    for number, line in enumerate(header.lines, 1):
        m = re.match(r"(\s*///\s+Messages\s+)(\S.*)", line)
        if m:
            column = len(m.group(1))
        elif column is not None:
            m = re.match(r"(\s*///\s+)(\S.*)", line)
            if not m or len(m.group(1)) < column:
                column = None
                continue
            if len(m.group(1)) > column:
                continue  # a sentence that goes on
        if column is not None and m:
            name = NAME.match(m.group(2))
            if name:
                found[name.group().split("::")[-1]] = number
    return found


def handlers_of(source):
    """{message: line} of all behaviours that this file returns or becomes."""
    found = {}
    starts = re.finditer(r"(?:\breturn\s*(?:caf::)?(?:behavior)?\s*|\bbecome\s*\(\s*|\bbehavior\s*\w*\s*=?\s*"
                         r"|\bmessage_handler\s*\w*\s*=?\s*)([{(])\s*(?=\[)", source.code)
    for m in starts:
        at, last = m.end(), closing(source.code, m.start(1))
        while at < last:
            handler = HANDLER.match(source.code, at)
            if not handler:
                break
            name = (handler.group(2) or handler.group(1)).split("::")[-1]
            found[name] = source.line_at(handler.start())
            body = source.code.find("{", handler.end())
            at = closing(source.code, body) + 1 if body >= 0 else last
            rest = re.compile(r"\s*,\s*").match(source.code, at)
            at = rest.end() if rest else last
    return found


def private_types(source):
    return {d.name for d in source.scopes if d.kind == "type"}


def message_tables_tell_the_truth(tree):
    for header in tree.cpp("actors/"):
        if not header.is_header:
            continue
        told = table_of(header)
        stem = header.path[:-len(".hpp")]
        own = tree.files.get(stem + ".cpp")
        if own is None:
            continue
        done = handlers_of(own)
        if not told and not done:
            continue
        for name, line in told.items():
            if name not in done:
                yield Finding("messages", header.path, line, f"tells of {name}, which {own.path} does not handle")
        private = private_types(own)
        for name, line in done.items():
            if name not in told and name not in private:
                yield Finding("messages", own.path, line, f"handles {name}, which the table in {header.path} does not name")


RULES = [message_tables_tell_the_truth]

_HEADER = """/// One replica.
///
/// Messages  PartitionAppend → PartitionAppended   answers when `acks` is
///                                                 satisfied
///           partition_close →                     the last
/// Exits     never
caf::actor spawn_partition();
"""
_CODE = """struct retry_tick {};
caf::behavior partition(self* self) {
  return {
    [state](const wire<PartitionAppend>& m) { return state->append(m); },
    [=](partition_close) { if (x) { quit(); } },
    [=](const retry_tick&) { f(); },
  };
}
"""
SAMPLES = {
    "messages": [
        ({"actors/p.hpp": _HEADER, "actors/p.cpp": _CODE.replace("partition_close", "partition_stop")},
         {"actors/p.hpp": _HEADER, "actors/p.cpp": _CODE}),
        ({"actors/p.hpp": _HEADER, "actors/p.cpp": _CODE.replace("[=](const retry_tick", "[=](const some_message")},
         {"actors/p.hpp": _HEADER, "actors/p.cpp": _CODE}),
    ],
}

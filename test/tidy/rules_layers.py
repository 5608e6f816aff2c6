"""Who may include whom, and which words may stand where."""
import re

from tree import Finding

LAYERS = {"schema": 0, "runtime": 1, "actors": 2, "host": 3, "tools": 4, "examples": 4, "test": 4}
PURE = ("base", "authority", "wire", "log", "kafka", "raft", "replication", "metadata", "group", "transaction", "net",
        "config", "security")
NAMES_CAF = {"runtime/base/error.hpp", "runtime/base/error.cpp", "runtime/wire/caf.hpp"}
CLOCK_FOLDERS = ("runtime/posix/", "tools/", "test/e2e/", "test/fuzz/")
BANNED = [
    (r"\b(steady_clock|system_clock|high_resolution_clock)\s*::\s*now\b", CLOCK_FOLDERS,
     "asks the system for the time; take `now` as a parameter or the clock authority"),
    (r"\bsleep_(for|until)\b|\b(u|nano)?sleep\s*\(", CLOCK_FOLDERS,
     "sleeps; wait for a message or a condition with a deadline"),
    (r"\brandom_device\b|\bsrand\s*\(|\brand\s*\(\s*\)", ("runtime/posix/",),
     "takes randomness from the system; use the random authority"),
    (r"\bcaf\s*::\s*detached\b|<\s*detached\b", ("runtime/node/context",),
     "gives an actor a thread of its own; only the node's context does"),
    (r"\busing\s+namespace\s+caf\b", (), "opens all of CAF, whose `net` and `link` collide with ours"),
    (r"\busing\s+namespace\s+std\s*;", (), "opens all of std"),
]


def layer(path):
    return path.split("/", 1)[0]


def includes_point_left(tree):
    for s in tree.cpp():
        mine = LAYERS.get(layer(s.path))
        if mine is None:
            continue
        for line, name, quoted in s.includes:
            other = layer(name)
            if not quoted or other not in LAYERS:
                continue
            if LAYERS[other] > mine:
                yield Finding("layers", s.path, line, f"includes {name}: {layer(s.path)} lies below {other}")
            elif other == "test" and layer(s.path) != "test":
                yield Finding("layers", s.path, line, f"includes {name}: product code does not use test code")


def pure_domains_do_not_know_caf(tree):
    for domain in PURE:
        for s in tree.cpp(f"runtime/{domain}/"):
            if s.path in NAMES_CAF:
                continue
            for line, name, _ in s.includes:
                if name.startswith("caf/"):
                    yield Finding("pure", s.path, line, f"includes {name}: runtime/{domain} is pure, only base/error names CAF")
            for m in re.finditer(r"\bcaf::\w+", s.code):
                yield Finding("pure", s.path, s.line_at(m.start()), f"names {m.group()}: runtime/{domain} is pure; "
                              "use troupe::expected and troupe::error")


def domain_edges(tree):
    """{folder: folders of its DEPENDS}, from the troupe_domain() calls of all CMakeLists.txt."""
    folder_of, depends_of = {}, {}
    for path, s in tree.files.items():
        if not re.fullmatch(r"(runtime|schema)/(\w+/)?CMakeLists\.txt", path):
            continue
        for m in re.finditer(r"troupe_domain\(\s*(\w+)([^()]*)\)", s.text):
            depends = re.search(r"\bDEPENDS\s+([^()]*?)(?:\b(?:LINK|SOURCES)\b|$)", m.group(2).strip(), re.S)
            folder_of[m.group(1)] = path.rsplit("/", 1)[0]
            depends_of[m.group(1)] = depends.group(1).split() if depends else []
    edges = {}
    for name, names in depends_of.items():
        edges.setdefault(folder_of[name], set()).update(folder_of.get(n, n) for n in names)
    return edges


def closure(edges, domain, seen):
    for d in edges.get(domain, ()):
        if d not in seen:
            seen.add(d)
            closure(edges, d, seen)
    return seen


def includes_follow_the_dependencies(tree):
    edges = domain_edges(tree)
    for domain in edges:
        reachable = closure(edges, domain, {domain})
        for s in tree.cpp(f"{domain}/"):
            for line, name, quoted in s.includes:
                m = re.match(r"(runtime/\w+)/", name)
                if quoted and m and m.group(1) not in reachable:
                    yield Finding("depends", s.path, line, f"includes {name}, but the DEPENDS of {domain}/CMakeLists.txt "
                                  f"do not reach {m.group(1)}")


def words_stay_in_their_folder(tree):
    for s in tree.cpp():
        for pattern, folders, why in BANNED:
            if s.path.startswith(folders) if folders else False:
                continue
            for m in re.finditer(pattern, s.code):
                yield Finding("banned-word", s.path, s.line_at(m.start()), f"`{m.group().strip()}` {why}")


RULES = [includes_point_left, pure_domains_do_not_know_caf, includes_follow_the_dependencies, words_stay_in_their_folder]

# rule → [(tree with the fault, tree without)]
SAMPLES = {
    "layers": [
        ({"runtime/log/log.cpp": '#include "actors/partition.hpp"\n'}, {"actors/a.cpp": '#include "runtime/log/log.hpp"\n'}),
        ({"tools/a.cpp": '#include "test/world.hpp"\n'}, {"test/unit/a.cpp": '#include "test/world.hpp"\n'}),
    ],
    "pure": [
        ({"runtime/log/log.hpp": "#include <caf/actor.hpp>\n"}, {"runtime/wire/caf.hpp": "#include <caf/actor.hpp>\n"}),
        ({"runtime/log/log.cpp": "caf::error f();\n"}, {"runtime/log/log.cpp": '// caf::error\nauto s = "caf::error";\n'}),
    ],
    "depends": [
        ({"runtime/net/CMakeLists.txt": "troupe_domain(net DEPENDS base)", "runtime/net/a.cpp": '#include "runtime/log/b.hpp"\n'},
         {"runtime/net/CMakeLists.txt": "troupe_domain(net DEPENDS log LINK x)", "runtime/base/CMakeLists.txt": "troupe_domain(base)",
          "runtime/log/CMakeLists.txt": "troupe_domain(log DEPENDS base)", "runtime/net/a.cpp": '#include "runtime/base/b.hpp"\n'}),
    ],
    "banned-word": [
        ({"actors/a.cpp": "auto t = std::chrono::steady_clock::now();\n"},
         {"runtime/posix/clock.cpp": "auto t = std::chrono::steady_clock::now();\n"}),
        ({"test/unit/a.cpp": "std::this_thread::sleep_for(1s);\n"}, {"test/e2e/a.cpp": "std::this_thread::sleep_for(1s);\n"}),
        ({"runtime/sim/a.cpp": "std::random_device d;\n"}, {"runtime/posix/a.cpp": "std::random_device d;\n"}),
        ({"actors/a.cpp": "spawn<caf::detached>(f);\n"}, {"runtime/node/context.cpp": "spawn<caf::detached>(f);\n"}),
        ({"actors/a.cpp": "using namespace caf;\n"}, {"actors/a.cpp": "// using namespace caf;\n"}),
    ],
}

"""Writes a message of schema/kafka as a C++ struct with its decoder and encoder."""
import os
import re

from notation import NUMBERS, OPEN_END

CPP_TYPES = {"int8": "std::int8_t", "int16": "std::int16_t", "uint16": "std::uint16_t", "int32": "std::int32_t",
             "uint32": "std::uint32_t", "int64": "std::int64_t", "float64": "double", "bool": "bool",
             "uuid": "troupe::topic_id", "string": "std::string", "bytes": "byte_slice"}
NOTE = "// Made by tools/kafkagen from {source}; edit that one."


class CppWriter:
    def __init__(self, definition, source):
        self.definition = definition
        self.owners = {m.name: definition for m in definition.messages}
        self.note = NOTE.format(source=source)
        self.include = "schema/kafka/" + re.sub(r"^\d+_|\.api$", "", os.path.basename(source))

    # -- shapes -----------------------------------------------------------------------------------------------------

    def element_type(self, message, field):
        if field.kind == "records":
            return "byte_slice" if message.name.endswith("_request") else "record_set"
        return CPP_TYPES.get(field.kind) or self.part_name(message, field.kind)

    @staticmethod
    def part_name(message, struct_name):
        """Inner structs stand outside of their message under this name, for clang cannot put a struct with member
        initialisers into an optional inside the class that contains it."""
        return f"{message.name}_{struct_name}"

    def cpp_type(self, message, field):
        base = self.element_type(message, field)
        if field.array:
            base = f"std::vector<{base}>"
        return f"std::optional<{base}>" if field.nullable else base

    def initial(self, message, field):
        """The member initialiser, which is the protocol's default."""
        if field.default == "null":
            return ""
        if field.kind in NUMBERS and not field.array:
            return " = " + self.number(field)
        if field.kind == "string" and field.default and not field.array:
            return f" = {field.default}"
        if field.nullable:
            plain = self.cpp_type(message, field).removeprefix("std::optional<").removesuffix(">")
            return f" = {plain}{{}}"
        return ""

    @staticmethod
    def number(field):
        if field.kind == "bool":
            return field.default or "false"
        text = field.default or "0"
        if field.kind == "int64" and abs(int(text, 0)) > 0x7fffffff:
            return f"std::int64_t{{{text}}}"
        return "std::numeric_limits<std::int32_t>::min()" if text == "-2147483648" else text

    def is_set(self, message, field):
        """The condition under which a tagged field differs from its default."""
        if field.nullable:
            if field.default == "null":
                return f"{field.name}"
            return f"{field.name} != {self.cpp_type(message, field)}{{{self.initial(message, field)[3:]}}}"
        if field.array or field.kind in ("bytes", "string", "records") and not field.default:
            return f"!{field.name}.empty()"
        if field.kind in NUMBERS or field.default:
            return f"{field.name} != {self.initial(message, field)[3:]}"
        return f"{field.name} != {self.element_type(message, field)}{{}}"

    # -- header -----------------------------------------------------------------------------------------------------

    def header(self):
        out = ["#pragma once", self.note, '#include "runtime/kafka/codec.hpp"', "", "#include <limits>", "",
               "namespace troupe::kafka {"]
        for message in self.definition.messages:
            out += [""] + self.struct(message)
        return "\n".join(out + ["", "}  // namespace troupe::kafka", ""])

    def struct(self, message):
        out = []
        for inner in message.structs:
            name = self.part_name(message, inner.name)
            out += [f"/// `{message.name}::{inner.name}`", f"struct {name} {{"]
            out += self.members(message, name, inner.fields) + ["};", ""]
        out += [f"/// {message.about}"] if message.about else []
        out += [f"struct {message.name} {{"]
        owner = self.owners[message.name]
        if owner.key is not None:
            constant = "api_key" if owner.kind == "api" else "record_type"
            out += [f"  static constexpr std::int16_t {constant} = {owner.key};"]
        out += [f'  static constexpr const char* api_name = "{owner.name}";',
                f"  static constexpr std::int16_t min_version = {message.versions.first};",
                f"  static constexpr std::int16_t max_version = {message.versions.last};",
                "  /// Newest version that may be advertised.",
                f"  static constexpr std::int16_t max_stable_version = {message.stable_max};",
                "  /// First version with compact lengths and tagged fields (KIP-482).",
                f"  static constexpr std::int16_t flexible_from = "
                f"{message.flexible.first if message.flexible else OPEN_END};", ""]
        if message.structs:
            out += [f"  using {s.name} = {self.part_name(message, s.name)};" for s in message.structs] + [""]
        return out + self.members(message, message.name, message.fields) + ["};"]

    def members(self, message, struct_name, fields):
        out = []
        for field in fields:
            facts = self.version_note(message, field)
            comment = "; ".join(filter(None, [field.comment, facts]))
            if comment:
                out.append(f"  /// {comment}")
            out.append(f"  {self.cpp_type(message, field)} {field.name}{self.initial(message, field)};")
        return out + ["", "  /// Reads `version` into a fresh object; failures stay in the reader.",
                      "  void decode(reader& from, std::int16_t version);",
                      "  /// Leaves out what `version` lacks, whether or not it has a value.",
                      "  void encode(writer& to, std::int16_t version) const;",
                      f"  bool operator==(const {struct_name}&) const = default;"]

    @staticmethod
    def version_note(message, field):
        notes = []
        if field.versions != message.versions:
            first, last = field.versions.first, field.versions.last
            notes.append(f"from version {first}" if last == message.versions.last else f"versions {first} to {last}")
        if field.nullable and field.nullable != field.versions:
            notes.append(f"may be null from version {field.nullable.first}")
        return "; ".join(notes)

    # -- decoder and encoder ----------------------------------------------------------------------------------------

    def source(self):
        out = [self.note, f'#include "{self.include}.hpp"', "", "namespace troupe::kafka {"]
        for message in self.definition.messages:
            for inner in message.structs:
                scope = self.part_name(message, inner.name)
                out += [""] + self.decoder(message, scope, inner, f"{message.name}.{inner.name}")
                out += [""] + self.encoder(message, scope, inner)
            out += [""] + self.decoder(message, message.name, message, message.name)
            out += [""] + self.encoder(message, message.name, message)
        return "\n".join(out + ["", "}  // namespace troupe::kafka", ""])

    def decoder(self, message, scope, struct, path):
        out = [f"void {scope}::decode(reader& from, [[maybe_unused]] std::int16_t version) {{"]
        if scope == message.name:
            out += ["  if (version < min_version || version > max_version)",
                    f'    return from.fail(fault::unsupported_version, "{path}");']
        out += self.flexible_flag(message)
        for field in struct.fields:
            if field.tag is None:
                out += self.guarded(struct, field, self.read_call(message, field, path))
        tagged = [f for f in struct.fields if f.tag is not None]
        if tagged:
            out += [f'  for (auto left = flexible ? from.read_tag_count("{path}") : 0u; left > 0 && from.ok(); --left) {{',
                    f'    const auto tag = from.open_tag("{path}");', "    switch (tag.number) {"]
            for field in tagged:
                call = self.read_call(message, field, path)
                test = self.version_test(field.versions, message.flexible & struct.versions)
                out += [f"      case {field.tag}:"]
                out += [f"        if ({test})", f"          {call}", "        else", "          from.skip_tag();"] \
                    if test else [f"        {call}"]
                out += ["        break;"]
            out += ["      default:", "        from.skip_tag();", "    }", f'    from.close_tag(tag, "{path}");', "  }"]
        elif message.flexible:
            out += ["  if (flexible)", f'    from.skip_tags("{path}");']
        return out + ["}"]

    def read_call(self, message, field, path):
        name, where = self.member(field), f'"{path}.{field.name}"'
        compact = "flexible" if field.flexible else "false"
        nullable = f", {self.version_test(field.nullable, field.versions) or 'true'}" if field.nullable else ""
        if field.array:
            return (f"from.read_array({name}, version, {compact}{nullable}, "
                    f"{self.element_bytes_min(message, field)}, {where});")
        if field.is_struct:
            read = "read_struct" if field.tag is None else "read_tagged_struct"
            return f"from.{read}({name}, version, {where});" if nullable else f"{name}.decode(from, version);"
        if field.kind == "records":
            read = "read_bytes" if message.name.endswith("_request") else "read_records"
            return f"from.{read}({name}, {compact}{nullable}, {where});"
        if field.kind in ("string", "bytes"):
            return f"from.read_{field.kind}({name}, {compact}{nullable}, {where});"
        return f"from.read({name}, {where});"

    def encoder(self, message, scope, struct):
        out = [f"void {scope}::encode(writer& to, [[maybe_unused]] std::int16_t version) const {{"]
        if scope == message.name:
            out += ["  if (version < min_version || version > max_version)",
                    f'    return to.fail("no such version of {scope}");']
        out += self.flexible_flag(message)
        for field in struct.fields:
            if field.tag is None:
                out += self.guarded(struct, field, self.write_call(message, field))
        tagged = sorted((f for f in struct.fields if f.tag is not None), key=lambda f: f.tag)
        if tagged:
            out += ["  if (!flexible)", "    return;"]
            for field in tagged:
                test = self.version_test(field.versions, message.flexible & struct.versions)
                condition = self.is_set(message, field)
                condition = f"{test} && {condition}" if test else condition
                out += [f"  const bool has_{field.name} = {condition}{'.has_value()' if condition == field.name else ''};"]
            out += ["  to.write_unsigned_varint(0u" + "".join(f" + has_{f.name}" for f in tagged) + ");"]
            for field in tagged:
                out += [f"  if (has_{field.name}) {{", f"    const auto mark = to.open_tag({field.tag});",
                        f"    {self.write_call(message, field)}", "    to.close_tag(mark);", "  }"]
        elif message.flexible:
            out += ["  if (flexible)", "    to.write_unsigned_varint(0);"]
        return out + ["}"]

    @staticmethod
    def member(field):
        """The field inside its own functions, whose parameter `version` would hide it."""
        return "this->version" if field.name == "version" else field.name

    def write_call(self, message, field):
        name = self.member(field)
        compact = "flexible" if field.flexible else "false"
        nullable = f", {self.version_test(field.nullable, field.versions) or 'true'}" if field.nullable else ""
        if field.array:
            return f"to.write_array({name}, version, {compact}{nullable});"
        if field.is_struct:
            write = "write_struct" if field.tag is None else "write_tagged_struct"
            return f"to.{write}({name}, version);" if nullable else f"{name}.encode(to, version);"
        if field.kind == "records":
            write = "write_bytes" if message.name.endswith("_request") else "write_records"
            return f"to.{write}({name}, {compact}{nullable});"
        if field.kind in ("string", "bytes"):
            return f"to.write_{field.kind}({name}, {compact}{nullable});"
        return f"to.write({name});"

    @staticmethod
    def flexible_flag(message):
        if not message.flexible:
            return []
        test = f"version >= {message.flexible.first}" if message.flexible != message.versions else "true"
        return [f"  [[maybe_unused]] const bool flexible = {test};"]

    def guarded(self, struct, field, call):
        test = self.version_test(field.versions, struct.versions)
        return [f"  if ({test})", f"    {call}"] if test else [f"  {call}"]

    @staticmethod
    def version_test(versions, among):
        """The test for `versions` when the version is known to be `among`; empty when always true."""
        tests = [f"version >= {versions.first}"] if versions.first > among.first else []
        tests += [f"version <= {versions.last}"] if versions.last < among.last else []
        return " && ".join(tests)

    # -- sizes ------------------------------------------------------------------------------------------------------

    def element_bytes_min(self, message, field):
        """What an element takes at least on the wire, as an expression over `flexible`."""
        def smallest(among):
            return min((self.value_bytes(message, field, v, True) for v in among), default=None)

        plain = smallest(v for v in field.versions if v not in message.flexible)
        flexible = smallest(v for v in field.versions if v in message.flexible)
        for size in (plain, flexible):
            if size == 0:
                raise SystemExit(f"{message.name}: an element of {field.name} can be empty")
        if plain is None or flexible is None or plain == flexible:
            return str(plain or flexible)
        return f"flexible ? {flexible} : {plain}"

    def value_bytes(self, message, field, version, as_element=False):
        compact = version in field.flexible
        if field.array and not as_element:
            return 1 if compact else 4
        if field.is_struct:
            if field.nullable and not as_element:
                return 1
            fields = next(s.fields for s in message.structs if s.name == field.kind)
            inner = sum(self.value_bytes(message, f, version) for f in fields
                        if f.tag is None and version in f.versions)
            return inner + (1 if version in message.flexible else 0)
        if field.kind in ("string", "bytes", "records"):
            return 1 if compact else 2 if field.kind == "string" else 4
        return 16 if field.kind == "uuid" else NUMBERS[field.kind]

    # -- visitor ----------------------------------------------------------------------------------------------------

    def fields_header(self):
        """Enumerates fields with their facts, for printers and randomised tests."""
        out = ["#pragma once", self.note, f'#include "{self.include}.hpp"', "", "#include <type_traits>", "",
               "namespace troupe::kafka {"]
        for message in self.definition.messages:
            for inner in message.structs:
                out += [""] + self.visitor(self.part_name(message, inner.name), inner.fields)
            out += [""] + self.visitor(message.name, message.fields)
        return "\n".join(out + ["", "}  // namespace troupe::kafka", ""])

    @staticmethod
    def visitor(scope, fields):
        out = ["/// Calls `visit(field_facts, field)` for each field in declaration order.",
               "template <class M, class Visitor>", f"  requires std::is_same_v<std::remove_const_t<M>, {scope}>",
               "void for_each_field(M& m, Visitor&& visit) {"]
        for field in fields:
            tag = -1 if field.tag is None else field.tag
            out += [f'  visit(field_facts{{"{field.name}", {field.versions.first}, {field.versions.last}, '
                    f"{field.nullable.first}, {field.nullable.last}, {tag}}}, m.{field.name});"]
        return out + ["}"]

"""Mistakes in an .api file are told with file and line, and the generator writes nothing that C++ would refuse."""
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../tools/kafkagen"))
from cpp import CppWriter  # noqa: E402
from notation import NotationError, Parser, Versions  # noqa: E402

HEAD = "api x\nkey 1\nversions 0-3\nflexible 2+\n"


def parse(request, response="", before=""):
    return Parser("x.api", f"{HEAD}{before}request\n{request}response\n{response}").parse()[0]


class Notation(unittest.TestCase):
    def assert_refused(self, expected, *args, **kwargs):
        with self.assertRaises(NotationError) as caught:
            parse(*args, **kwargs)
        self.assertIn(expected, str(caught.exception))

    def test_versions_are_cut_to_those_around_them(self):
        message = parse("  a []b 1+ nullable\n    c int8 0-2\n").messages[0]
        self.assertEqual(message.fields[0].nullable, Versions(1, 3))
        self.assertEqual(message.structs[0].fields[0].versions, Versions(1, 2))

    def test_the_newest_version_can_be_unstable(self):
        text = HEAD.replace("0-3", "0-3 newest unstable") + "request\nresponse\n"
        self.assertEqual(Parser("x.api", text).parse()[0].messages[0].stable_max, 2)

    def test_common_structs_serve_several_fields(self):
        definition = parse("  a []shared\n", "  b shared\n", before="common shared\n  c int8\n")
        self.assertEqual([m.structs[0].name for m in definition.messages], ["shared", "shared"])

    def test_fields_that_exist_in_no_version_are_refused(self):
        self.assert_refused("x.api:6: a exists in no version", "  a int32 5+\n")

    def test_unknown_types_and_attributes_are_refused(self):
        self.assert_refused("x.api:6: no type intt", "  a intt\n")
        self.assert_refused("unknown attribute 'nulable'", "  a int32 nulable\n")

    def test_tags_need_flexible_versions(self):
        self.assert_refused("not flexible", "  a int32 tag 1\n")
        self.assertEqual(parse("  a int32 2+ tag 1\n").messages[0].fields[0].tag, 1)

    def test_defaults_fit_their_fields(self):
        self.assert_refused("defaults to null", "  a int32 = null\n")
        self.assert_refused("only numbers", "  a []int32 = 5\n")

    def test_names_that_cpp_refuses_are_refused(self):
        self.assert_refused("cannot be a C++ name", "  int int32\n")
        self.assert_refused("a field and a struct called topic", "  topic []topic\n    x int8\n")
        self.assert_refused("second field named a", "  a int8\n  a int8\n")

    def test_indentation_means_structs(self):
        self.assert_refused("int32 has no fields", "  a int32\n   b int32\n")
        self.assert_refused("no type b", "  a b\n    c b\n")

    def test_elements_that_can_be_empty_have_no_bounded_count(self):
        definition = parse("  a []b\n    c int32 2+\n")
        with self.assertRaises(SystemExit):
            CppWriter(definition, "x.api").source()

    def test_element_sizes_are_the_least_of_all_versions(self):
        definition = parse("  a []b\n    c int32\n    d string 1+\n    e uuid 3+\n")
        self.assertIn("from.read_array(a, version, flexible, flexible ? 6 : 4,", CppWriter(definition, "x.api").source())


if __name__ == "__main__":
    unittest.main()

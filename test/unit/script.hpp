#pragma once

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

/// Script tests: a text file of inputs and the effects that are expected, readable without C++. Shared by the tests of
/// all pure classes.
///
///   # a comment
///   == the claim that the lines up to the next claim show          begins with a fresh subject
///   input                                                          its effect is expected to be "ok"
///   input -> effect                                                compared as text; spaces around the arrow do not
///   count
namespace troupe::test {

inline std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t");
  return begin == std::string::npos ? std::string{} : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

using words = std::vector<std::string>;

/// The parts of `text` between those `at`, without empty ones.
inline words split(const std::string& text, char at = ' ') {
  words out;
  std::istringstream in{text};
  for (std::string word; std::getline(in, word, at);)
    if (!word.empty())
      out.push_back(word);
  return out;
}

/// Runs the script `path`. `Subject` is made anew for every claim and has `std::string run(const std::string& input)`,
/// which carries an input out and tells its effect in one line.
template <class Subject>
void run_script(const std::string& path) {
  std::ifstream in{path};
  BOOST_REQUIRE_MESSAGE(in, "cannot read script " + path);
  auto subject = std::make_unique<Subject>();
  std::string claim = "(no claim)";
  std::string line;
  int compared = 0;
  for (int number = 1; std::getline(in, line); ++number) {
    line = trimmed(line);
    if (line.empty() || line[0] == '#')
      continue;
    if (line.starts_with("==")) {
      claim = trimmed(line.substr(2));
      subject = std::make_unique<Subject>();
      continue;
    }
    const auto arrow = line.find("->");
    const auto input = trimmed(line.substr(0, arrow));
    const auto wanted = arrow == std::string::npos ? std::string{"ok"} : trimmed(line.substr(arrow + 2));
    BOOST_TEST_CONTEXT(path << ":" << number << ": " << claim << ": " << input)
      BOOST_TEST(subject->run(input) == wanted);
    ++compared;
  }
  BOOST_TEST(compared > 0, path + " compares nothing");
}

}  // namespace troupe::test

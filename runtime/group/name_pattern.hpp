#pragma once

#include <memory>
#include <string>

namespace re2 {
class RE2;
}

namespace troupe::group {

/// A regular expression for names that clients choose, in the syntax that Kafka's coordinators take, matched in time
/// linear in the name (KIP-848, KIP-1152). An empty one matches all.
class name_pattern {
 public:
  explicit name_pattern(const std::string& text);
  ~name_pattern();

  /// Whether the text is a regular expression.
  bool is_sound() const;
  /// Why it is none.
  std::string fault() const;
  /// Whether the whole name matches.
  bool matches(const std::string& name) const;

 private:
  std::unique_ptr<re2::RE2> compiled_;  ///< null: matches all
};

}  // namespace troupe::group

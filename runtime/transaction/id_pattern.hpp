#pragma once

#include <memory>
#include <string>

namespace re2 {
class RE2;
}

namespace troupe::transaction {

/// A regular expression for transactional ids, in the syntax that Kafka takes, matched in time linear in the id
/// (KIP-1152). An empty one matches all.
class id_pattern {
 public:
  explicit id_pattern(const std::string& text);
  ~id_pattern();

  /// Whether the text is a regular expression.
  bool is_sound() const;
  /// Whether the whole id matches.
  bool matches(const std::string& id) const;

 private:
  std::unique_ptr<re2::RE2> compiled_;  ///< null: matches all
};

}  // namespace troupe::transaction

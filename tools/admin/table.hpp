#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::tools {

/// Rows of text in aligned columns; columns that hold only numbers stand to the right.
class table {
 public:
  explicit table(std::vector<std::string> head) : rows_{std::move(head)} {}

  /// Adds a row with as many cells as the head has.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// All lines, each indented by `indent` spaces and ended.
  std::string text(std::size_t indent = 0) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// `1,2,3`, or `-` when there are none.
std::string to_list(const std::vector<std::int32_t>& numbers);

}  // namespace troupe::tools

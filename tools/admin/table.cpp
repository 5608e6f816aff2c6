#include "tools/admin/table.hpp"

#include <algorithm>

namespace troupe::tools {

namespace {

bool is_number(const std::string& cell) {
  return cell == "-" || cell.find_first_not_of("0123456789-.") == std::string::npos;
}

}  // namespace

std::string table::text(std::size_t indent) const {
  const auto columns = rows_.front().size();
  std::vector<std::size_t> widths(columns, 0);
  std::vector<bool> numbers(columns, rows_.size() > 1);
  for (std::size_t r = 0; r < rows_.size(); ++r)
    for (std::size_t c = 0; c < columns; ++c) {
      widths[c] = std::max(widths[c], rows_[r][c].size());
      if (r > 0 && !is_number(rows_[r][c]))
        numbers[c] = false;
    }
  std::string out;
  for (const auto& row : rows_) {
    std::string line(indent, ' ');
    for (std::size_t c = 0; c < columns; ++c) {
      const std::string gap(widths[c] - row[c].size(), ' ');
      line += (c == 0 ? "" : "  ") + (numbers[c] ? gap + row[c] : row[c] + gap);
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::string to_list(const std::vector<std::int32_t>& numbers) {
  std::string out;
  for (const auto n : numbers)
    out += (out.empty() ? "" : ",") + std::to_string(n);
  return out.empty() ? "-" : out;
}

}  // namespace troupe::tools

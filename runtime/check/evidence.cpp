#include "runtime/check/evidence.hpp"

#include "runtime/check/text.hpp"

namespace troupe::check {

namespace {

constexpr std::uint32_t named_records_max = 5;
constexpr std::size_t whole_line_bytes_max = 100;
constexpr std::size_t line_bytes_max = 300;

}  // namespace

std::string evidence(const observed& seen, const char* label, operation_number op, log_key key, offset around) {
  if (op == no_operation)
    return {};
  auto line = to_text(seen.run(), seen.run().operations()[op]);
  if (line.size() > whole_line_bytes_max)
    line = excerpt(seen.run(), seen.run().operations()[op], key, around);
  if (line.size() > line_bytes_max)
    line.replace(line.rfind(' ', line_bytes_max), line.npos, " …");
  return std::string{"\n  "} + label + "  " + line;
}

std::string shown(value what, offset at) {
  return std::to_string(what.value) + (at == no_offset ? "" : "@" + std::to_string(at.value));
}

std::string shown_due(const observed_log& log, std::uint32_t from, std::uint32_t to) {
  const auto count = log.due(from, to);
  std::string out = std::to_string(count) + (count == 1 ? " record:" : " records:");
  std::uint32_t named = 0;
  for (auto place = from; place < to && named < named_records_max; ++place)
    if (log.due(place, place + 1) > 0) {
      out += ' ' + shown(log.value_at(place).what, log.at_place(place).at);
      ++named;
    }
  return out + (named < count ? " …" : "");
}

}  // namespace troupe::check

#include "runtime/group/assignors.hpp"

#include <algorithm>

namespace troupe::group {

namespace {

constexpr std::string_view blanks = " \t\r\n";

error refusal(const std::string& why, std::string_view what_to_do) {
  return domain_error(error_domain::base, 1, "group.consumer.assignors: " + why + std::string{what_to_do});
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  text.remove_suffix(text.size() - (text.find_last_not_of(blanks) + 1));
  return text;
}

std::vector<std::string_view> names_in(std::string_view setting) {
  std::vector<std::string_view> out;
  if (trimmed(setting).empty())
    return out;
  for (;;) {
    const auto comma = setting.find(',');
    out.push_back(trimmed(setting.substr(0, comma)));
    if (comma == std::string_view::npos)
      return out;
    setting.remove_prefix(comma + 1);
  }
}

/// The name behind Kafka's name of a class, which its own configuration files may have.
std::string_view short_name(std::string_view name) {
  if (name == "org.apache.kafka.coordinator.group.assignor.UniformAssignor")
    return "uniform";
  if (name == "org.apache.kafka.coordinator.group.assignor.RangeAssignor")
    return "range";
  return name;
}

std::string names_of(const assignor_list& list) {
  std::string out;
  for (const auto& one : list)
    out += (out.empty() ? "" : ", ") + std::string{one->name()};
  return out;
}

assignor_list::const_iterator place_of(const assignor_list& among, std::string_view name) {
  return std::find_if(among.begin(), among.end(), [&](const auto& one) { return one->name() == name; });
}

}  // namespace

const assignor* find(const assignor_list& among, std::string_view name) {
  const auto at = place_of(among, name);
  return at == among.end() ? nullptr : at->get();
}

expected<assignor_list> assignors_of(std::string_view setting, const assignor_list& own) {
  auto known = own;
  for (const auto& ours : {uniform_assignor(), range_assignor()})
    if (!find(own, ours->name()))
      known.push_back(ours);
  const auto choice = "; there are " + names_of(known);
  assignor_list out;
  for (auto name : names_in(setting)) {
    const auto found = place_of(known, short_name(name));
    if (found == known.end())
      return refusal("there is no assignor \"" + std::string{name} + "\"", choice);
    if (find(out, short_name(name)))
      return refusal("\"" + std::string{name} + "\" is listed twice", "; list each assignor once");
    out.push_back(*found);
  }
  if (out.empty())
    return refusal("the list is empty", choice);
  return out;
}

}  // namespace troupe::group

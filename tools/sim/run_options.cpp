#include "tools/sim/run_options.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

namespace troupe::cluster_sim {

namespace {

using sim::fault_action;

const std::map<std::string_view, std::set<fault_action>>& families() {
  using enum fault_action;
  static const std::map<std::string_view, std::set<fault_action>> all = {
    {"process", {crash, power_loss, crash_at_disk_op, power_loss_at_disk_op, pause}},
    {"disk", {slow_disk, disk_fault, wipe}},
    {"clock", {step_clock, drift}},
    {"network", {cut, clog, drop_dials, refuse_dials, reset, isolate}},
  };
  return all;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(at), text.size());
    if (end > 0)
      out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string known_words() {
  std::string out = "all, none";
  for (const auto& [name, kinds] : families())
    out += ", " + std::string{name};
  for (const auto action : sim::all_fault_actions())
    out += ", " + std::string{sim::word_of(action)};
  return out;
}

error bad(const std::string& why) {
  return sim::make_error(sim::plan_errc::bad_plan, why);
}

template <class Number>
bool read(std::string_view word, Number& into) {
  const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), into);
  return failed == std::errc{} && end == word.data() + word.size();
}

std::string words_of(const std::set<fault_action>& kinds) {
  std::string out;
  for (const auto action : kinds)
    out += (out.empty() ? "" : ",") + std::string{sim::word_of(action)};
  return out.empty() ? "none" : out;
}

/// One line of options, behind its mark.
error read_option(std::string_view line, run_options& into) {
  const auto words = split(line, ' ');
  if (words.size() != 2)
    return bad("an option is a name and a value");
  if (words[0] == "seed" && read(words[1], into.seed))
    return {};
  std::int64_t seconds = 0;
  if (words[0] == "seconds" && read(words[1], seconds) && seconds >= 0) {
    into.faults_for = std::chrono::seconds{seconds};
    return {};
  }
  if (words[0] == "clients" && (words[1] == "work" || words[1] == "idle")) {
    into.idle = words[1] == "idle";
    return {};
  }
  if (words[0] == "operator" && (words[1] == "works" || words[1] == "idle")) {
    into.operates = words[1] == "works";
    return {};
  }
  if (words[0] == "nodes" && read(words[1], into.nodes) && is_node_count(into.nodes))
    return {};
  if (words[0] == "without") {
    auto kinds = parse_kinds(words[1]);
    if (!kinds)
      return kinds.error();
    into.without = std::move(*kinds);
    return {};
  }
  return bad("'" + std::string{line} + "' is no option; there are seed, seconds, nodes, clients, "
               "operator and without");
}

constexpr std::string_view option_mark = "#:";

}  // namespace

bool is_node_count(std::int32_t nodes) {
  return nodes == 0 || nodes == 1 || nodes == 3 || nodes == 5;
}

expected<std::set<fault_action>> parse_kinds(std::string_view words) {
  std::set<fault_action> out;
  for (const auto word : split(words, ',')) {
    const auto family = families().find(word);
    const auto& all = sim::all_fault_actions();
    const auto kind = std::find_if(all.begin(), all.end(), [word](auto a) { return sim::word_of(a) == word; });
    if (word == "all")
      out.insert(all.begin(), all.end());
    else if (family != families().end())
      out.insert(family->second.begin(), family->second.end());
    else if (kind != all.end())
      out.insert(*kind);
    else if (word != "none")
      return bad("'" + std::string{word} + "' is no kind of fault; there are " + known_words());
  }
  return out;
}

std::string run_file(const run_options& options, const sim::fault_plan& plan) {
  const auto mark = std::string{option_mark} + " ";
  return mark + "seed " + std::to_string(options.seed) + "\n" + mark + "seconds "
         + std::to_string(options.faults_for.count()) + "\n" + mark + "clients " + (options.idle ? "idle" : "work")
         + "\n" + mark + "nodes " + std::to_string(options.nodes) + "\n" + mark + "operator "
         + (options.operates ? "works" : "idle") + "\n" + mark + "without " + words_of(options.without) + "\n"
         + sim::to_string(plan);
}

expected<stored_run> parse_run_file(std::string_view text) {
  stored_run out;
  std::size_t number = 0;
  for (auto rest = text; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (!line.starts_with(option_mark))
      continue;
    if (auto wrong = read_option(line.substr(option_mark.size()), out.options))
      return with_context("line " + std::to_string(number), wrong);
  }
  auto plan = sim::parse_plan(text);
  if (!plan)
    return plan.error();
  out.plan = std::move(*plan);
  return out;
}

}  // namespace troupe::cluster_sim

#include "tools/sim/timeline.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

namespace troupe::cluster_sim {

namespace {

/// Cuts the first word off.
std::string_view take_word(std::string_view& from) {
  from.remove_prefix(std::min(from.find_first_not_of(' '), from.size()));
  const auto word = from.substr(0, from.find(' '));
  from.remove_prefix(word.size());
  from.remove_prefix(std::min(from.find_first_not_of(' '), from.size()));
  return word;
}

bool is_node(std::string_view name) {
  return name.size() >= 2 && name[0] == 'n' && name.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

std::string seconds(sim::virtual_time at) {
  char out[32];
  std::snprintf(out, sizeof out, "%9.3f s", std::chrono::duration<double>(at).count());
  return out;
}

bool is_level(std::string_view word) {
  return word == "info" || word == "warning" || word == "error";
}

std::string text_of(const sighting& s) {
  if (s.what == sighting::kind::controller)
    return "n" + std::to_string(s.node) + "  is the active controller";
  const auto what = "partition " + std::to_string(s.partition) + ": ";
  const auto who = s.node < 0 ? "    " + what + "nobody leads" : "n" + std::to_string(s.node) + "  " + what + "leads";
  return who + ", epoch " + std::to_string(s.epoch) + ", in sync " + s.in_sync;
}

}  // namespace

void timeline::hear(const std::string& trace_line) {
  std::string_view rest = trace_line;
  double at = 0;
  const auto time = take_word(rest);
  std::from_chars(time.data(), time.data() + time.size(), at);
  event e;
  e.at = std::chrono::duration_cast<sim::virtual_time>(std::chrono::duration<double>(at));
  const auto where = take_word(rest);
  if (is_node(where)) {
    e.node = where;
    if (rest == "starts" || rest == "goes on")
      e.what = event::kind::starts;
    else if (rest == "ends" || rest == "loses power" || rest == "crashes" || rest == "pauses" || rest == "is wiped")
      e.what = event::kind::ends;
    else if (auto text = rest; !is_level(take_word(text)))
      return;
  } else if (where == "fault") {
    e.what = event::kind::fault;
    auto text = rest;
    take_word(text);  // when
    rest = text;
    take_word(text);  // what
    const auto host = take_word(text);
    if (is_node(host))
      e.node = host;
  } else {
    return;
  }
  e.text = rest.substr(0, rest.find_last_not_of('\n') + 1);
  events.push_back(std::move(e));
}

std::string to_text(const timeline& of) {
  std::vector<std::pair<sim::virtual_time, std::string>> lines;
  for (const auto& e : of.events) {
    const bool is_fault = e.what == timeline::event::kind::fault;
    const auto node = e.node.empty() || is_fault ? "   " : e.node + " ";
    const auto mark = is_fault ? "* " : e.what == timeline::event::kind::says ? "  " : "# ";
    lines.emplace_back(e.at, mark + node + " " + e.text);
  }
  for (const auto& s : of.sightings)
    lines.emplace_back(s.at, "> " + text_of(s));
  std::stable_sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out = "* fault   # process   > leadership\n";
  for (const auto& [at, text] : lines)
    out += seconds(at) + "  " + text + "\n";
  return out;
}

}  // namespace troupe::cluster_sim

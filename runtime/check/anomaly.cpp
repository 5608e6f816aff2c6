#include "runtime/check/anomaly.hpp"

namespace troupe::check {

std::string_view name_of(anomaly what) {
  constexpr std::array<std::string_view, anomaly_count> names = {
    "lost-write",      "G1a",
    "precommitted-read", "unwritten-read",
    "duplicate",       "inconsistent-offsets",
    "nonmonotonic-send", "reordered-send",
    "nonmonotonic-poll", "poll-skip",
    "int-nonmonotonic-poll", "int-poll-skip",
    "int-nonmonotonic-send", "int-send-skip",
    "unseen",          "consumed-twice",
    "G0",              "G0-process",
    "G0-realtime",     "G1c",
    "G1c-process",     "G1c-realtime"};
  return names[static_cast<std::size_t>(what)];
}

finding* findings::add(anomaly what, log_key key, bool excused) {
  const auto kind = static_cast<std::size_t>(what);
  ++counts_[kind];
  if (excused)
    ++excused_[kind];
  // Those that count are described even when excused ones came first.
  const auto alike = excused ? excused_[kind] : counts_[kind] - excused_[kind];
  if (alike > findings_kept_max)
    return nullptr;
  kept_.push_back({what, key, excused, {}});
  return &kept_.back();
}

}  // namespace troupe::check

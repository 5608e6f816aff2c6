#include "runtime/sim/trace.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

namespace troupe::sim {

std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : text)
    h = (h ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ULL;
  return h;
}

trace_name::trace_name(std::string said) : text(std::move(said)), hash(stable_hash(text)) {}

void trace::event(const trace_name& where, std::string what) {
  mix(where.hash);
  mix(stable_hash(what));
  keep({now_, &where, nullptr, nullptr, 0, std::move(what)});
}

void trace::message(const trace_name& machine, const trace_name& actor, std::uint64_t id, const trace_name& what) {
  mix(machine.hash ^ id);
  mix(actor.hash + what.hash);
  keep({now_, &machine, &actor, &what, id, {}});
}

void trace::received(const trace_name& where, std::size_t bytes, const trace_name& from) {
  mix(where.hash ^ bytes);
  mix(from.hash);
  keep({now_, &where, nullptr, &from, bytes, {}});
}

void trace::content(bytes_view bytes) {
  std::uint64_t word = bytes.size();
  for (; bytes.size() >= sizeof word; bytes = bytes.subspan(sizeof word)) {
    mix(word);
    std::memcpy(&word, bytes.data(), sizeof word);
  }
  mix(word);
  mix(stable_hash(as_text(bytes)));
}

std::vector<std::string> trace::last_lines() const {
  std::vector<std::string> lines;
  const auto kept = std::min<std::uint64_t>(count_, ring_.size());
  for (auto number = count_ - kept; number < count_; ++number)
    lines.push_back(line(ring_[number % ring_.size()]));
  return lines;
}

std::string trace::line(const entry& of) {
  char time[32];
  const auto nanoseconds = of.at.count();
  std::snprintf(time, sizeof time, "%5lld.%09lld ", static_cast<long long>(nanoseconds / 1'000'000'000),
                static_cast<long long>(nanoseconds % 1'000'000'000));
  if (!of.actor && of.message)
    return time + of.where->text + " gets " + std::to_string(of.id) + " bytes from " + of.message->text;
  if (!of.actor)
    return time + of.where->text + " " + of.text;
  return time + of.where->text + " " + of.actor->text + "#" + std::to_string(of.id) + " < " + of.message->text;
}

void trace::mix(std::uint64_t word) {
  hash_ = (std::rotl(hash_, 27) ^ word) * 0x9e3779b97f4a7c15ULL;
}

void trace::keep(entry e) {
  mix(static_cast<std::uint64_t>(e.at.count()));
  if (listener_)
    listener_(line(e));
  if (!ring_.empty())
    ring_[count_ % ring_.size()] = std::move(e);
  ++count_;
}

}  // namespace troupe::sim

#include "runtime/sim/network_state.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/sim/dial.hpp"
#include "runtime/sim/stream.hpp"

#include <algorithm>

namespace troupe::sim {

namespace {

using namespace std::chrono_literals;

constexpr latency within_a_host{2us, 20us, 0, 0ns};
constexpr std::uint64_t thread_delay_most = 20'000;  // nanoseconds until the transport's thread does what it is told

std::chrono::nanoseconds draw(prng& random, std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
  const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>(0, (most - least).count()));
  return least + std::chrono::nanoseconds{random.below(span + 1)};
}

}  // namespace

host& network_state::at(const std::string& name) {
  const auto found = hosts.find(name);
  TROUPE_INVARIANT(found != hosts.end(), "no host of the world is called " + name);
  return found->second;
}

path& network_state::between(const host& from, const host& to) {
  const auto [found, is_new] = paths.try_emplace({from.name, to.name});
  if (is_new)
    found->second.takes = &from == &to ? within_a_host : usual;
  return found->second;
}

std::chrono::nanoseconds network_state::draw_latency(path& over) {
  const auto& takes = over.takes;
  if (random.chance(takes.spikes_per_million))
    return draw(random, takes.most, std::max(takes.most, takes.spike_most));
  return draw(random, takes.least, takes.most);
}

virtual_time network_state::arrival(path& over, std::size_t bytes) {
  auto leaves = now;
  if (over.bytes_per_second > 0) {
    over.free_at = std::max(over.free_at, now)
                 + std::chrono::nanoseconds{bytes * 1'000'000'000 / over.bytes_per_second};
    leaves = over.free_at;
  }
  return leaves + draw_latency(over);
}

void network_state::let_hear(host& at, std::function<void()> what) {
  if (is_over)
    return;
  at.to_hear.emplace(++last_number, std::move(what));
  events.at(now, [this, &at, number = last_number] { hear(at, number); });
}

void network_state::call_soon(host& at, std::function<void()> what) {
  if (is_over || at.is_silenced())
    return;
  at.last_call = std::max(at.last_call, now + std::chrono::nanoseconds{random.below(thread_delay_most)});
  at.to_hear.emplace(++last_number, std::move(what));
  events.at(at.last_call, [this, &at, number = last_number] { hear(at, number); });
}

void network_state::hear(host& at, std::uint64_t number) {
  auto waiting = at.to_hear.extract(number);
  if (waiting.empty())
    return;
  if (at.is_paused)
    at.unheard.push_back(std::move(waiting.mapped()));
  else
    waiting.mapped()();
}

void network_state::end_process(host& at) {
  at.is_paused = false;
  at.to_hear.clear();
  at.unheard.clear();
  at.listeners.clear();
  for (const auto& [number, dial] : std::exchange(at.dials, {}))
    dial->abandon();
}

void network_state::release() {
  for (auto& [name, host] : hosts) {
    const auto ends = host.ends;
    for (const auto& [number, end] : ends)
      end->release();
  }
}

std::uint16_t network_state::free_port(host& on) {
  while (on.listeners.contains(on.next_port))
    on.next_port = static_cast<std::uint16_t>(std::max(49'152, on.next_port + 1));
  return std::exchange(on.next_port, static_cast<std::uint16_t>(std::max(49'152, on.next_port + 1)));
}

}  // namespace troupe::sim

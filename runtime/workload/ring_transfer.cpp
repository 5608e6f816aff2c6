#include "runtime/workload/ring_transfer.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>
#include <utility>

namespace troupe::workload {

using check::log_key;
using check::operation_kind;
using check::step_kind;

namespace {

std::size_t place(log_key key) {
  return static_cast<std::size_t>(key.value);
}

std::string shown(log_key key, std::size_t what) {
  return "value " + std::to_string(what) + " of partition " + std::to_string(key.value);
}

/// By partition and value: what the final reads of `h` brought.
std::vector<std::vector<bool>> finally_read(const check::history& h, std::vector<std::vector<bool>> none) {
  const auto from = h.final_reads_from().value_or(check::never);
  for (const auto& op : h.operations())
    for (const auto& s : h.steps(op))
      for (const auto& r : h.records(s))
        if (op.invoked >= from && place(s.key) < none.size() && r.what.value >= 0
            && static_cast<std::size_t>(r.what.value) < none[place(s.key)].size())
          none[place(s.key)][static_cast<std::size_t>(r.what.value)] = true;
  return none;
}

}  // namespace

ring_transfer::ring_transfer(const ring_options& options)
  : options_(options), seeds_left_(options.token_count), values_(static_cast<std::size_t>(options.partition_count)) {
  TROUPE_INVARIANT(options.partition_count > 1, "a ring has partitions to go to");
}

std::optional<wish> ring_transfer::next(check::client_id client) {
  if (final_)
    return final_->next(client);
  if (seeds_left_ > 0) {
    --seeds_left_;
    return wish{operation_kind::send, {send(log_key{seeds_left_ % options_.partition_count}, {})}};
  }
  if (std::find(subscribed_.begin(), subscribed_.end(), client) == subscribed_.end()) {
    subscribed_.push_back(client);
    wish w{operation_kind::subscribe, {}};
    for (std::int32_t key = 0; key < options_.partition_count; ++key)
      w.steps.push_back({step_kind::name, log_key{key}});
    return w;
  }
  return wish{operation_kind::transaction, {{step_kind::poll}}};
}

std::optional<wished_step> ring_transfer::pass_on(log_key from, const check::record& what) {
  auto& known = values_.at(place(from)).at(static_cast<std::size_t>(what.what.value));
  if (known.hops < options_.hops)
    return send(behind(from), {from, what.what, known.hops + 1});
  if (!std::exchange(known.arrived, true))
    ++arrived_count_;
  return std::nullopt;
}

wished_step ring_transfer::send(log_key to, const origin& of) {
  auto& values = values_[place(to)];
  values.push_back(of);
  return {step_kind::send, to, check::value{static_cast<std::int64_t>(values.size() - 1)}};
}

check::log_key ring_transfer::behind(log_key key) const {
  return log_key{(key.value + 1) % options_.partition_count};
}

void ring_transfer::crashed(check::client_id client) {
  std::erase(subscribed_, client);
  if (final_)
    final_->crashed(client);
}

void ring_transfer::reached(check::client_id client, log_key key, offset position) {
  if (final_)
    final_->reached(client, key, position);
}

std::vector<std::string> ring_transfer::verdict(const check::history& h, bool all_arrived) const {
  std::vector<std::vector<bool>> nothing;
  std::vector<std::vector<std::size_t>> passed_on;
  for (const auto& values : values_) {
    nothing.emplace_back(values.size(), false);
    passed_on.emplace_back(values.size(), 0);
  }
  const auto there = finally_read(h, std::move(nothing));
  std::vector<std::string> out;
  for (std::int32_t n = 0; n < options_.partition_count; ++n) {
    const log_key key{n};
    for (std::size_t what = 0; what < values_[place(key)].size(); ++what) {
      const auto& of = values_[place(key)][what];
      if (!there[place(key)][what] || of.from == check::no_key)
        continue;
      const auto source = static_cast<std::size_t>(of.source.value);
      ++passed_on[place(of.from)][source];
      if (!there[place(of.from)][source])
        out.push_back(shown(key, what) + " comes from " + shown(of.from, source) + ", which is not there");
    }
  }
  for (std::int32_t n = 0; n < options_.partition_count; ++n) {
    const log_key key{n};
    for (std::size_t what = 0; what < values_[place(key)].size(); ++what) {
      const auto times = passed_on[place(key)][what];
      if (times > 1)
        out.push_back(shown(key, what) + " was passed on " + std::to_string(times) + " times");
      if (times == 0 && all_arrived && there[place(key)][what] && values_[place(key)][what].hops < options_.hops)
        out.push_back(shown(key, what) + " was not passed on");
    }
  }
  return out;
}

}  // namespace troupe::workload

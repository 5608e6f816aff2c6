// The order of sends against the order of their offsets.
#include "runtime/check/checks.hpp"
#include "runtime/check/evidence.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::check {

namespace {

/// A send whose offset is known.
struct placed_send {
  operation_number op = no_operation;
  value what;
  offset at;
};

std::string two_sends(const observed& seen, log_key key, const placed_send& first, const placed_send& second) {
  return shown(first.what, first.at) + " was sent to partition " + std::to_string(key.value) + " before "
         + shown(second.what, second.at) + evidence(seen, "first ", first.op, key, first.at)
         + evidence(seen, "second", second.op, key, second.at);
}

/// The higher of two sends; either may be none.
void raise(placed_send& highest, const placed_send& to) {
  if (highest.op == no_operation || to.at > highest.at)
    highest = to;
}

/// The sends of one client to one partition, in the order in which they were invoked.
class client_sends {
 public:
  /// `in_flight_ordered`: sends are ordered from their invocation on, and not only once they are acknowledged.
  client_sends(const observed& seen, bool in_flight_ordered) : seen_(&seen), in_flight_ordered_(in_flight_ordered) {}

  /// The earlier send that should have come before `next` and did not, if there is one.
  std::optional<placed_send> add(const placed_send& next, bool acked) {
    settle(seen_->run().operations()[next.op].invoked);
    std::optional<placed_send> wrong;
    for (const auto& before : {acked_, unknown_})
      if (before.op != no_operation && before.op != next.op && before.at > next.at)
        wrong = before;
    if (!acked && in_flight_ordered_)
      raise(unknown_, next);
    else if (in_flight_ordered_)
      raise(acked_, next);
    else if (acked)
      pending_.push_back(next);
    return wrong;
  }

  /// The client is gone: what it was not told of may come at any time.
  void crash() { unknown_ = {}; }

 private:
  void settle(instant now) {
    std::erase_if(pending_, [&](const placed_send& p) {
      if (seen_->run().operations()[p.op].completed > now)
        return false;
      raise(acked_, p);
      return true;
    });
  }

  const observed* seen_;
  bool in_flight_ordered_;
  placed_send acked_;                 ///< the highest that was acknowledged
  placed_send unknown_;               ///< the highest that was not
  std::vector<placed_send> pending_;  ///< acknowledged, but maybe later than the next one was sent
};

void check_clients(const observed& seen, bool in_flight_ordered, findings& to) {
  std::unordered_map<client_id, std::unordered_map<std::uint32_t, client_sends>> clients;
  const auto all = seen.run().operations();
  for (operation_number op = 0; op < all.size(); ++op) {
    auto& logs = clients[all[op].client];
    if (all[op].kind == operation_kind::crash)
      for (auto& [log, sends] : logs)
        sends.crash();
    if (all[op].result == outcome::fail)
      continue;
    for (const auto& s : seen.run().steps(all[op])) {
      if (s.kind != step_kind::send || seen.offset_of(s) == no_offset)
        continue;
      const placed_send next{op, s.sent, seen.offset_of(s)};
      auto& sends = logs.try_emplace(seen.log_of(s), seen, in_flight_ordered).first->second;
      const auto earlier = sends.add(next, s.at != no_offset);
      if (!earlier)
        continue;
      if (auto* f = to.add(anomaly::nonmonotonic_send, s.key))
        f->text = "by client " + std::to_string(all[op].client.value) + " " + two_sends(seen, s.key, *earlier, next);
    }
  }
}

/// The acknowledged sends of each log.
std::vector<std::vector<placed_send>> acknowledged(const observed& seen) {
  std::vector<std::vector<placed_send>> by_log(seen.logs().size());
  const auto all = seen.run().operations();
  for (operation_number op = 0; op < all.size(); ++op)
    for (const auto& s : seen.run().steps(all[op]))
      if (s.kind == step_kind::send && s.at != no_offset)
        by_log[seen.log_of(s)].push_back({op, s.sent, s.at});
  return by_log;
}

void check_realtime(const observed& seen, findings& to) {
  const auto all = seen.run().operations();
  const auto by_log = acknowledged(seen);
  for (std::size_t log = 0; log < by_log.size(); ++log) {
    const auto& by_invocation = by_log[log];
    auto by_completion = by_invocation;
    std::stable_sort(by_completion.begin(), by_completion.end(), [&](const placed_send& a, const placed_send& b) {
      return all[a.op].completed < all[b.op].completed;
    });
    placed_send highest;
    auto done = by_completion.begin();
    for (const auto& next : by_invocation) {
      for (; done != by_completion.end() && all[done->op].completed < all[next.op].invoked; ++done)
        raise(highest, *done);
      if (highest.op == no_operation || highest.at <= next.at || all[highest.op].client == all[next.op].client)
        continue;
      if (auto* f = to.add(anomaly::reordered_send, seen.logs()[log].key))
        f->text = "acknowledged " + two_sends(seen, seen.logs()[log].key, highest, next);
    }
  }
}

}  // namespace

void check_send_order(const observed& seen, const judging_options& options, findings& to) {
  check_clients(seen, options.idempotent_producers, to);
  check_realtime(seen, to);
}

void check_sends_within(const observed& seen, findings& to) {
  const auto all = seen.run().operations();
  std::unordered_map<std::uint32_t, placed_send> last;  // of the operation, by log
  for (operation_number op = 0; op < all.size(); ++op) {
    if (all[op].step_count < 2)
      continue;
    last.clear();
    for (const auto& s : seen.run().steps(all[op])) {
      if (s.kind != step_kind::send || seen.offset_of(s) == no_offset)
        continue;
      const auto& log = seen.logs()[seen.log_of(s)];
      const placed_send next{op, s.sent, seen.offset_of(s)};
      const auto [place, first] = last.try_emplace(seen.log_of(s), next);
      if (first)
        continue;
      const auto before = std::exchange(place->second, next);
      if (before.at > next.at) {
        if (auto* f = to.add(anomaly::int_nonmonotonic_send, s.key))
          f->text = "within one operation " + two_sends(seen, s.key, before, next);
      } else if (const auto from = log.place_of(before.at + 1), end = log.place_of(next.at);
                 from < end && log.due(from, end) > 0) {
        if (auto* f = to.add(anomaly::int_send_skip, s.key))
          f->text = "between " + shown(before.what, before.at) + " and " + shown(next.what, next.at)
                    + " of one operation lie " + shown_due(log, from, end)
                    + evidence(seen, "operation", op, s.key, next.at);
      }
    }
  }
}

}  // namespace troupe::check

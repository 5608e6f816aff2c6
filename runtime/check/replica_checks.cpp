#include "runtime/check/replica_checks.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace troupe::check {

namespace {

std::string shown(node_id node) {
  return "node " + std::to_string(node.value);
}

std::string shown(const batch_mark& b) {
  return "batch " + std::to_string(b.first.value) + ".." + std::to_string(b.last.value) + " of epoch "
         + std::to_string(b.epoch.value);
}

std::string shown(offset at) {
  return std::to_string(at.value);
}

bool contains(const std::vector<node_id>& in, node_id node) {
  return std::find(in.begin(), in.end(), node) != in.end();
}

using batch_iterator = std::vector<batch_mark>::const_iterator;

/// The first batch of `in` that ends at or behind `at`.
batch_iterator batch_holding(const std::vector<batch_mark>& in, offset at) {
  return std::lower_bound(in.begin(), in.end(), at,
                          [](const batch_mark& b, offset wanted) { return b.last < wanted; });
}

void check_batches(const replica_log& log, bool compacted, std::vector<violation>& out) {
  for (std::size_t i = 0; i < log.batches.size(); ++i) {
    const auto& b = log.batches[i];
    if (b.last < b.first)
      out.push_back({invariant::offsets_dense, shown(log.node) + ": " + shown(b) + " ends before it begins"});
    if (i == 0)
      continue;
    const auto& before = log.batches[i - 1];
    if (compacted ? b.first <= before.last : b.first != before.last + 1)
      out.push_back({invariant::offsets_dense, shown(log.node) + ": " + shown(b) + " follows " + shown(before)});
    if (b.epoch < before.epoch)
      out.push_back({invariant::epochs_rise, shown(log.node) + ": " + shown(b) + " follows " + shown(before)});
  }
}

void check_sequences(const replica_log& log, std::vector<violation>& out) {
  std::map<std::pair<producer_id, std::int16_t>, const batch_mark*> last;
  for (const auto& b : log.batches) {
    if (b.producer == no_producer_id || b.base_sequence < 0)
      continue;
    const auto before = std::exchange(last[{b.producer, b.producer_epoch}], &b);
    if (before == nullptr)
      continue;
    // Sequences go round after 2^31 - 1.
    const auto expected = (std::int64_t{before->base_sequence} + (before->last - before->first) + 1) & INT32_MAX;
    if (b.base_sequence != expected)
      out.push_back({invariant::sequences_follow,
                     shown(log.node) + ": " + shown(b) + " of producer " + std::to_string(b.producer.value)
                       + " has sequence " + std::to_string(b.base_sequence) + ", but after " + shown(*before)
                       + " it should be " + std::to_string(expected)});
  }
}

/// The first batch of `a`, from where both logs have begun and below `end`, that is not the same in `b`; null when all
/// are, as far as both reach.
const batch_mark* first_difference(const replica_log& a, const replica_log& b, offset end) {
  const auto start = std::max(a.log_start, b.log_start);
  auto x = batch_holding(a.batches, start);
  auto y = batch_holding(b.batches, start);
  for (; x != a.batches.end() && y != b.batches.end() && std::min(x->first, y->first) < end; ++x, ++y)
    if (*x != *y)
      return &*x;
  return nullptr;
}

/// The end of the highest batch that both have with one offset and epoch; up to there the logs must be equal.
offset common_end(const replica_log& a, const replica_log& b) {
  auto x = a.batches.rbegin();
  auto y = b.batches.rbegin();
  while (x != a.batches.rend() && y != b.batches.rend()) {
    if (x->first == y->first && x->epoch == y->epoch)
      return x->last + 1;
    if (x->first >= y->first)
      ++x;
    else
      ++y;
  }
  return offset{0};
}

}  // namespace

std::vector<violation> check_log(const replica_log& log, bool compacted) {
  std::vector<violation> out;
  check_batches(log, compacted, out);
  if (!compacted)
    check_sequences(log, out);
  if (log.high_watermark > log.log_end() || log.durable_end > log.log_end() || log.high_watermark < log.log_start)
    out.push_back({invariant::ends_ordered,
                   shown(log.node) + ": log " + shown(log.log_start) + ".." + shown(log.log_end())
                     + ", high watermark " + shown(log.high_watermark) + ", durable end " + shown(log.durable_end)});
  return out;
}

std::vector<violation> check_matching(std::span<const replica_log> replicas) {
  std::vector<violation> out;
  for (std::size_t i = 0; i < replicas.size(); ++i)
    for (std::size_t j = i + 1; j < replicas.size(); ++j) {
      const auto& a = replicas[i];
      const auto& b = replicas[j];
      const auto committed = std::min(a.high_watermark, b.high_watermark);
      if (const auto* differs = first_difference(a, b, std::max(common_end(a, b), committed)))
        out.push_back({invariant::logs_match, shown(a.node) + " and " + shown(b.node) + " differ in " + shown(*differs)
                                                + (differs->last < committed ? ", which both call committed" : "")});
    }
  return out;
}

std::optional<violation> check_watermark(const replica_log& leader, std::span<const replica_log> replicas,
                                         std::size_t min_in_sync, bool durable) {
  const auto reached = static_cast<std::size_t>(
    std::count_if(replicas.begin(), replicas.end(), [&](const replica_log& r) {
      return (durable ? r.durable_end : r.log_end()) >= leader.high_watermark;
    }));
  if (reached >= min_in_sync)
    return std::nullopt;
  return violation{invariant::watermark_covered,
                   shown(leader.node) + " has its high watermark at " + shown(leader.high_watermark) + ", but only "
                     + std::to_string(reached) + " of the " + std::to_string(min_in_sync)
                     + " replicas that must be in sync " + (durable ? "are durable" : "reach") + " up to there"};
}

std::vector<violation> check_converged(std::span<const replica_log> replicas) {
  std::vector<violation> out;
  for (const auto& r : replicas) {
    const auto& first = replicas.front();
    if (r.log_end() != first.log_end())
      out.push_back({invariant::converged, shown(r.node) + " ends at " + shown(r.log_end()) + " and "
                                             + shown(first.node) + " at " + shown(first.log_end())});
    else if (const auto* differs = first_difference(first, r, first.log_end()))
      out.push_back({invariant::converged, shown(r.node) + " and " + shown(first.node) + " differ in "
                                             + shown(*differs)});
    if (r.high_watermark != r.log_end())
      out.push_back({invariant::converged, shown(r.node) + " has its high watermark at " + shown(r.high_watermark)
                                             + ", but ends at " + shown(r.log_end())});
  }
  return out;
}

std::vector<violation> check_membership(const membership& m) {
  std::vector<violation> out;
  const auto broken = [&](node_id node, const char* how) {
    out.push_back({invariant::membership, shown(node) + " " + how});
  };
  for (const auto node : m.in_sync) {
    if (!contains(m.replicas, node))
      broken(node, "is in sync, but no replica");
    if (contains(m.fenced, node))
      broken(node, "is in sync, but fenced");
  }
  for (const auto node : m.eligible) {
    if (!contains(m.replicas, node))
      broken(node, "is eligible, but no replica");
    if (contains(m.in_sync, node))
      broken(node, "is both in sync and eligible");
    if (m.in_sync.size() >= m.min_in_sync)
      broken(node, "is eligible, although enough are in sync");
  }
  return out;
}

std::optional<violation> matching_watch::appended(node_id node, const batch_mark& batch, const batch_mark* before) {
  const auto predecessor = before == nullptr ? std::nullopt : std::optional{*before};
  const auto [place, first] = seen_.try_emplace({batch.epoch, batch.first}, appearance{node, batch, predecessor});
  auto& known = place->second;
  if (first)
    return std::nullopt;
  if (known.batch != batch)
    return violation{invariant::logs_match, shown(node) + " and " + shown(known.node) + " differ in " + shown(batch)};
  // A log that began here says nothing of what lies before.
  if (!known.before)
    known.before = predecessor;
  if (predecessor && *known.before != *predecessor)
    return violation{invariant::logs_match, shown(node) + " has " + shown(batch) + " after " + shown(*predecessor)
                                              + ", " + shown(known.node) + " after " + shown(*known.before)};
  return std::nullopt;
}

std::optional<violation> committed_ledger::commit(const replica_log& leader, offset up_to) {
  const auto known = end();
  auto next = batch_holding(leader.batches, known);
  const bool follows = batches_.empty() || known <= leader.log_start
                       || (next != leader.batches.begin() && *(next - 1) == batches_.back());
  if (!follows)
    return violation{invariant::committed_kept, shown(leader.node) + " commits up to " + shown(up_to)
                                                  + ", but does not hold " + shown(batches_.back())
                                                  + ", which was committed before"};
  for (; next != leader.batches.end() && next->last < up_to; ++next)
    batches_.push_back(*next);
  return std::nullopt;
}

const batch_mark* committed_ledger::missing(const replica_log& log) const {
  auto wanted = batch_holding(batches_, log.log_start);
  auto held = wanted == batches_.end() ? log.batches.end() : batch_holding(log.batches, wanted->first);
  for (; wanted != batches_.end(); ++wanted, ++held)
    if (held == log.batches.end() || *held != *wanted)
      return &*wanted;
  return nullptr;
}

std::optional<violation> committed_ledger::check_holds(const replica_log& log) const {
  const auto* lost = missing(log);
  if (lost == nullptr)
    return std::nullopt;
  return violation{invariant::committed_kept,
                   shown(log.node) + " lacks " + shown(*lost) + ", which was committed; its log is "
                     + shown(log.log_start) + ".." + shown(log.log_end())};
}

std::optional<violation> committed_ledger::check_held_by(std::span<const replica_log> replicas,
                                                         std::size_t count_min) const {
  // Where each one's committed records end.
  std::vector<offset> ends;
  for (const auto& r : replicas) {
    const auto* lost = missing(r);
    ends.push_back(lost == nullptr ? end() : lost->first);
  }
  std::sort(ends.begin(), ends.end(), std::greater<>{});
  const auto held = count_min == 0 ? end() : ends.size() < count_min ? offset{0} : ends[count_min - 1];
  if (held >= end())
    return std::nullopt;
  return violation{invariant::committed_kept,
                   "what was committed reaches to " + shown(end()) + ", but " + std::to_string(count_min) + " of "
                     + std::to_string(replicas.size()) + " replicas hold it up to " + shown(held) + " only"};
}

std::optional<violation> leadership_watch::leads(node_id node, leader_epoch epoch) {
  const auto [known, first] = leaders_.try_emplace(epoch, node);
  if (first || known->second == node)
    return std::nullopt;
  return violation{invariant::one_leader, shown(node) + " leads under epoch " + std::to_string(epoch.value) + ", as "
                                            + shown(known->second) + " did"};
}

std::optional<violation> leadership_watch::knows(node_id node, leader_epoch epoch) {
  auto& known = known_.try_emplace(node, epoch).first->second;
  if (epoch < known)
    return violation{invariant::epoch_monotone, shown(node) + " goes back from epoch " + std::to_string(known.value)
                                                  + " to " + std::to_string(epoch.value)};
  known = epoch;
  return std::nullopt;
}

std::optional<violation> leadership_watch::watermark(leader_epoch epoch, offset at) {
  auto& known = watermarks_.try_emplace(epoch, at).first->second;
  if (at < known)
    return violation{invariant::watermark_monotone, "under epoch " + std::to_string(epoch.value)
                                                      + " the high watermark goes back from " + shown(known) + " to "
                                                      + shown(at)};
  known = at;
  return std::nullopt;
}

}  // namespace troupe::check

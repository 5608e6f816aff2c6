#include "runtime/log/producers.hpp"

#include "runtime/base/mutation.hpp"
#include "runtime/log/errors.hpp"

#include <algorithm>
#include <limits>

namespace troupe::log {

namespace {

std::string describe(const batch_head& batch) {
  return "producer " + std::to_string(batch.producer.value) + " with epoch " + std::to_string(batch.producer_epoch);
}

error out_of_order(const batch_head& batch, const std::string& why) {
  return make_error(errc::out_of_order_sequence,
                    describe(batch) + " sent sequence " + std::to_string(batch.base_sequence) + ", " + why);
}

error replaced(const batch_head& batch, const producer_state& known) {
  return make_error(errc::invalid_producer_epoch,
                    describe(batch) + " has been replaced: its epoch is " + std::to_string(known.epoch) + " now");
}

bool follows(std::int32_t last, std::int32_t next) {
  return std::int64_t{last} + 1 == next || (next == 0 && last == std::numeric_limits<std::int32_t>::max());
}

}  // namespace

void producer_state::remember(const remembered_batch& b) {
  if (mutation("M20"))
    count_ = 0;
  if (count_ == window) {
    std::move(batches_.begin() + 1, batches_.end(), batches_.begin());
    --count_;
  }
  batches_[count_++] = b;
}

expected<std::optional<remembered_batch>> producers::check(const batch_head& batch) const {
  const auto found = all_.find(batch.producer);
  // With no state (a new producer, or one whose records retention took away) any sequence starts it (KIP-360).
  if (found == all_.end())
    return std::optional<remembered_batch>{};
  const auto& known = found->second;
  if (batch.producer_epoch == known.epoch)
    for (const auto& b : known.batches())
      if (b.first_sequence == batch.base_sequence && b.last_sequence == batch.last_sequence)
        return std::optional<remembered_batch>{b};
  if (batch.producer_epoch < known.epoch)
    return replaced(batch, known);
  if (known.current_transaction_start != no_offset && !batch.is_transactional())
    return make_error(errc::invalid_transaction_state,
                      describe(batch) + " has a transaction open and sent a batch outside of it");
  if (batch.producer_epoch != known.epoch) {
    if (batch.base_sequence != 0 && known.epoch != -1)
      return out_of_order(batch, "but a new epoch starts with 0");
    return std::optional<remembered_batch>{};
  }
  if (!follows(known.last_sequence(), batch.base_sequence))
    return out_of_order(batch, "its last one was " + std::to_string(known.last_sequence()));
  return std::optional<remembered_batch>{};
}

error producers::check_epoch(const batch_head& batch) const {
  const auto* known = find(batch.producer);
  return known && batch.producer_epoch < known->epoch ? replaced(batch, *known) : error{};
}

error producers::check(const transaction_marker& marker) const {
  const auto* known = find(marker.producer);
  if (!known)
    return {};
  if (marker.producer_epoch < known->epoch)
    return make_error(errc::invalid_producer_epoch,
                      "the marker of producer " + std::to_string(marker.producer.value) + " has epoch "
                        + std::to_string(marker.producer_epoch) + ", the producer is at "
                        + std::to_string(known->epoch));
  if (marker.coordinator_epoch < known->coordinator_epoch)
    return make_error(errc::coordinator_fenced,
                      "the marker of producer " + std::to_string(marker.producer.value)
                        + " comes from a former coordinator, of epoch " + std::to_string(marker.coordinator_epoch)
                        + "; there is one of epoch " + std::to_string(known->coordinator_epoch));
  return {};
}

void producers::appended(const batch_head& batch) {
  auto& known = all_[batch.producer];
  if (known.epoch != batch.producer_epoch) {
    known.forget_batches();
    known.epoch = batch.producer_epoch;
  }
  known.last_timestamp_ms = batch.max_timestamp_ms;
  if (batch.base_sequence != no_sequence)
    known.remember({batch.base_sequence, batch.last_sequence, batch.base, batch.last, batch.max_timestamp_ms});
  if (batch.is_transactional() && known.current_transaction_start == no_offset)
    open_.emplace(known.current_transaction_start = batch.base, batch.producer);
}

std::optional<ended_transaction> producers::ended(const batch_head& marker, std::int32_t coordinator_epoch) {
  auto& known = all_[marker.producer];
  if (known.epoch != marker.producer_epoch) {
    known.forget_batches();
    known.epoch = marker.producer_epoch;
  }
  known.coordinator_epoch = coordinator_epoch;
  known.last_timestamp_ms = marker.max_timestamp_ms;
  const auto first = std::exchange(known.current_transaction_start, no_offset);
  if (first == no_offset)
    return std::nullopt;
  open_.erase(first);
  return ended_.emplace_back(ended_transaction{marker.producer, first, marker.base});
}

const producer_state* producers::find(producer_id id) const {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : &found->second;
}

void producers::clear() {
  all_.clear();
  open_.clear();
  ended_.clear();
}

bool producers::expire(wall_time now, std::chrono::milliseconds expiration) {
  return std::erase_if(all_, [&](const auto& entry) {
           const auto& known = entry.second;
           return known.current_transaction_start == no_offset
                  && to_ms(now) - known.last_timestamp_ms >= expiration.count();
         }) > 0;
}

std::optional<offset> producers::first_unstable(offset high_watermark) const {
  std::optional<offset> first;
  if (!open_.empty())
    first = open_.begin()->first;
  for (const auto& one : ended_)
    if (one.last >= high_watermark && (!first || one.first < *first))
      first = one.first;
  return first;
}

std::optional<std::pair<offset, producer_id>> producers::first_open() const {
  if (open_.empty())
    return std::nullopt;
  return *open_.begin();
}

void producers::forget_ended(offset high_watermark) {
  while (!ended_.empty() && ended_.front().last < high_watermark)
    ended_.pop_front();
}

std::vector<active_producer> producers::active() const {
  std::vector<active_producer> out;
  out.reserve(all_.size());
  for (const auto& [id, known] : all_)
    out.push_back({id, known.epoch, known.last_sequence(), known.last_timestamp_ms, known.coordinator_epoch,
                   known.current_transaction_start});
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return out;
}

std::vector<producer_tail> producers::tails() const {
  std::vector<producer_tail> out;
  for (const auto& [id, known] : all_)
    if (!known.batches().empty())
      out.push_back({id, known.batches().back().last});
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.producer < b.producer; });
  return out;
}

}  // namespace troupe::log

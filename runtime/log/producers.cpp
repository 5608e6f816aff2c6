#include "runtime/log/producers.hpp"

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

bool follows(std::int32_t last, std::int32_t next) {
  return std::int64_t{last} + 1 == next || (next == 0 && last == std::numeric_limits<std::int32_t>::max());
}

}  // namespace

void producer_state::remember(const remembered_batch& b) {
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
    return make_error(errc::invalid_producer_epoch,
                      describe(batch) + " has been replaced: its epoch is " + std::to_string(known.epoch) + " now");
  if (batch.producer_epoch != known.epoch) {
    if (batch.base_sequence != 0 && known.epoch != -1)
      return out_of_order(batch, "but a new epoch starts with 0");
    return std::optional<remembered_batch>{};
  }
  if (!follows(known.last_sequence(), batch.base_sequence))
    return out_of_order(batch, "its last one was " + std::to_string(known.last_sequence()));
  return std::optional<remembered_batch>{};
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
    known.current_transaction_start = batch.base;
}

void producers::ended(const batch_head& marker, std::int32_t coordinator_epoch) {
  auto& known = all_[marker.producer];
  if (known.epoch != marker.producer_epoch) {
    known.forget_batches();
    known.epoch = marker.producer_epoch;
  }
  known.coordinator_epoch = coordinator_epoch;
  known.last_timestamp_ms = marker.max_timestamp_ms;
  known.current_transaction_start = no_offset;
}

bool producers::expire(wall_time now, std::chrono::milliseconds expiration) {
  return std::erase_if(all_, [&](const auto& entry) {
           const auto& known = entry.second;
           return known.current_transaction_start == no_offset
                  && to_ms(now) - known.last_timestamp_ms >= expiration.count();
         }) > 0;
}

std::optional<offset> producers::first_unstable() const {
  std::optional<offset> first;
  for (const auto& [id, known] : all_)
    if (known.current_transaction_start != no_offset && (!first || known.current_transaction_start < *first))
      first = known.current_transaction_start;
  return first;
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

// The small questions to a `log`; the larger parts are in log_open, log_append, log_sync, log_read, log_cut,
// log_compact.

#include "runtime/log/log.hpp"

#include "runtime/log/log_state.hpp"

#include <algorithm>

namespace troupe::log {

log::log(std::unique_ptr<log_state> state) : state_(std::move(state)) {}
log::~log() = default;

offset log::log_start_offset() const {
  return state_->log_start;
}

offset log::log_end_offset() const {
  return state_->log_end;
}

offset log::durable_end() const {
  return state_->durable_end;
}

offset log::last_stable_offset(offset high_watermark) const {
  const auto unstable = state_->idempotent.first_unstable(high_watermark);
  return unstable ? std::min(*unstable, high_watermark) : high_watermark;
}

void log::note_high_watermark(offset high_watermark) {
  state_->idempotent.forget_ended(high_watermark);
}

std::vector<aborted_transaction> log::aborted_between(offset from, offset to) const {
  return state_->aborted.between(from, to);
}

std::optional<std::pair<offset, producer_id>> log::first_open_transaction() const {
  return state_->idempotent.first_open();
}

const producer_state* log::find_producer(producer_id id) const {
  return state_->idempotent.find(id);
}

std::uint64_t log::size_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& s : state_->segments)
    sum += s.size_bytes();
  return sum;
}

std::size_t log::segment_count() const {
  return state_->segments.size();
}

const recovery_report& log::recovery() const {
  return state_->report;
}

std::vector<std::string> log::take_notes() {
  return std::exchange(state_->home.notes, {});
}

const error& log::damage() const {
  return state_->damage;
}

void log::assign_epoch(leader_epoch epoch) {
  auto& s = *state_;
  if (s.leader_epochs.assign(epoch, s.log_end))
    s.epochs_changed = true;
}

epoch_end log::end_offset_for_epoch(leader_epoch epoch) const {
  return state_->leader_epochs.end_of(epoch, state_->log_end);
}

leader_epoch log::epoch_at(offset at) const {
  return state_->leader_epochs.at(at);
}

leader_epoch log::latest_epoch() const {
  return state_->leader_epochs.latest();
}

void log::expire_producers(wall_time now) {
  state_->idempotent.expire(now, state_->how.producer_expiration);
}

std::vector<active_producer> log::active_producers() const {
  return state_->idempotent.active();
}

void log::set_options(const options& how) {
  state_->how = how;
}

const options& log::settings() const {
  return state_->how;
}

}  // namespace troupe::log

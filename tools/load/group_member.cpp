#include "tools/load/group_member.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::load {

namespace {

constexpr std::chrono::milliseconds backoff{100};
constexpr api find_coordinator{10, 1, false};
constexpr api fetch_records{1, 11, false};
constexpr std::int32_t fetch_wait_ms = 500;
constexpr std::int32_t fetch_bytes = 10'000;

std::vector<std::string> split(const std::string& addresses) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from <= addresses.size();) {
    const auto comma = std::min(addresses.find(',', from), addresses.size());
    out.push_back(addresses.substr(from, comma - from));
    from = comma + 1;
  }
  return out;
}

}  // namespace

group_member::~group_member() {
  if (lookup_)
    lookup_->drop();
  if (coordinator_)
    coordinator_->drop();
}

void group_member::tick(steady::time_point now) {
  if (state_ == state::lost && now >= not_before_)
    look();
  if (state_ == state::member && now >= next_beat_) {
    next_beat_ = now + std::chrono::hours{1};  // until it is answered
    beat();
  }
  if (commit_times_ && !commit_asked_ && now >= commit_not_before_)
    try_commit();
}

void group_member::look() {
  state_ = state::looking;
  const auto addresses = split(o_.bootstrap);
  lookup_ = connection::open(in_, addresses[turn_++ % addresses.size()], [this] { lose_coordinator(); });
  request ask{find_coordinator};
  ask.text(o_.group).i8(0);
  lookup_->ask(ask, [this](answer& fields) { found(fields); });
}

void group_member::found(answer& fields) {
  fields.i32();
  const auto error = fields.i16();
  fields.text();
  fields.i32();
  const std::string host{fields.text()};
  const auto port = fields.i32();
  lookup_->drop();
  if (error != code::none)
    return lose_coordinator();
  state_ = state::joining;
  coordinator_ = connection::open(in_, host + ":" + std::to_string(port), [this] { lose_coordinator(); });
  join();
}

void group_member::lose_coordinator() {
  if (state_ == state::gone)
    return;
  if (coordinator_)
    coordinator_->drop();
  state_ = state::lost;
  commit_asked_ = fetching_ = false;
  not_before_ = steady::now() + backoff;
}

bool group_member::moved(std::int16_t error) {
  if (error != code::coordinator_load_in_progress && error != code::coordinator_not_available
      && error != code::not_coordinator)
    return false;
  lose_coordinator();
  return true;
}

void group_member::ask(const request& what, connection::answered done) { coordinator_->ask(what, std::move(done)); }

void group_member::leave() {
  commit_times_ = nullptr;
  if (state_ != state::member)
    return gone();
  state_ = state::leaving;
  ask_to_leave();
}

void group_member::gone() {
  state_ = state::gone;
  owned_.clear();
}

void group_member::own(std::vector<std::int32_t> partitions) {
  assignments_ += partitions != owned_;
  owned_ = std::move(partitions);
  if (!owned_.empty() && o_.read_first && !first_record_seconds_ && !fetching_)
    fetch(owned_.front());
}

void group_member::fetch(std::int32_t partition) {
  fetching_ = true;
  request ask{fetch_records};
  ask.i32(-1).i32(fetch_wait_ms).i32(1).i32(fetch_bytes).i8(0).i32(0).i32(-1).count(1).text(o_.topic).count(1);
  ask.i32(partition).i32(-1).i64(0).i64(-1).i32(fetch_bytes).count(0).text("");
  this->ask(ask, [this, partition](answer& fields) {
    fetching_ = false;
    fields.i32();
    fields.i16();
    fields.i32();
    for (auto topics = fields.count(); topics > 0; --topics) {
      fields.text();
      for (auto partitions = fields.count(); partitions > 0; --partitions) {
        fields.i32();
        fields.i16();
        for (int offsets = 0; offsets < 3; ++offsets)
          fields.i64();
        for (auto aborted = fields.count(); aborted > 0; --aborted)
          fields.i64(), fields.i64();
        fields.i32();
        if (!fields.bytes().empty() && !first_record_seconds_)
          first_record_seconds_ = seconds_between(began_, steady::now());
      }
    }
    if (!first_record_seconds_ && !owned_.empty())
      fetch(owned_.front());
  });
}

void group_member::commit_until(steady::time_point end, histogram& times) {
  commit_end_ = end;
  commit_times_ = &times;
  commit_begun_ = steady::now();
  try_commit();
}

void group_member::try_commit() {
  if (state_ != state::member || owned_.empty())
    return;
  commit_asked_ = true;
  auto what = begin_commit();
  what.count(1).text(o_.topic).count(owned_.size());
  for (const auto partition : owned_)
    what.i32(partition).i64(commit_offset_).i32(-1).text("").end();
  what.end().end();
  ask(what, [this](answer& fields) { committed(fields); });
}

void group_member::committed(answer& fields) {
  commit_asked_ = false;
  fields.i32();
  auto worst = code::none;
  for (auto topics = fields.count(); topics > 0; --topics) {
    fields.text();
    for (auto partitions = fields.count(); partitions > 0; --partitions) {
      fields.i32();
      if (const auto error = fields.i16(); error != code::none)
        worst = error;
      fields.end();
    }
    fields.end();
  }
  const auto now = steady::now();
  if (worst == code::none && commit_times_) {
    commit_times_->add(now - commit_begun_);
    ++commit_offset_;
    commit_begun_ = now;
    if (now >= commit_end_)
      commit_times_ = nullptr;
    else
      try_commit();
    return;
  }
  commit_not_before_ = now + backoff;
  if (moved(worst) || worst == code::rebalance_in_progress || worst == code::stale_member_epoch)
    return;
  if (worst == code::unknown_member_id || worst == code::illegal_generation || worst == code::fenced_member_epoch)
    return fenced();
  throw std::runtime_error("commit: error code " + std::to_string(worst));
}

}  // namespace troupe::load

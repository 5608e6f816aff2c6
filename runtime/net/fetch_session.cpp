#include "runtime/net/fetch_session.hpp"

#include <limits>
#include <utility>

namespace troupe::net {

namespace {

constexpr std::int32_t initial_epoch = 0;
constexpr std::int32_t final_epoch = -1;

std::int32_t epoch_after(std::int32_t epoch) {
  return epoch == std::numeric_limits<std::int32_t>::max() ? 1 : epoch + 1;
}

}  // namespace

std::size_t fetch_session::key_hash::operator()(const key& k) const {
  return std::hash<std::string>{}(k.topic) ^ std::hash<topic_id>{}(k.id) * 31
         ^ static_cast<std::size_t>(k.index.value) * 0x9e3779b97f4a7c15ULL;
}

fetch_session::plan fetch_session::begin(request&& r, std::int32_t new_id) {
  if (r.session_epoch == final_epoch || r.session_epoch == initial_epoch) {
    // Both end the session they name; the first epoch asks for another one, and a connection has one at most.
    if (r.session_epoch == initial_epoch) {
      close();
      return open(std::move(r), new_id);
    }
    if (r.session_id != 0 && r.session_id == id_)
      close();
    return {fetch_session_fault::none, std::move(r.partitions), 0, false};
  }
  return go_on(std::move(r));
}

fetch_session::plan fetch_session::open(request&& r, std::int32_t new_id) {
  if (new_id == 0 || r.partitions.empty())
    return {fetch_session_fault::none, std::move(r.partitions), 0, false};
  id_ = new_id;
  next_epoch_ = epoch_after(initial_epoch);
  by_id_ = r.by_id;
  for (auto p : r.partitions)
    put(std::move(p));
  return {fetch_session_fault::none, std::move(r.partitions), id_, false};
}

fetch_session::plan fetch_session::go_on(request&& r) {
  if (!is_open() || r.session_id != id_)
    return {fetch_session_fault::unknown_session, {}, 0, false};
  if (r.session_epoch != next_epoch_)
    return {fetch_session_fault::wrong_epoch, {}, 0, false};
  if (r.by_id != by_id_)
    return {fetch_session_fault::mixed_topic_ids, {}, 0, false};
  for (auto& p : r.partitions)
    put(std::move(p));
  for (const auto& p : r.forgotten)
    if (auto found = by_key_.find(key_of(p)); found != by_key_.end()) {
      order_.erase(found->second);
      by_key_.erase(found);
    }
  plan out;
  out.incremental = true;
  out.session_id = id_;
  out.partitions.reserve(order_.size());
  for (const auto& c : order_)
    out.partitions.push_back(c.wanted);
  if (order_.empty()) {
    close();
    out.session_id = 0;
  } else {
    next_epoch_ = epoch_after(next_epoch_);
  }
  return out;
}

bool fetch_session::note_answer(const fetch_partition& p, const fetch_answer_state& now, bool has_records) {
  auto found = by_key_.find(key_of(p));
  if (found == by_key_.end())
    return true;
  auto& told = found->second->told;
  const bool news = has_records || now.had_error || told.had_error || told.high_watermark != now.high_watermark
                    || told.log_start != now.log_start;
  told = now;
  if (has_records)
    order_.splice(order_.end(), order_, found->second);
  return news;
}

void fetch_session::close() {
  id_ = 0;
  order_.clear();
  by_key_.clear();
}

void fetch_session::put(fetch_partition&& p) {
  auto k = key_of(p);
  if (auto found = by_key_.find(k); found != by_key_.end()) {
    found->second->wanted = std::move(p);
    return;
  }
  order_.push_back({std::move(p), {}});
  by_key_.emplace(std::move(k), std::prev(order_.end()));
}

}  // namespace troupe::net

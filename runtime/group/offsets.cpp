#include "runtime/group/offsets.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>

namespace troupe::group {

committed_offset from_record(const kafka::offset_commit_value& record) {
  committed_offset out;
  out.next = record.offset;
  out.epoch = record.leader_epoch;
  out.metadata = record.metadata;
  out.committed_at = from_ms(record.commit_timestamp);
  if (record.expire_timestamp != -1)
    out.expires = from_ms(record.expire_timestamp);
  out.topic = record.topic_id;
  return out;
}

kafka::offset_commit_value to_record(const committed_offset& offset) {
  kafka::offset_commit_value out;
  out.offset = offset.next;
  out.leader_epoch = offset.epoch;
  out.metadata = offset.metadata;
  out.commit_timestamp = to_ms(offset.committed_at);
  out.expire_timestamp = offset.expires ? to_ms(*offset.expires) : -1;
  out.topic_id = offset.topic;
  return out;
}

bool group_offsets::entry::has_value() const {
  return proposed.empty() ? committed.has_value() : proposed.back().offset.has_value();
}

void group_offsets::propose(const std::string& topic, std::int32_t partition, std::optional<committed_offset> offset,
                            ticket by) {
  auto& proposed = topics_[topic][partition].proposed;
  if (!proposed.empty() && proposed.back().by == by)
    proposed.back().offset = std::move(offset);  // named twice in one request: the last one holds
  else
    proposed.push_back({by, std::move(offset)});
}

void group_offsets::settle(const std::string& topic, std::int32_t partition, ticket by, bool is_committed) {
  const auto of_topic = topics_.find(topic);
  if (of_topic == topics_.end())
    return;
  const auto found = of_topic->second.find(partition);
  if (found == of_topic->second.end())
    return;
  auto& e = found->second;
  const auto p = std::ranges::find(e.proposed, by, &proposal::by);
  if (p == e.proposed.end())
    return;  // settled already: the request named the partition twice
  TROUPE_INVARIANT(p == e.proposed.begin(), "changes of an offset are settled out of order");
  if (is_committed) {
    e.committed = std::move(p->offset);
    e.order = by;
  }
  e.proposed.erase(p);
  drop_if_empty(topic, partition);
}

void group_offsets::replay(const std::string& topic, std::int32_t partition, std::optional<committed_offset> offset,
                           ticket order) {
  auto& e = topics_[topic][partition];
  e.committed = std::move(offset);
  e.order = order;
  drop_if_empty(topic, partition);
}

void group_offsets::pend(const std::string& topic, std::int32_t partition, const journal_producer& by,
                         committed_offset offset, ticket order) {
  auto& pending = topics_[topic][partition].pending;
  std::erase_if(pending, [&](const auto& p) { return p.by.id == by.id; });
  pending.push_back({by, std::move(offset), order});
}

void group_offsets::end_transaction(const std::string& topic, std::int32_t partition, producer_id id,
                                    std::int16_t epoch, bool commits) {
  const auto of_topic = topics_.find(topic);
  if (of_topic == topics_.end() || !of_topic->second.contains(partition))
    return;
  auto& e = of_topic->second.at(partition);
  const auto p = std::ranges::find_if(e.pending, [&](const auto& one) {
    return one.by.id == id && one.by.epoch <= epoch;
  });
  if (p == e.pending.end())
    return;
  if (commits && e.order < p->order) {
    e.committed = std::move(p->offset);
    e.order = p->order;
  }
  e.pending.erase(p);
  drop_if_empty(topic, partition);
}

bool group_offsets::is_pending(const std::string& topic, std::int32_t partition, producer_id id) const {
  const auto* e = entry_of(topic, partition);
  return e && std::ranges::any_of(e->pending, [&](const auto& p) { return p.by.id == id; });
}

const committed_offset* group_offsets::find(const std::string& topic, std::int32_t partition) const {
  const auto* e = entry_of(topic, partition);
  return e && e->committed ? &*e->committed : nullptr;
}

bool group_offsets::is_changing(const std::string& topic, std::int32_t partition) const {
  const auto* e = entry_of(topic, partition);
  return e && (!e->proposed.empty() || !e->pending.empty());
}

bool group_offsets::has(const std::string& topic, std::int32_t partition) const {
  const auto* e = entry_of(topic, partition);
  return e && e->has_value();
}

std::size_t group_offsets::entry_count() const {
  std::size_t count = 0;
  for (const auto& [topic, partitions] : topics_)
    count += partitions.size();
  return count;
}

const group_offsets::entry* group_offsets::entry_of(const std::string& topic, std::int32_t partition) const {
  const auto of_topic = topics_.find(topic);
  if (of_topic == topics_.end())
    return nullptr;
  const auto found = of_topic->second.find(partition);
  return found == of_topic->second.end() ? nullptr : &found->second;
}

void group_offsets::drop_if_empty(const std::string& topic, std::int32_t partition) {
  const auto of_topic = topics_.find(topic);
  const auto found = of_topic->second.find(partition);
  if (found->second.committed || !found->second.proposed.empty() || !found->second.pending.empty())
    return;
  of_topic->second.erase(found);
  if (of_topic->second.empty())
    topics_.erase(of_topic);
}

std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xc0) == 0x80 ? 0 : byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

}  // namespace troupe::group

#include "runtime/group/coordinator.hpp"

// Committed offsets: who may commit, read and delete them.
namespace troupe::group {

using kafka::error_code;

namespace {

/// From this version of OffsetCommit on, a group that does not exist is told as such.
constexpr std::int16_t group_not_found_version = 9;

kafka::offset_commit_response all_refused(const kafka::offset_commit_request& r, error_code code) {
  kafka::offset_commit_response body;
  for (const auto& topic : r.topics) {
    auto& t = body.topics.emplace_back();
    t.name = topic.name;
    t.topic_id = topic.topic_id;
    for (const auto& partition : topic.partitions)
      t.partitions.push_back({partition.partition_index, kafka::code_of(code)});
  }
  return body;
}

/// Ids tell a topic from an older one of its name; offsets that old clients left have none.
bool is_of_topic(const committed_offset& offset, const topic_id& topic) {
  return offset.topic.is_zero() || topic.is_zero() || offset.topic == topic;
}

kafka::offset_fetch_response::group_partition shown(std::int32_t partition, const committed_offset* offset) {
  kafka::offset_fetch_response::group_partition out;
  out.partition_index = partition;
  out.committed_offset = offset ? offset->next : -1;
  out.committed_leader_epoch = offset ? offset->epoch : -1;
  out.metadata = offset ? offset->metadata : "";
  return out;
}

}  // namespace

/// Why nothing is committed, if so; else `t` is the group.
std::optional<error_code> coordinator::admit(const caller& who, const kafka::offset_commit_request& r,
                                             bool in_transaction, tenant*& t, moment now) {
  t = find(r.group_id);
  if (!t) {
    if (r.generation_id_or_member_epoch >= 0)
      return who.version >= group_not_found_version && !in_transaction ? error_code::group_id_not_found
                                                                       : error_code::illegal_generation;
    if (r.group_id.size() > bounds::group_id_bytes_max)
      return error_code::invalid_group_id;
    if (groups_.size() >= bounds::groups_max)
      return error_code::policy_violation;
    t = find_or_make(r.group_id, now.wall);  // for a consumer that uses no membership
  }
  const auto code = t->members->admit_commit(who, r, in_transaction, now);
  return code == error_code::none ? std::nullopt : std::optional{code};
}

/// What the request changes; `body` tells of what it may not change.
coordinator::change_set coordinator::changes_of(const kafka::offset_commit_request& r,
                                                kafka::offset_commit_response& body, moment now) const {
  change_set changes;
  for (std::size_t i = 0; i < r.topics.size(); ++i) {
    const auto& topic = r.topics[i];
    for (std::size_t j = 0; j < topic.partitions.size(); ++j) {
      const auto& p = topic.partitions[j];
      if (p.committed_metadata && utf16_length(*p.committed_metadata) > in_.with.offset_metadata_max) {
        body.topics[i].partitions[j].error_code = kafka::code_of(error_code::offset_metadata_too_large);
        continue;
      }
      committed_offset offset{p.committed_offset, p.committed_leader_epoch, p.committed_metadata.value_or(""),
                              now.wall, std::nullopt, topic.topic_id};
      if (r.retention_time_ms != -1)
        offset.expires = now.wall + std::chrono::milliseconds{r.retention_time_ms};
      set_offset(changes, r.group_id, topic.name, p.partition_index, std::move(offset));
    }
  }
  return changes;
}

effects coordinator::commit_offsets(const caller& who, const kafka::offset_commit_request& r, moment now) {
  return commit(who, r, std::nullopt, now);
}

effects coordinator::commit_in_transaction(const caller& who, const kafka::offset_commit_request& r,
                                           const journal_producer& by, moment now) {
  return commit(who, r, by, now);
}

effects coordinator::commit(const caller& who, const kafka::offset_commit_request& r,
                            std::optional<journal_producer> by, moment now) {
  outbox out{next_ticket_};
  tenant* t = nullptr;
  if (const auto refused = admit(who, r, by.has_value(), t, now)) {
    out.reply(who.id, all_refused(r, *refused));
    return finish(out, t, now);
  }
  auto body = all_refused(r, error_code::none);
  auto changes = changes_of(r, body, now);
  if (changes.records.empty())
    out.reply(who.id, std::move(body));
  else
    out.reply_after(by ? append_in_transaction(std::move(changes), *by, out) : append(std::move(changes), out), who.id,
                    std::move(body));
  return finish(out, t, now);
}

// -- transactions -----------------------------------------------------------------------------------------------------

/// They pend once they are in the log.
ticket coordinator::append_in_transaction(change_set changes, const journal_producer& by, outbox& out) {
  const auto of = out.append(std::move(changes.records), by);
  auto& b = on_their_way_[of];
  b.offsets = std::move(changes.offsets);
  b.by = by;
  return of;
}

/// The record is in the log; the group may have been dropped meanwhile, and is there again then.
void coordinator::pend(const offset_change& change, const journal_producer& by, ticket order) {
  find_or_make(change.group, change.offset->committed_at)
    ->offsets.pend(change.topic, change.partition, by, *change.offset, order);
  in_transactions_[by.id].insert({change.group, change.topic, change.partition});
}

effects coordinator::transaction_ended(producer_id id, std::int16_t epoch, bool commits, moment now) {
  outbox out{next_ticket_};
  const auto places = in_transactions_.extract(id);
  if (!places)
    return out.take();
  for (const auto& place : places.mapped()) {
    auto* t = find(place.group);
    if (!t)
      continue;
    t->offsets.end_transaction(place.topic, place.partition, id, epoch, commits);
    if (t->offsets.is_pending(place.topic, place.partition, id))
      in_transactions_[id].insert(place);
    else if (is_idle(*t) && !t->members->is_recorded())
      drop(place.group);
  }
  return finish(out, nullptr, now);
}

effects coordinator::delete_offsets(const caller& who, const kafka::offset_delete_request& r, moment now) {
  outbox out{next_ticket_};
  kafka::offset_delete_response body;
  auto* t = find(r.group_id);
  const bool is_unnamed = r.group_id.empty();
  if (is_unnamed || !t || t->members->is_dead()) {
    body.error_code = kafka::code_of(is_unnamed ? error_code::invalid_group_id : error_code::group_id_not_found);
    out.reply(who.id, std::move(body));
    return out.take();
  }
  if (!t->members->is_empty() && !t->members->is_consumers()) {  // nobody knows what they read
    body.error_code = kafka::code_of(error_code::non_empty_group);
    out.reply(who.id, std::move(body));
    return out.take();
  }
  change_set changes;
  for (const auto& topic : r.topics) {
    auto& told = body.topics.emplace_back();
    told.name = topic.name;
    const bool is_read = t->members->is_subscribed_to(topic.name);
    for (const auto& p : topic.partitions) {
      told.partitions.push_back(
          {p.partition_index, kafka::code_of(is_read ? error_code::group_subscribed_to_topic : error_code::none)});
      if (!is_read && t->offsets.has(topic.name, p.partition_index))
        set_offset(changes, r.group_id, topic.name, p.partition_index, std::nullopt);
    }
  }
  if (changes.records.empty())
    out.reply(who.id, std::move(body));
  else
    out.reply_after(append(std::move(changes), out), who.id, std::move(body));
  return finish(out, t, now);
}

kafka::offset_fetch_response::group coordinator::fetch_offsets(const kafka::offset_fetch_request::group& r,
                                                               bool require_stable) const {
  kafka::offset_fetch_response::group out;
  out.group_id = r.group_id;
  const auto* t = find(r.group_id);
  const bool is_known = t && !t->members->is_dead();
  if (is_known) {
    if (const auto code = t->members->admit_fetch(r.member_id, r.member_epoch); code != error_code::none) {
      out.error_code = kafka::code_of(code);
      return out;
    }
  }
  const auto show = [&](const std::string& topic, std::int32_t partition, const committed_offset* offset) {
    auto one = shown(partition, offset);
    if (require_stable && is_known && t->offsets.is_changing(topic, partition)) {
      one = shown(partition, nullptr);
      one.error_code = kafka::code_of(error_code::unstable_offset_commit);
    }
    return one;
  };
  if (r.topics) {
    for (const auto& topic : *r.topics) {
      auto& told = out.topics.emplace_back();
      told.name = topic.name;
      told.topic_id = topic.topic_id;
      for (const auto partition : topic.partition_indexes) {
        const auto* offset = is_known ? t->offsets.find(topic.name, partition) : nullptr;
        const bool is_old = offset && !is_of_topic(*offset, topic.topic_id);
        told.partitions.push_back(show(topic.name, partition, is_old ? nullptr : offset));
      }
    }
  } else if (is_known) {
    t->offsets.for_each([&](const std::string& topic, std::int32_t partition, const committed_offset& offset) {
      if (out.topics.empty() || out.topics.back().name != topic) {
        auto& told = out.topics.emplace_back();
        told.name = topic;
        told.topic_id = offset.topic;
      }
      out.topics.back().partitions.push_back(show(topic, partition, &offset));
    });
  }
  return out;
}

void coordinator::set_offset(change_set& changes, const std::string& group, const std::string& topic,
                             std::int32_t partition, std::optional<committed_offset> offset) {
  offset_commit_record record{{group, topic, partition}, std::nullopt};
  if (offset)
    record.value = to_record(*offset);
  changes.records.push_back(to_log(record));
  changes.offsets.push_back({group, topic, partition, std::move(offset)});
}

ticket coordinator::append(change_set changes, outbox& out) {
  const auto of = out.append(std::move(changes.records));
  for (auto& change : changes.offsets) {
    find(change.group)->offsets.propose(change.topic, change.partition, std::move(change.offset), of);
    change.offset.reset();
  }
  auto& b = on_their_way_[of];
  b.offsets = std::move(changes.offsets);
  b.deletions = std::move(changes.deletions);
  return of;
}

}  // namespace troupe::group

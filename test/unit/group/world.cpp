#include "test/unit/group/world.hpp"

#include <algorithm>
#include <regex>
#include <stdexcept>

namespace troupe::group::test {

namespace {

constexpr auto start = monotonic_time{} + std::chrono::hours{1};
constexpr auto wall_start = wall_time{} + std::chrono::hours{24 * 20'000};

std::string lower(kafka::error_code code) {
  std::string out{name_of(code)};
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string lower(std::int16_t code) {
  return lower(static_cast<kafka::error_code>(code));
}

template <class Body>
std::string partitions_of(const Body& body) {
  std::string out;
  for (const auto& topic : body.topics)
    for (const auto& p : topic.partitions)
      out += (out.empty() ? "" : " ") + topic.name + "-" + std::to_string(p.partition_index) + " "
             + (p.error_code == 0 ? "ok" : lower(p.error_code));
  return out;
}

std::string text_of(const kafka::join_group_response& body) {
  if (body.error_code != 0)
    return lower(body.error_code) + (body.member_id.empty() ? "" : " " + body.member_id);
  auto out = "joined " + std::to_string(body.generation_id) + " as " + body.member_id + ", leader " + body.leader + ", "
             + body.protocol_name.value_or("null");
  if (body.skip_assignment)
    out += ", skips the assignment";
  for (std::size_t i = 0; i < body.members.size(); ++i)
    out += (i == 0 ? ", members " : "+") + body.members[i].member_id;
  return out;
}

std::string text_of(const kafka::sync_group_response& body) {
  if (body.error_code != 0)
    return lower(body.error_code);
  return "assigned " + (body.assignment.empty() ? "nothing" : assigned(body.assignment));
}

std::string text_of(const kafka::consumer_group_heartbeat_response& body) {
  if (body.error_code != 0)
    return lower(body.error_code);
  auto out = "epoch " + std::to_string(body.member_epoch);
  if (!body.assignment)
    return out;
  out += " has";
  for (const auto& part : body.assignment->topic_partitions)
    out += " " + known_topics::shown(part.topic_id, part.partitions);
  return out + (body.assignment->topic_partitions.empty() ? " nothing" : "");
}

std::string text_of(const kafka::heartbeat_response& body) {
  return body.error_code == 0 ? "ok" : lower(body.error_code);
}

std::string text_of(const kafka::leave_group_response& body) {
  std::string out = body.error_code == 0 ? "" : lower(body.error_code);
  for (const auto& m : body.members) {
    const auto name = m.member_id.empty() ? m.group_instance_id.value_or("?") : m.member_id;
    out += (out.empty() ? "" : ", ") + name + " " + (m.error_code == 0 ? "left" : lower(m.error_code));
  }
  return out;
}

std::string text_of(const kafka::offset_commit_response& body) {
  return partitions_of(body);
}

std::string text_of(const kafka::offset_delete_response& body) {
  return body.error_code == 0 ? partitions_of(body) : lower(body.error_code);
}

std::string text_of(const kafka::delete_groups_response& body) {
  std::string out;
  for (const auto& r : body.results)
    out += (out.empty() ? "" : ", ") + r.group_id + " " + (r.error_code == 0 ? "deleted" : lower(r.error_code));
  return out;
}

std::string key_of(const kafka::offset_commit_key& key) {
  return key.group + " " + key.topic + "-" + std::to_string(key.partition);
}

template <class Part>
std::string parts_of(const std::vector<Part>& parts) {
  std::string out;
  for (const auto& part : parts)
    out += " " + known_topics::shown(part.topic_id, part.partitions);
  return out.empty() ? " nothing" : out;
}

}  // namespace

std::string assigned(const byte_slice& bytes) {
  const auto topics = bytes.size() > 4 ? parse_assignment(bytes) : std::nullopt;
  if (!topics)
    return std::string{as_text(bytes)};
  std::string out;
  for (const auto& [name, partitions] : *topics)
    out += (out.empty() ? "" : " ") + known_topics::shown(known_topics::id_of(name), partitions);
  return out.empty() ? "nothing" : out;
}

std::string shown(const any_record& record) {
  if (const auto* r = std::get_if<offset_commit_record>(&record)) {
    if (!r->value)
      return key_of(r->key) + " no offset";
    return key_of(r->key) + " at " + std::to_string(r->value->offset)
           + (r->value->expire_timestamp == -1 ? "" : " expiring");
  }
  if (const auto* e = std::get_if<consumer_group_record>(&record))
    return e->key.group_id + (e->value ? " epoch " + std::to_string(e->value->epoch) : " no epoch");
  if (const auto* m = std::get_if<consumer_member_record>(&record))
    return m->key.member_id + (m->value ? m->value->classic_member_metadata ? " is a classic member" : " is a member"
                                        : " is no member");
  if (const auto* t = std::get_if<target_epoch_record>(&record))
    return t->value ? "target of " + std::to_string(t->value->assignment_epoch) : "no target";
  if (const auto* t = std::get_if<target_member_record>(&record))
    return t->key.member_id + " is to have" + (t->value ? parts_of(t->value->topic_partitions) : " no target");
  if (const auto* c = std::get_if<current_assignment_record>(&record))
    return c->key.member_id + (c->value ? " at " + std::to_string(c->value->member_epoch) + " has"
                                              + parts_of(c->value->assigned_partitions)
                                              + (c->value->partitions_pending_revocation.empty()
                                                     ? ""
                                                     : " gives up" + parts_of(c->value->partitions_pending_revocation))
                                        : " has no more");
  if (const auto* x = std::get_if<regular_expression_record>(&record)) {
    auto out = x->key.regular_expression + (x->value ? " matches" : " is unused");
    if (x->value)
      for (const auto& topic : x->value->topics)
        out += " " + topic;
    return out;
  }
  const auto* r = std::get_if<group_record>(&record);
  if (!r)
    return "record " + std::to_string(record.index());
  if (!r->value)
    return r->key.group + " no group";
  auto out = r->key.group + " generation " + std::to_string(r->value->generation);
  if (r->value->members.empty())
    return out + " empty";
  for (const auto& m : r->value->members)
    out += " " + m.member_id + "=" + assigned(m.assignment);
  return out;
}

moment world::now() const {
  const std::chrono::milliseconds passed{ms_};
  return {start + passed, wall_start + passed};
}

caller world::call(const std::string& name, std::int16_t version, const std::string& from) {
  caller who{request_id{++requests_}, version, from.empty() ? name : from, "/10.0.0.1"};
  asked_by_[who.id] = name;
  return who;
}

std::string world::carry_out(effects e) {
  std::string out;
  const auto add = [&out](const std::string& text) {
    if (!text.empty())
      out += (out.empty() ? "" : "; ") + text;
  };
  std::ranges::move(e.notes, std::back_inserter(notes));
  for (const auto& one : e.answers)
    add(tell(one));
  for (auto& one : e.batches) {
    add(tell(one));
    unsettled_.push_back(std::move(one));
  }
  while (commits_at_once && !unsettled_.empty())
    add(settle());
  return with_short_ids(out);
}

std::string world::settle(kafka::error_code refused_with) {
  if (unsettled_.empty())
    return "nothing is on its way";
  const auto b = unsettled_.front();
  unsettled_.pop_front();
  if (refused_with != kafka::error_code::none)
    return carry_out(coordinator_->refused(b.id, refused_with, now()));
  log_.insert(log_.end(), b.records.begin(), b.records.end());
  return carry_out(coordinator_->committed(b.id, now()));
}

std::string world::pass(std::int64_t ms) {
  const auto until = ms_ + ms;
  std::string out;
  for (;;) {
    const auto next = coordinator_->wakes_at();
    const auto due = next ? std::chrono::ceil<std::chrono::milliseconds>(*next - start).count() : until + 1;
    if (due > until)
      break;
    ms_ = std::max(ms_, due);
    const auto text = carry_out(coordinator_->tick(now()));
    if (!text.empty())
      out += (out.empty() ? "" : "; ") + std::string{"at "} + std::to_string(ms_) + " " + text;
  }
  ms_ = until;
  return out;
}

std::string world::move_coordinator() {
  unsettled_.clear();
  const bool at_once = std::exchange(commits_at_once, false);
  auto out = carry_out(coordinator_->close(kafka::error_code::not_coordinator));
  commits_at_once = at_once;
  coordinator_ = std::make_unique<coordinator>(with, random_);
  coordinator_->see(std::make_shared<known_topics>(topics));
  for (const auto& record : log_)
    if (const auto e = coordinator_->replay(record))
      throw std::logic_error(render(e));
  const auto more = carry_out(coordinator_->loaded(now()));
  return out + (out.empty() || more.empty() ? "" : "; ") + more;
}

std::string world::with_short_ids(std::string text) const {
  for (const auto& [full, brief] : ids_)
    for (auto at = text.find(full); at != std::string::npos; at = text.find(full))
      text.replace(at, full.size(), brief);
  static const std::regex uuid{"-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"};  // an id that nobody was told yet
  return std::regex_replace(text, uuid, "*");
}

std::string world::long_id(const std::string& short_id) const {
  for (const auto& [full, brief] : ids_)
    if (brief == short_id)
      return full;
  return short_id;
}

void world::learn(const std::string& name, const std::string& member_id) {
  clients[name].member_id = member_id;
  const auto known = std::ranges::find(ids_, member_id, &std::pair<std::string, std::string>::first);
  if (known != ids_.end())
    return;
  const auto count = std::ranges::count_if(ids_, [&](const auto& one) {
    return one.second.starts_with(name) && one.second.size() == name.size() + 1;
  });
  ids_.emplace_back(member_id, name + std::to_string(count + 1));
}

std::string world::tell(const answer& one) {
  const auto asked = asked_by_.find(one.to);
  if (asked == asked_by_.end())
    throw std::logic_error("a second answer to one request");
  const auto name = asked->second;
  asked_by_.erase(asked);
  if (const auto* joined = std::get_if<kafka::join_group_response>(&one.body)) {
    const bool is_in = joined->error_code == 0;
    if (is_in || joined->error_code == kafka::code_of(kafka::error_code::member_id_required))
      learn(name, joined->member_id);
    if (is_in)
      clients[name].generation = joined->generation_id;
  }
  return name + ": " + std::visit([](const auto& body) { return text_of(body); }, one.body);
}

std::string world::tell(const batch& one) const {
  std::string out;
  for (const auto& record : one.records) {
    const auto parsed = parse(record);
    if (!parsed)
      throw std::logic_error(render(parsed.error()));
    out += (out.empty() ? "" : ", ") + shown(*parsed);
  }
  return "write " + out;
}

}  // namespace troupe::group::test

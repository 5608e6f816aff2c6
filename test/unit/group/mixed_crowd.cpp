#include "test/unit/group/mixed_crowd.hpp"

#include "test/unit/group/known_topics.hpp"

#include <algorithm>

namespace troupe::group::test {

namespace {

constexpr auto group_name = "g", topic_name = "t";
constexpr std::int64_t step_ms = 20, beat_ms = 300, patience_ms = 1'000, join_patience_ms = 15'000;
constexpr std::int16_t join_version = 9, sync_version = 5, subscription_version = 3;

kafka::error_code code_of(std::int16_t code) {
  return static_cast<kafka::error_code>(code);
}

std::set<std::int32_t> without(std::set<std::int32_t> all, const std::set<std::int32_t>& some) {
  std::erase_if(all, [&](auto p) { return some.contains(p); });
  return all;
}

}  // namespace

mixed_crowd::mixed_crowd(std::size_t clients, options with, unsigned seed, mixture of)
  : with_(with), of_(of), generator_(seed), random_(seed) {
  coordinator_ = std::make_unique<coordinator>(with_, random_);
  set_partitions(partition_count_);
  coordinator_->loaded(time());
  for (std::size_t i = 0; i < clients; ++i) {
    reader r;
    r.number = i;
    readers_.push_back(r);
    const bool is_classic = of == mixture::classic || (of == mixture::both && chance(50));
    readers_.back().acts_at = static_cast<std::int64_t>(generator_() % 5'000);
    begin(readers_.back(), is_classic);
  }
}

moment mixed_crowd::time() const {
  const std::chrono::milliseconds passed{ms_};
  return {monotonic_time{} + std::chrono::hours{1} + passed, wall_time{} + std::chrono::hours{480'000} + passed};
}

void mixed_crowd::set_partitions(std::int32_t count) {
  partition_count_ = count;
  facts_ = std::make_shared<known_topics>(std::map<std::string, std::int32_t>{{topic_name, count}});
  coordinator_->see(facts_);
}

void mixed_crowd::begin(reader& r, bool is_classic) {
  const auto number = r.number;
  const auto acts_at = std::max(r.acts_at, ms_ + step_ms);
  r = {};
  r.number = number;
  r.acts_at = acts_at;
  r.is_classic = is_classic;
  r.is_eager = is_classic && chance(50);
  r.at = phase::joining;
  if (!is_classic)
    r.id = "member-" + std::to_string(++ids_);
}

void mixed_crowd::migrate(bool to_classic) {
  for (auto& r : readers_)
    r.turns_classic = to_classic;
}

void mixed_crowd::cut_off(std::size_t client) {
  readers_[client].is_cut_off = true;
}

void mixed_crowd::run(std::int64_t ms) {
  for (const auto until = ms_ + ms; ms_ < until; ms_ += step_ms) {
    carry_out(coordinator_->tick(time()));
    for (auto& r : readers_) {
      if (r.is_cut_off || ms_ < r.acts_at)
        continue;
      if (generator_() % 1000 < now.crashes) {
        begin(r, of_ == mixture::both ? chance(50) : r.is_classic);
        r.acts_at = ms_ + static_cast<std::int64_t>(generator_() % 8'000);
        continue;
      }
      act(r);
      check();
    }
    if (!chance(now.late_batches))
      settle_some();
    if (generator_() % 1000 < now.moves)
      move();
    check();
  }
}

void mixed_crowd::act(reader& r) {
  r.acts_at = ms_ + step_ms;
  if (r.open) {
    if (ms_ < r.gives_up_at)
      return;
    r.open.reset();  // the answer was lost
    r.tells_all = true;
    if (r.is_classic && r.at == phase::syncing)
      r.at = phase::joining;
  }
  if (r.turns_classic && *r.turns_classic != r.is_classic && chance(6)) {
    leave(r);
    return begin(r, *r.turns_classic);
  }
  if (!r.is_classic)
    return beat(r);
  switch (r.at) {
    case phase::joining: return join(r);
    case phase::syncing: return sync(r);
    case phase::working: return classic_beat(r);
    case phase::away: return;
  }
}

caller mixed_crowd::who(reader& r, std::int16_t version) {
  const request_id id{++requests_};
  r.open = id;
  r.gives_up_at = ms_ + patience_ms;
  asked_[id] = r.number;
  return {id, version, "c" + std::to_string(r.number), "/10.0.0.1"};
}

// -- the consumer protocol --------------------------------------------------------------------------------------------

/// Revokes what it is not to own, after a while; takes the rest then.
void mixed_crowd::beat(reader& r) {
  if (const auto surplus = without(r.owned, r.wanted); !surplus.empty()) {
    if (ms_ >= r.revoked_at)
      r.owned = without(r.owned, surplus);
  } else {
    r.owned = r.wanted;
  }
  kafka::consumer_group_heartbeat_request q;
  q.group_id = group_name;
  q.member_id = r.id;
  q.member_epoch = r.epoch;
  if (r.epoch == 0 || r.tells_all) {
    q.rebalance_timeout_ms = 30'000;
    q.subscribed_topic_names = {std::string{topic_name}};
  }
  auto& owned = q.topic_partitions.emplace();
  if (!r.owned.empty())
    owned.push_back({known_topics::id_of(topic_name), {r.owned.begin(), r.owned.end()}});
  r.acts_at = ms_ + beat_ms;
  const auto id = who(r, 1);
  carry_out(coordinator_->consumer_heartbeat(id, q, time()));
}

void mixed_crowd::take(reader& r, const kafka::consumer_group_heartbeat_response& body) {
  using enum kafka::error_code;
  switch (code_of(body.error_code)) {
    case none: break;
    case fenced_member_epoch:
    case unknown_member_id:
    case group_id_not_found:
      r.owned.clear();
      r.wanted.clear();
      r.epoch = 0;
      r.acts_at = ms_ + step_ms;
      return;
    case not_coordinator:
    case coordinator_not_available:
    case coordinator_load_in_progress:
      r.tells_all = true;
      r.acts_at = ms_ + step_ms;
      return;
    default:
      broken = "a member is told " + std::string{name_of(code_of(body.error_code))} + ": "
               + body.error_message.value_or("");
      return;
  }
  r.epoch = body.member_epoch;
  r.tells_all = false;
  if (!body.assignment)
    return;
  r.wanted.clear();
  for (const auto& part : body.assignment->topic_partitions)
    r.wanted.insert(part.partitions.begin(), part.partitions.end());
  if (without(r.owned, r.wanted).empty())
    r.owned = r.wanted;
  else
    r.revoked_at = ms_ + static_cast<std::int64_t>(generator_() % 500);
  r.acts_at = ms_ + step_ms;
}

// -- the classic protocol ---------------------------------------------------------------------------------------------

byte_slice mixed_crowd::subscription_of(const reader& r) const {
  kafka::writer out;
  out.write(subscription_version);
  out.write_array(std::vector<std::string>{topic_name}, 0, false);
  out.write(std::int32_t{-1});
  out.write(std::int32_t{r.owned.empty() ? 0 : 1});
  if (!r.owned.empty()) {
    out.write_string(topic_name, false);
    out.write_array(std::vector<std::int32_t>(r.owned.begin(), r.owned.end()), 0, false);
  }
  out.write(r.epoch);
  out.write(std::int16_t{-1});
  return flatten(std::move(out).finish());
}

void mixed_crowd::join(reader& r) {
  if (r.is_eager)
    r.owned.clear();
  kafka::join_group_request q;
  q.group_id = group_name;
  q.member_id = r.id;
  q.session_timeout_ms = 10'000;
  q.rebalance_timeout_ms = 30'000;
  q.protocol_type = consumer_protocol;
  q.protocols.push_back({"cooperative-sticky", subscription_of(r)});
  const auto id = who(r, join_version);
  r.gives_up_at = ms_ + join_patience_ms;
  carry_out(coordinator_->join(id, q, time()));
}

void mixed_crowd::take(reader& r, const kafka::join_group_response& body) {
  using enum kafka::error_code;
  r.acts_at = ms_ + step_ms;
  switch (code_of(body.error_code)) {
    case none: break;
    case member_id_required:
      r.id = body.member_id;
      return;
    case unknown_member_id:
    case fenced_instance_id:
      return start_over(r, true);
    default:
      return;
  }
  r.id = body.member_id;
  r.epoch = body.generation_id;
  r.at = phase::syncing;
  r.to_assign = body.leader == body.member_id ? body.members : decltype(r.to_assign){};
}

/// In turn, but what another one still has is left out until it has given it up.
std::map<std::string, mixed_crowd::partitions> mixed_crowd::shares_of(const reader& leader) const {
  std::map<std::int32_t, std::string> owners;
  for (const auto& m : leader.to_assign)
    if (const auto said = parse_subscription(m.metadata); said && said->owned.contains(topic_name))
      for (const auto p : said->owned.at(topic_name))
        owners[p] = m.member_id;
  std::map<std::string, partitions> out;
  for (const auto& m : leader.to_assign)
    out[m.member_id];
  for (std::int32_t p = 0; p < partition_count_; ++p) {
    const auto& to = leader.to_assign[static_cast<std::size_t>(p) % leader.to_assign.size()].member_id;
    if (!owners.contains(p) || owners[p] == to)
      out[to].insert(p);
  }
  return out;
}

void mixed_crowd::sync(reader& r) {
  kafka::sync_group_request q;
  q.group_id = group_name;
  q.member_id = r.id;
  q.generation_id = r.epoch;
  q.protocol_type = consumer_protocol;
  q.protocol_name = "cooperative-sticky";
  r.assigned_of = partition_count_;
  if (!r.to_assign.empty())
    for (const auto& [id, share] : shares_of(r))
      q.assignments.push_back(
          {id, encode_assignment(subscription_version, {{topic_name, {share.begin(), share.end()}}})});
  carry_out(coordinator_->sync(who(r, sync_version), q, time()));
}

void mixed_crowd::take(reader& r, const kafka::sync_group_response& body) {
  using enum kafka::error_code;
  r.acts_at = ms_ + step_ms;
  switch (code_of(body.error_code)) {
    case none: break;
    case unknown_member_id:
    case illegal_generation:
      return start_over(r, code_of(body.error_code) == unknown_member_id);
    default:
      r.at = phase::joining;
      return;
  }
  const auto given = parse_assignment(body.assignment).value_or(named_partitions{});
  partitions share;
  if (given.contains(topic_name))
    share.insert(given.at(topic_name).begin(), given.at(topic_name).end());
  r.at = phase::working;
  const bool gives_up = !without(r.owned, share).empty();
  r.owned = share;
  if (gives_up)
    r.at = phase::joining;  // so that others get it
}

/// Leaders see themselves when a topic has grown.
void mixed_crowd::classic_beat(reader& r) {
  if (!r.to_assign.empty() && r.assigned_of != partition_count_) {
    r.at = phase::joining;
    return;
  }
  kafka::heartbeat_request q;
  q.group_id = group_name;
  q.member_id = r.id;
  q.generation_id = r.epoch;
  r.acts_at = ms_ + beat_ms;
  carry_out(coordinator_->heartbeat(who(r, 4), q, time()));
}

void mixed_crowd::take(reader& r, const kafka::heartbeat_response& body) {
  using enum kafka::error_code;
  switch (code_of(body.error_code)) {
    case rebalance_in_progress:
      r.at = phase::joining;
      r.acts_at = ms_ + step_ms;
      return;
    case unknown_member_id:
    case illegal_generation:
      return start_over(r, code_of(body.error_code) == unknown_member_id);
    default: return;
  }
}

void mixed_crowd::start_over(reader& r, bool forgets_id) {
  r.owned.clear();
  r.epoch = -1;
  if (forgets_id)
    r.id.clear();
  r.at = phase::joining;
  r.acts_at = ms_ + step_ms;
}

void mixed_crowd::leave(reader& r) {
  r.owned.clear();
  if (r.id.empty())
    return;
  if (r.is_classic) {
    kafka::leave_group_request q;
    q.group_id = group_name;
    q.members = {{r.id, std::nullopt, std::nullopt}};
    return carry_out(coordinator_->leave(who(r, 5), q, time()));
  }
  kafka::consumer_group_heartbeat_request q;
  q.group_id = group_name;
  q.member_id = r.id;
  q.member_epoch = -1;
  const auto id = who(r, 1);
  carry_out(coordinator_->consumer_heartbeat(id, q, time()));
}

// -- commits ----------------------------------------------------------------------------------------------------------

void mixed_crowd::commit_of(std::size_t client) {
  auto& r = readers_[client];
  for (const auto partition : r.owned) {
    kafka::offset_commit_request q;
    q.group_id = group_name;
    q.member_id = r.id;
    q.generation_id_or_member_epoch = r.epoch;
    auto& topic = q.topics.emplace_back();
    topic.name = topic_name;
    topic.topic_id = known_topics::id_of(topic_name);
    topic.partitions.emplace_back().partition_index = partition;
    const auto id = who(r, 9);
    committing_[id.id] = {partition};
    carry_out(coordinator_->commit_offsets(id, q, time()));
  }
}

void mixed_crowd::take(reader& r, const kafka::offset_commit_response& body) {
  const auto& told = body.topics.at(0).partitions.at(0);
  if (told.error_code == 0 && readers_of(told.partition_index) > 0 && r.is_cut_off)
    broken = "a former reader has committed";
}

// -- the world --------------------------------------------------------------------------------------------------------

void mixed_crowd::carry_out(effects e) {
  for (auto& b : e.batches)
    unsettled_.push_back(std::move(b));
  for (const auto& one : e.answers)
    take(one);
}

void mixed_crowd::settle_some() {
  for (auto count = unsettled_.size(); count > 0 && !unsettled_.empty(); --count) {
    const auto b = std::move(unsettled_.front());
    unsettled_.pop_front();
    if (chance(now.lost_batches)) {
      carry_out(coordinator_->refused(b.id, kafka::error_code::not_enough_replicas, time()));
      continue;
    }
    log_.insert(log_.end(), b.records.begin(), b.records.end());
    carry_out(coordinator_->committed(b.id, time()));
  }
}

void mixed_crowd::take(const answer& one) {
  const auto asked = asked_.extract(one.to);
  if (asked.empty()) {
    broken = "a request is answered twice";
    return;
  }
  auto& r = readers_[asked.mapped()];
  if (std::holds_alternative<kafka::offset_commit_response>(one.body))
    return std::visit([&](const auto& body) { take(r, body); }, one.body);
  if (r.open != one.to)
    return;
  if (chance(now.lost_answers)) {  // with its connection, which the client notices
    r.gives_up_at = std::min(r.gives_up_at, ms_ + patience_ms);
    return;
  }
  r.open.reset();
  std::visit([&](const auto& body) { take(r, body); }, one.body);
}

void mixed_crowd::move() {
  carry_out(coordinator_->close(kafka::error_code::not_coordinator));
  unsettled_.clear();
  coordinator_ = std::make_unique<coordinator>(with_, random_);
  coordinator_->see(facts_);
  for (const auto& record : log_)
    if (const auto e = coordinator_->replay(record))
      broken = render(e);
  carry_out(coordinator_->loaded(time()));
}

void mixed_crowd::close() {
  carry_out(coordinator_->close(kafka::error_code::not_coordinator));
  unsettled_.clear();
}

std::size_t mixed_crowd::readers_of(std::int32_t partition) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      readers_, [&](const reader& r) { return !r.is_cut_off && r.owned.contains(partition); }));
}

void mixed_crowd::check() {
  for (std::int32_t p = 0; p < partition_count_ && broken.empty(); ++p)
    if (readers_of(p) > 1)
      broken = "partition " + std::to_string(p) + " has two readers: " + shown();
  if (!broken.empty() && !broken.starts_with("at "))
    broken = "at " + std::to_string(ms_) + " ms: " + broken;
}

bool mixed_crowd::is_settled() const {
  std::size_t least = 1'000, most = 0;
  for (const auto& r : readers_) {
    if (r.is_cut_off)
      continue;
    least = std::min(least, r.owned.size());
    most = std::max(most, r.owned.size());
  }
  for (std::int32_t p = 0; p < partition_count_; ++p)
    if (readers_of(p) != 1)
      return false;
  return most - least <= 1;
}

std::string mixed_crowd::shown() const {
  const auto d = coordinator_->describe_consumers(group_name);
  auto out = " " + d.group_state + " " + std::to_string(d.group_epoch) + "/" + std::to_string(d.assignment_epoch);
  for (const auto& m : d.members) {
    out += " " + m.member_id + "@" + std::to_string(m.member_epoch);
    for (const auto& part : m.assignment.topic_partitions)
      out += known_topics::shown(part.topic_id, part.partitions);
  }
  out += " |";
  for (const auto& r : readers_) {
    out += " c" + std::to_string(r.number) + (r.is_classic ? r.is_eager ? " eager " : " cooperative " : " ");
    out += r.id + "@" + std::to_string(r.epoch) + (r.is_cut_off ? " cut off" : "") + ":";
    for (const auto p : r.owned)
      out += " " + std::to_string(p);
    out += ";";
  }
  return out;
}

}  // namespace troupe::group::test

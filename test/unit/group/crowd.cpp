#include "test/unit/group/crowd.hpp"

#include <algorithm>

namespace troupe::group::test {

namespace {

constexpr std::int64_t step_ms = 50;
constexpr std::int64_t heartbeat_ms = 1'000;
constexpr std::int64_t patience_ms = 15'000;  // a client's own, for heartbeats and the like
constexpr std::int64_t join_patience_ms = 65'000;
constexpr auto group_name = "g";

kafka::error_code code_of(std::int16_t number) {
  return static_cast<kafka::error_code>(number);
}

}  // namespace

crowd::crowd(std::size_t clients, options with, unsigned seed, bool are_static)
  : consumers_(clients), with_(with), are_static_(are_static), generator_(seed), random_(seed),
    coordinator_(std::make_unique<coordinator>(with, random_)) {
  coordinator_->loaded(time());
  for (std::size_t i = 0; i < clients; ++i)
    consumers_[i].number = i;
}

void crowd::begin_within(std::int64_t ms) {
  for (auto& c : consumers_) {
    c.at = phase::idle;
    c.acts_at = ms_ + static_cast<std::int64_t>(generator_() % static_cast<std::uint64_t>(ms));
  }
}

void crowd::run(std::int64_t ms) {
  for (const auto until = ms_ + ms; ms_ < until && broken.empty(); ms_ += step_ms) {
    if (is_empty())  // its offsets may expire in this very step
      for (auto& c : consumers_)
        c.acknowledged = -1;
    if (const auto due = coordinator_->wakes_at(); due && *due <= time().at)
      carry_out(coordinator_->tick(time()));
    if (!chance(now.late_batches))
      settle_some();
    for (auto& c : consumers_) {
      if (generator_() % 1000 < now.crashes) {
        if (c.at == phase::joining && asked_.erase(c.open) > 0)
          carry_out(coordinator_->abandoned(group_name, c.open, time()));
        consumer fresh;
        fresh.number = c.number;
        fresh.committed = c.committed;
        fresh.acknowledged = c.acknowledged;
        fresh.at = phase::idle;
        fresh.acts_at = ms_ + static_cast<std::int64_t>(generator_() % 5'000);
        c = fresh;
      }
      if (c.at != phase::away && ms_ >= c.acts_at)
        act(c);
    }
    if (generator_() % 1000 < now.moves)
      move();
    if (ms_ % 1'000 == 0 && !are_commits_kept())
      break_promise("an acknowledged offset is gone");
  }
}

void crowd::silence_all_but(std::size_t count) {
  for (auto i = count; i < consumers_.size(); ++i)
    consumers_[i].at = phase::away;
}

bool crowd::is_empty() const {
  kafka::list_groups_request r;
  r.states_filter = {"Empty", "Dead"};
  return !coordinator_->list(r).empty();
}

bool crowd::is_settled() const {
  std::set<std::string> assigned;
  return std::ranges::all_of(consumers_, [&](const consumer& c) {
    return c.at == phase::away
           || (c.at == phase::working && c.generation == consumers_[0].generation
               && assigned.insert(c.assignment).second);
  });
}

void crowd::close() {
  carry_out(coordinator_->close(kafka::error_code::not_coordinator));
  unsettled_.clear();
}

bool crowd::is_log_complete() {
  while (!unsettled_.empty())
    settle_some();
  coordinator other{with_, random_};
  for (const auto& record : log_)
    if (other.replay(record))
      return false;
  kafka::offset_fetch_request::group all;
  all.group_id = group_name;
  all.topics.reset();
  const auto mine = coordinator_->fetch_offsets(all, false);
  return !mine.topics.empty() && mine == other.fetch_offsets(all, false);
}

moment crowd::time() const {
  const std::chrono::milliseconds passed{ms_};
  return {monotonic_time{} + std::chrono::hours{1} + passed, wall_time{} + std::chrono::hours{480'000} + passed};
}

request_id crowd::ask(consumer& c) {
  c.open = request_id{++requests_};
  asked_[c.open] = c.number;
  return c.open;
}

caller crowd::who(const consumer& c, request_id id) const {
  return {id, static_cast<std::int16_t>(c.number % 10), "c" + std::to_string(c.number), "/10.0.0.1"};
}

void crowd::act(consumer& c) {
  switch (c.at) {
    case phase::away:
      return;
    case phase::idle:
      return join(c);
    case phase::joined:
      return sync(c);
    case phase::joining:
    case phase::syncing:
      if (ms_ >= c.gives_up_at)
        c.at = phase::idle;  // the answer was lost
      c.acts_at = ms_ + step_ms;
      return;
    case phase::working:
      return work(c);
  }
}

void crowd::join(consumer& c) {
  kafka::join_group_request r;
  r.group_id = group_name;
  r.session_timeout_ms = 10'000;
  r.rebalance_timeout_ms = 30'000;
  r.member_id = c.member_id;
  if (are_static_)
    r.group_instance_id = "i" + std::to_string(c.number);
  r.protocol_type = "consumer";
  r.protocols.push_back({"range", {}});
  c.at = phase::joining;
  c.gives_up_at = ms_ + join_patience_ms;
  const auto id = ask(c);
  carry_out(coordinator_->join(who(c, id), r, time()));
}

void crowd::sync(consumer& c) {
  kafka::sync_group_request r;
  r.group_id = group_name;
  r.member_id = c.member_id;
  r.generation_id = c.generation;
  if (are_static_)
    r.group_instance_id = "i" + std::to_string(c.number);
  for (std::size_t i = 0; i < c.to_assign.size(); ++i)
    r.assignments.push_back({c.to_assign[i], byte_slice::copy_of(as_bytes("part " + std::to_string(i)))});
  c.at = phase::syncing;
  c.gives_up_at = ms_ + patience_ms;
  r.protocol_type = "consumer";
  r.protocol_name = "range";
  carry_out(coordinator_->sync(who(c, ask(c)), r, time()));
}

void crowd::work(consumer& c) {
  c.acts_at = ms_ + heartbeat_ms;
  if (generator_() % 3 == 0) {
    kafka::offset_commit_request r;
    r.group_id = group_name;
    r.member_id = c.member_id;
    // Now and then one arrives that was sent a generation ago.
    c.commits_late = now.lost_answers > 0 && chance(5);
    r.generation_id_or_member_epoch = c.generation - (c.commits_late ? 1 : 0);
    auto& topic = r.topics.emplace_back();
    topic.name = "orders";
    topic.partitions.emplace_back().partition_index = static_cast<std::int32_t>(c.number);
    topic.partitions[0].committed_offset = ++c.committed;
    const auto id = ask(c);
    committing_[id] = {c.committed, c.commits_late};
    return carry_out(coordinator_->commit_offsets(who(c, id), r, time()));
  }
  kafka::heartbeat_request r;
  r.group_id = group_name;
  r.member_id = c.member_id;
  r.generation_id = c.generation;
  if (are_static_)
    r.group_instance_id = "i" + std::to_string(c.number);
  carry_out(coordinator_->heartbeat(who(c, ask(c)), r, time()));
}

void crowd::carry_out(effects e) {
  for (auto& b : e.batches)
    unsettled_.push_back(std::move(b));
  for (const auto& one : e.answers)
    take(one);
}

void crowd::settle_some() {
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

void crowd::take(const answer& one) {
  const auto asked = asked_.find(one.to);
  if (asked == asked_.end())
    return;  // of a client that crashed meanwhile
  auto& c = consumers_[asked->second];
  asked_.erase(asked);
  if (const auto* commit = std::get_if<kafka::offset_commit_response>(&one.body))
    check_commit(c, one.to, code_of(commit->topics.at(0).partitions.at(0).error_code));
  if (chance(now.lost_answers))
    return;
  if (const auto* body = std::get_if<kafka::join_group_response>(&one.body); body && c.open == one.to)
    take_join(c, *body);
  else if (const auto* sync = std::get_if<kafka::sync_group_response>(&one.body); sync && c.open == one.to)
    take_sync(c, *sync);
  else if (const auto* beat = std::get_if<kafka::heartbeat_response>(&one.body); beat && c.at == phase::working)
    start_over(c, code_of(beat->error_code));
  else if (const auto* commit = std::get_if<kafka::offset_commit_response>(&one.body); commit && c.at == phase::working)
    start_over(c, code_of(commit->topics.at(0).partitions.at(0).error_code));
}

/// What is acknowledged must be there, and nobody may commit for a generation that is over.
void crowd::check_commit(consumer& c, request_id id, kafka::error_code code) {
  const auto [offset, is_late] = std::exchange(committing_[id], {});
  committing_.erase(id);
  if (code != kafka::error_code::none)
    return;
  if (is_late)
    break_promise("a commit of the generation before is taken");
  c.acknowledged = offset;
}

/// Each consumer's acknowledged offset, or a later one.
bool crowd::are_commits_kept() const {
  kafka::offset_fetch_request::group r;
  r.group_id = group_name;
  r.topics.emplace();
  auto& topic = r.topics->emplace_back();
  topic.name = "orders";
  for (const auto& c : consumers_)
    topic.partition_indexes.push_back(static_cast<std::int32_t>(c.number));
  const auto told = coordinator_->fetch_offsets(r, false);
  return std::ranges::all_of(consumers_, [&](const consumer& c) {
    return told.topics.at(0).partitions.at(c.number).committed_offset >= c.acknowledged;
  });
}

void crowd::take_join(consumer& c, const kafka::join_group_response& body) {
  if (body.error_code != 0) {
    c.at = phase::idle;
    c.acts_at = ms_ + step_ms;
    if (code_of(body.error_code) == kafka::error_code::member_id_required)
      c.member_id = body.member_id;
    return start_over(c, code_of(body.error_code));
  }
  if (body.generation_id < generation_most_)
    break_promise("generation " + std::to_string(body.generation_id) + " after "
                  + std::to_string(generation_most_));
  generation_most_ = std::max(generation_most_, body.generation_id);
  c.at = phase::joined;
  c.acts_at = ms_;
  c.member_id = body.member_id;
  c.generation = body.generation_id;
  c.to_assign.clear();
  if (body.leader == body.member_id && !body.skip_assignment)
    for (const auto& m : body.members)
      c.to_assign.push_back(m.member_id);
}

void crowd::take_sync(consumer& c, const kafka::sync_group_response& body) {
  if (body.error_code != 0) {
    c.at = phase::idle;
    c.acts_at = ms_ + step_ms;
    return start_over(c, code_of(body.error_code));
  }
  c.at = phase::working;
  c.acts_at = ms_ + heartbeat_ms;
  c.assignment = std::string{as_text(body.assignment)};
  if (c.assignment.empty())
    return;
  const auto [owner, is_new] = owners_[c.generation].emplace(c.assignment, c.number);
  if (!is_new && owner->second != c.number)
    break_promise("two consumers have " + c.assignment + " in generation " + std::to_string(c.generation));
}

/// What a consumer does on this error of whatever it asked.
void crowd::start_over(consumer& c, kafka::error_code why) {
  switch (why) {
    case kafka::error_code::none:
    case kafka::error_code::coordinator_not_available:
    case kafka::error_code::not_coordinator:
      return;
    case kafka::error_code::fenced_instance_id:
      if (c.at == phase::working)  // with an assignment, which is in the log under its id
        break_promise("a static member is fenced by nobody");
      [[fallthrough]];
    case kafka::error_code::unknown_member_id:
      c.member_id.clear();
      [[fallthrough]];
    case kafka::error_code::illegal_generation:
    case kafka::error_code::rebalance_in_progress:
    case kafka::error_code::member_id_required:
      c.at = phase::idle;
      c.acts_at = ms_ + step_ms;
      return;
    default:
      break_promise("a consumer is told " + std::string{name_of(why)});
  }
}

void crowd::move() {
  carry_out(coordinator_->close(kafka::error_code::not_coordinator));
  unsettled_.clear();
  coordinator_ = std::make_unique<coordinator>(with_, random_);
  for (const auto& record : log_)
    coordinator_->replay(record);
  owners_.clear();  // a generation that no record tells of may be begun once more
  generation_most_ = 0;
  carry_out(coordinator_->loaded(time()));
}

void crowd::break_promise(const std::string& what) {
  if (broken.empty())
    broken = "at " + std::to_string(ms_) + " ms: " + what;
}

}  // namespace troupe::group::test

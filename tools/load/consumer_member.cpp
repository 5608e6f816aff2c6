#include "tools/load/group_member.hpp"
#include "tools/load/options.hpp"

#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::load {

namespace {

constexpr api consumer_group_heartbeat{68, 1, true};
constexpr api offset_commit{8, 9, true};
constexpr std::int32_t rebalance_timeout_ms = 300'000;
constexpr std::int32_t epoch_to_join = 0;
constexpr std::int32_t epoch_to_leave = -1;
constexpr std::size_t topic_id_bytes = 16;

class consumer_member final : public group_member {
 public:
  consumer_member(reactor& in, const options& o) : group_member(in, o) {
    static int made = 0;
    id_ = "member-" + std::to_string(::getpid()) + "-" + std::to_string(made++);
  }

 private:
  void join() override;
  void beat() override { send(true); }
  void send(bool all_fields);
  void answered(answer& fields);
  void ask_to_leave() override;
  request begin_commit() const override;
  void fenced() override;

  std::string id_;
  std::string topic_id_;  ///< known from the first share
  std::int32_t epoch_ = epoch_to_join;
  bool changed_ = false;  ///< the coordinator has not heard yet of what it owns
};

/// A coordinator that takes over knows the member: it goes on with its epoch.
void consumer_member::join() {
  state_ = state::member;
  changed_ = epoch_ != epoch_to_join && !topic_id_.empty();
  if (epoch_ == epoch_to_join)
    own({});
  next_beat_ = steady::now() + std::chrono::hours{1};
  send(true);
}

void consumer_member::send(bool all_fields) {
  request ask{consumer_group_heartbeat};
  ask.text(o_.group).text(id_).i32(epoch_).no_text().no_text();
  if (all_fields && epoch_ == epoch_to_join)
    ask.i32(rebalance_timeout_ms).count(1).text(o_.topic);
  else
    ask.i32(-1).no_array();
  ask.no_text().no_text();
  if (epoch_ == epoch_to_join) {
    ask.count(0);
  } else if (changed_) {
    ask.count(owned().empty() ? 0 : 1);
    if (!owned().empty()) {
      ask.raw(topic_id_).count(owned().size());
      for (const auto p : owned())
        ask.i32(p);
      ask.end();
    }
  } else {
    ask.no_array();
  }
  ask.end();
  changed_ = false;
  this->ask(ask, [this](answer& fields) { answered(fields); });
}

void consumer_member::answered(answer& fields) {
  fields.i32();
  const auto error = fields.i16();
  const std::string why{fields.text()};
  fields.text();
  const auto epoch = fields.i32();
  const std::chrono::milliseconds interval{fields.i32()};
  if (state_ != state::member || moved(error))
    return;
  if (error == code::unknown_member_id || error == code::fenced_member_epoch)
    return fenced();
  if (error != code::none)
    throw std::runtime_error("heartbeat: error code " + std::to_string(error) + " " + why);
  epoch_ = epoch;
  beat_after(interval);
  if (fields.i8() < 0)
    return;
  std::vector<std::int32_t> target;
  for (auto topics = fields.count(); topics > 0; --topics) {
    topic_id_ = fields.raw(topic_id_bytes);
    for (auto n = fields.count(); n > 0; --n)
      target.push_back(fields.i32());
    fields.end();
  }
  std::sort(target.begin(), target.end());
  changed_ = true;
  beat_after({});  // the coordinator is told at once
  own(std::move(target));
}

void consumer_member::ask_to_leave() {
  epoch_ = epoch_to_leave;
  request ask{consumer_group_heartbeat};
  ask.text(o_.group).text(id_).i32(epoch_).no_text().no_text().i32(-1).no_array().no_text().no_text().no_array().end();
  this->ask(ask, [this](answer&) { gone(); });
}

request consumer_member::begin_commit() const {
  request what{offset_commit};
  what.text(o_.group).i32(epoch_).text(id_).no_text();
  return what;
}

void consumer_member::fenced() {
  epoch_ = epoch_to_join;
  join();
}

}  // namespace

std::unique_ptr<group_member> make_consumer_member(reactor& in, const options& o) {
  return std::make_unique<consumer_member>(in, o);
}

}  // namespace troupe::load

#include "tools/load/group_member.hpp"
#include "tools/load/options.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::load {

namespace {

constexpr api join_group{11, 5, false};
constexpr api heartbeat{12, 3, false};
constexpr api leave_group{13, 2, false};
constexpr api sync_group{14, 3, false};
constexpr api offset_commit{8, 7, false};
constexpr std::chrono::milliseconds heartbeat_interval{3000};
constexpr std::int32_t session_timeout_ms = 45'000;
constexpr std::int32_t rebalance_timeout_ms = 300'000;

/// What clients put into the bytes that the coordinator passes on: no request, but written like one.
constexpr api embedded{0, 0, false};

class classic_member final : public group_member {
 public:
  classic_member(reactor& in, const options& o) : group_member(in, o) {}

 private:
  void join() override;
  void joined(answer& fields);
  void sync(const std::vector<std::string>& members);
  void beat() override;
  void ask_to_leave() override;
  request begin_commit() const override;
  void fenced() override;
  void ask_to_join();
  void rejoin() {
    own({});
    state_ = state::joining;
    ask_to_join();
  }
  /// Begins what an error asks for; false when there was none.
  bool failed(std::int16_t error, const char* what);

  std::string id_;
  std::int32_t generation_ = -1;
};

/// A coordinator that takes over knows the member: it goes on with its generation.
void classic_member::join() {
  if (owned().empty())
    return ask_to_join();
  state_ = state::member;
  beat_after({});
}

void classic_member::ask_to_join() {
  request subscription{embedded};
  subscription.i16(0).count(1).text(o_.topic).bytes("");
  request ask{join_group};
  ask.text(o_.group).i32(session_timeout_ms).i32(rebalance_timeout_ms).text(id_).no_text().text("consumer");
  ask.count(1).text("even").bytes(subscription.fields());
  this->ask(ask, [this](answer& fields) { joined(fields); });
}

void classic_member::joined(answer& fields) {
  fields.i32();
  const auto error = fields.i16();
  const auto generation = fields.i32();
  fields.text();
  const std::string leader{fields.text()};
  const std::string id{fields.text()};
  if (error == code::member_id_required) {
    id_ = id;
    return ask_to_join();
  }
  if (failed(error, "join"))
    return;
  id_ = id;
  generation_ = generation;
  std::vector<std::string> members;
  for (auto n = fields.count(); n > 0; --n) {
    members.emplace_back(fields.text());
    fields.text();
    fields.bytes();
  }
  if (leader != id_)
    members.clear();
  sync(members);
}

/// The leader gives every member as many partitions as any other, or one more.
void classic_member::sync(const std::vector<std::string>& members) {
  request ask{sync_group};
  ask.text(o_.group).i32(generation_).text(id_).no_text().count(members.size());
  const auto partitions = static_cast<std::size_t>(o_.partitions);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto from = partitions * i / members.size();
    const auto to = partitions * (i + 1) / members.size();
    request share{embedded};
    share.i16(0).count(1).text(o_.topic).count(to - from);
    for (auto p = from; p < to; ++p)
      share.i32(static_cast<std::int32_t>(p));
    share.bytes("");
    ask.text(members[i]).bytes(share.fields());
  }
  this->ask(ask, [this](answer& fields) {
    fields.i32();
    if (failed(fields.i16(), "sync"))
      return;
    std::vector<std::int32_t> mine;
    if (answer share{fields.bytes(), false}; share.i16() >= 0)
      for (auto topics = share.count(); topics > 0; --topics) {
        share.text();
        for (auto n = share.count(); n > 0; --n)
          mine.push_back(share.i32());
      }
    state_ = state::member;
    beat_after(heartbeat_interval);
    own(std::move(mine));
  });
}

void classic_member::beat() {
  request ask{heartbeat};
  ask.text(o_.group).i32(generation_).text(id_).no_text();
  this->ask(ask, [this](answer& fields) {
    fields.i32();
    if (state_ == state::member && !failed(fields.i16(), "heartbeat"))
      beat_after(heartbeat_interval);
  });
}

void classic_member::ask_to_leave() {
  request ask{leave_group};
  ask.text(o_.group).text(id_);
  this->ask(ask, [this](answer&) { gone(); });
}

request classic_member::begin_commit() const {
  request what{offset_commit};
  what.text(o_.group).i32(generation_).text(id_).no_text();
  return what;
}

void classic_member::fenced() {
  id_.clear();
  generation_ = -1;
  rejoin();
}

bool classic_member::failed(std::int16_t error, const char* what) {
  if (error == code::none)
    return false;
  if (moved(error))
    return true;
  if (error == code::rebalance_in_progress || error == code::illegal_generation)
    rejoin();
  else if (error == code::unknown_member_id)
    fenced();
  else
    throw std::runtime_error(std::string{what} + ": error code " + std::to_string(error));
  return true;
}

}  // namespace

std::unique_ptr<group_member> make_classic_member(reactor& in, const options& o) {
  return std::make_unique<classic_member>(in, o);
}

}  // namespace troupe::load

// Consumers of one group: how long until all of them have their share, until the others have the share of one that
// leaves, and how many commits a second they get through.
#include "tools/load/client.hpp"
#include "tools/load/histogram.hpp"
#include "tools/load/options.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <thread>

namespace troupe::load {

namespace {

constexpr auto nap = std::chrono::milliseconds{1};

/// One consumer that subscribes.
class member {
 public:
  member(const options& o, const settings& extra) : started_(steady::now()) {
    client_ = make_group_member(o, extra, rebalanced, committed, this);
  }

  /// Serves what has come; true when there was a record.
  bool poll() {
    auto* message = client_ ? rd_kafka_consumer_poll(client_.get(), 0) : nullptr;
    if (!message)
      return false;
    const bool record = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (record && first_record_ == steady::time_point{})
      first_record_ = steady::now();
    rd_kafka_message_destroy(message);
    return record;
  }

  void leave() {
    if (!client_)
      return;
    rd_kafka_consumer_close(client_.get());
    client_.reset();
    owned_ = 0;
  }

  /// Begins to commit `offset` for what it owns unless a commit is under way; `times` hears how long it took.
  void commit(std::int64_t offset, histogram& times) {
    rd_kafka_topic_partition_list_t* mine = nullptr;
    if (commits_ || rd_kafka_assignment(client_.get(), &mine) != RD_KAFKA_RESP_ERR_NO_ERROR)
      return;
    const std::unique_ptr<rd_kafka_topic_partition_list_t, deleter> owned{mine};
    for (int i = 0; i < owned->cnt; ++i)
      owned->elems[i].offset = offset;
    commits_ = &times;
    commit_begun_ = steady::now();
    if (rd_kafka_commit(client_.get(), owned.get(), 1) != RD_KAFKA_RESP_ERR_NO_ERROR)
      commits_ = nullptr;
  }

  int owned() const { return owned_; }
  bool has_read() const { return first_record_ != steady::time_point{}; }
  double first_record_seconds() const { return seconds_between(started_, first_record_); }
  int rounds() const { return rounds_; }

 private:
  static void rebalanced(rd_kafka_t* client, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* parts,
                         void* opaque) {
    auto& self = *static_cast<member*>(opaque);
    const bool given = what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    self.owned_ = given ? parts->cnt : 0;
    self.rounds_ += given;
    rd_kafka_assign(client, given ? parts : nullptr);
  }

  static void committed(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t*, void* opaque) {
    auto& self = *static_cast<member*>(opaque);
    if (auto* times = std::exchange(self.commits_, nullptr); times && code == RD_KAFKA_RESP_ERR_NO_ERROR)
      times->add(steady::now() - self.commit_begun_);
  }

  steady::time_point started_;
  histogram* commits_ = nullptr;  ///< of the commit under way
  steady::time_point commit_begun_;
  steady::time_point first_record_{};
  int owned_ = 0;
  int rounds_ = 0;
  client_ptr client_;
};

class group_run {
 public:
  explicit group_run(const options& o) : o_(o), began_(steady::now()) {}

  int go() {
    join();
    const auto joined = seconds_between(began_, steady::now());
    await([this] { return std::all_of(members_.begin(), members_.end(), [](auto& m) { return m->has_read(); }); });
    double first = 0;
    int rounds = 0;
    for (const auto& m : members_) {
      first = std::max(first, m->first_record_seconds());
      rounds = std::max(rounds, m->rounds());
    }
    const auto left = lose_one();
    histogram commits;
    const auto rate = commit_all(commits);
    std::printf("members=%lu joined_s=%.3f first_record_s=%.3f rounds=%d rebalanced_s=%.3f commits_s=%.0f%s\n",
                static_cast<unsigned long>(o_.members), joined, first, rounds, left, rate,
                commits.describe("commit").c_str());
    for (auto& m : members_)
      m->leave();
    return 0;
  }

 private:
  int shared() const {
    int sum = 0;
    for (const auto& m : members_) {
      if (m->owned() == 0)
        return 0;
      sum += m->owned();
    }
    return sum;
  }

  /// Polls everybody until `done`. Throws `std::runtime_error` when that takes too long.
  template <class Done>
  void await(Done done) {
    while (!done()) {
      bool any = false;
      for (auto& m : members_)
        any |= m->poll();
      if (!any)
        std::this_thread::sleep_for(nap);
      if (seconds_between(began_, steady::now()) > o_.limit_seconds)
        throw std::runtime_error{"not all members have their share and a record of each within "
                                 + std::to_string(o_.limit_seconds) + " s"};
    }
  }

  /// They come evenly within `spread_seconds`.
  void join() {
    const settings extra{{"group.id", o_.group},
                         {"auto.offset.reset", "earliest"},
                         {"enable.auto.commit", "false"},
                         {"queued.min.messages", "1"},
                         {"fetch.message.max.bytes", "10000"}};
    await([&] {
      const auto due = o_.spread_seconds <= 0
                         ? o_.members
                         : static_cast<std::size_t>(static_cast<double>(o_.members)
                                                    * seconds_between(began_, steady::now()) / o_.spread_seconds) + 1;
      while (members_.size() < std::min(due, o_.members))
        members_.push_back(std::make_unique<member>(o_, extra));
      return members_.size() == o_.members && (partitions_ = shared()) >= o_.partitions;
    });
  }

  /// Seconds until the others have what one had.
  double lose_one() {
    if (members_.size() < 2)
      return 0;
    members_.back()->leave();
    members_.pop_back();
    const auto since = steady::now();
    await([this] { return shared() == partitions_; });
    return seconds_between(since, steady::now());
  }

  /// Each commits as fast as it is answered; commits a second.
  double commit_all(histogram& times) {
    const auto began = steady::now();
    std::int64_t offset = 0;
    await([&] {
      ++offset;
      for (auto& m : members_)
        m->commit(offset, times);
      return seconds_between(began, steady::now()) >= o_.seconds;
    });
    return o_.seconds > 0 ? static_cast<double>(times.count()) / o_.seconds : 0;
  }

  const options& o_;
  steady::time_point began_;
  std::vector<std::unique_ptr<member>> members_;
  int partitions_ = 0;
};

}  // namespace

int groups(const options& o) { return group_run{o}.go(); }

}  // namespace troupe::load

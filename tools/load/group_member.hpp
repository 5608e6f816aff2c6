#pragma once

#include "tools/load/client.hpp"
#include "tools/load/connection.hpp"
#include "tools/load/histogram.hpp"

#include <optional>
#include <vector>

namespace troupe::load {

/// One member of a group as a state machine on a connection of its own, without a client library: what is timed is
/// the broker, and a thousand of them fit in one thread. It waits as the Java client does by default: 100 ms after an
/// error, 3 s between heartbeats of the classic protocol, as long as the coordinator says by the consumer protocol.
class group_member {
 public:
  virtual ~group_member();

  /// Begins what is due. Call it every few milliseconds.
  void tick(steady::time_point now);

  /// Begins to leave the group.
  void leave();

  /// Commits for what it owns, one commit after the other, until then; `times` hears how long each took, with all
  /// attempts that it needed.
  void commit_until(steady::time_point end, histogram& times);

  bool commits() const { return commit_times_ != nullptr; }
  bool left() const { return state_ == state::gone; }
  const std::vector<std::int32_t>& owned() const { return owned_; }
  /// How often it was given something else than it had.
  int assignments() const { return assignments_; }
  /// Since `began`, until a record of what it owns came.
  std::optional<double> first_record_seconds() const { return first_record_seconds_; }

 protected:
  group_member(reactor& in, const options& o) : o_(o), in_(in), began_(steady::now()) {}

  enum class state { lost, looking, joining, member, leaving, gone };

  /// A coordinator is known and may be asked for membership.
  virtual void join() = 0;
  virtual void beat() = 0;
  virtual void ask_to_leave() = 0;
  /// OffsetCommit of the newest version that the protocol needs, up to the topics.
  virtual request begin_commit() const = 0;
  /// After an error of a commit that means that it is no longer what it was.
  virtual void fenced() = 0;

  /// Sends to the coordinator; `done` gets the answer unless the connection is lost before.
  void ask(const request& what, connection::answered done);
  /// The coordinator is no longer, or not yet, the one.
  void lose_coordinator();
  /// True for errors after which the coordinator is looked for again, which this begins.
  bool moved(std::int16_t error);
  void own(std::vector<std::int32_t> partitions);
  void beat_after(std::chrono::milliseconds time) { next_beat_ = steady::now() + time; }
  void gone();

  const options& o_;
  state state_ = state::lost;
  steady::time_point next_beat_{};

 private:
  void look();
  void found(answer& fields);
  void read_first();
  void fetch(std::int32_t partition);
  void try_commit();
  void committed(answer& fields);

  reactor& in_;
  steady::time_point began_;
  steady::time_point not_before_{};  ///< when to look for a coordinator again
  std::size_t turn_ = 0;             ///< which of the bootstrap addresses is asked next
  std::shared_ptr<connection> lookup_;
  std::shared_ptr<connection> coordinator_;
  std::vector<std::int32_t> owned_;
  int assignments_ = 0;
  std::optional<double> first_record_seconds_;
  bool fetching_ = false;
  histogram* commit_times_ = nullptr;  ///< of the commits under way
  bool commit_asked_ = false;
  std::int64_t commit_offset_ = 0;
  steady::time_point commit_end_;
  steady::time_point commit_begun_;
  steady::time_point commit_not_before_{};
};

/// Member of a group of the classic protocol: all partitions are given back at every rebalance, and the leader of the
/// group shares them out evenly.
std::unique_ptr<group_member> make_classic_member(reactor& in, const options& o);

/// Member of a group of the consumer protocol (KIP-848).
std::unique_ptr<group_member> make_consumer_member(reactor& in, const options& o);

}  // namespace troupe::load

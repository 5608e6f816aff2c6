#pragma once

#include "actors/log_readers.hpp"
#include "actors/owed_acks.hpp"
#include "actors/replica_log.hpp"
#include "actors/transaction_check.hpp"
#include "runtime/kafka/errors.hpp"
#include "runtime/replication/leader.hpp"

#include <deque>
#include <map>
#include <optional>

namespace troupe {

/// What a partition does while its node leads it: takes appends and answers them when `acks` is satisfied, serves
/// readers, feeds followers, and asks the controller who shall be in sync. Born when the node becomes the leader, gone
/// when it is no longer; whoever waits then is told. A part of the partition actor's state.
class leader_role {
 public:
  /// `high_watermark`: the last one this replica knew. `owed`: from when it led before, and the log still has it.
  leader_role(caf::event_based_actor& self, node_context& context, replica_log& log, leader_epoch epoch,
              offset high_watermark, owed_acks owed);

  /// The controller's decision about the replicas.
  void decide(replication::membership decided);
  void settings_changed();
  leader_epoch epoch() const { return epoch_; }
  offset high_watermark() const;
  bool is_idle() const { return acks_.empty(); }

  // -- clients ----------------------------------------------------------------------------------------------------

  caf::result<wire<schema::PartitionAppended>> append(const wire<schema::PartitionAppend>& m);
  /// Ends a producer's transaction; likewise.
  caf::result<wire<schema::PartitionAppended>> end_transaction(const wire<schema::PartitionMarker>& m);
  void ask_coordinator_again(const transaction_retry_tick& m) { transactions_.ask_again(m); }
  caf::result<wire<schema::PartitionSlice>> read(const wire<schema::PartitionRead>& m);
  caf::result<wire<schema::PartitionOffset>> find_offset(const wire<schema::PartitionOffsetQuery>& m);
  caf::result<wire<schema::PartitionEpochEnd>> find_epoch_end(const wire<schema::PartitionEpochQuery>& m);
  caf::result<wire<schema::PartitionTrimmed>> trim(const wire<schema::PartitionTrim>& m);

  // -- followers --------------------------------------------------------------------------------------------------

  /// A follower says how far it is, and may be ready for records.
  void hear(const follower_position& m);

  // -- events -----------------------------------------------------------------------------------------------------

  void log_opened();
  void log_durable();
  /// The controller's answer to a wish, perhaps not the last one.
  void isr_answered(const isr_settled& m);
  void on_deadline(monotonic_time due);
  void on_reader_deadline(monotonic_time due) { readers_.on_deadline(due, high_watermark()); }
  void on_lag_tick(leader_epoch epoch);
  void on_isr_tick();
  void on_watermark_tick();
  /// Bytes that had to wait may go.
  void on_throttle_tick();
  /// The disk has failed: whoever waits is told `why`, and another replica shall lead.
  void log_failed(const error& why);
  void on_resign_tick();
  /// Everyone who waits is told `why`.
  void fail_waiting(const error& why);
  /// Readers who wait are told `why`; producers are the next role's, which learns what became of their records.
  owed_acks hand_over(const error& why);

 private:
  struct fed_follower {
    caf::actor feeder;
    offset wants{0};           ///< its log's end
    bool ready = false;        ///< waits for records from there on
    offset told_watermark{-1};
    std::uint64_t session = 0;
    std::size_t paid = 0;      ///< bytes of the next slice that have been reserved with a throttle, and
    monotonic_time goes_at;    ///< from when on they may go
  };

  /// Records that are deleted here, and perhaps not yet at those who may lead next.
  struct parked_trim {
    caf::typed_response_promise<wire<schema::PartitionTrimmed>> promise;
  };

  /// What a producer is told only by a leader that still is one.
  struct doubted {
    append_promise promise;
    error verdict;
    monotonic_time since;
  };

  /// What an append has come to: the answer, and the high watermark that it must wait for.
  struct done_append {
    wire<schema::PartitionAppended> answer;
    offset needs;
  };

  error admit(std::int32_t sender_epoch);
  error admit_write(std::int32_t sender_epoch, int acks);
  expected<done_append> append_now(const byte_slice& records, schema::PartitionAppend::Reader m);
  expected<done_append> append_marker(schema::PartitionMarker::Reader m);
  void after_append();
  void append_held(held_append one, bool is_judged);
  caf::result<wire<schema::PartitionAppended>> answer_when_committed(expected<done_append> done,
                                                                     std::chrono::milliseconds timeout, bool waits);
  void park(done_append done, std::chrono::milliseconds timeout, append_promise promise);
  std::optional<log::batch_head> transactional_head(const byte_slice& records) const;
  bool is_doubtful(const error& verdict) const;
  void make_sure(error verdict, append_promise promise);
  void settle_doubts();
  void expire_doubts(monotonic_time now);
  monotonic_time next_doubt_deadline() const;
  void fail_doubts(const error& why);
  void answer_trims();
  void fail_trims(const error& why);
  void report_own();
  void on_progress();
  std::optional<node_id> nearer_replica(schema::PartitionRead::Reader m) const;
  void arm(monotonic_time deadline);

  std::optional<replica_slice> refusal_for(const follower_position& m);
  std::optional<log::epoch_end> divergence_of(const follower_position& m) const;
  replica_slice slice_for(node_id follower) const;
  void feed(node_id id, fed_follower& f);
  void feed_all();
  replication::throttle* throttle_for(node_id follower) const;
  bool must_wait(node_id follower, fed_follower& f, std::size_t bytes);
  void send_slice(fed_follower& f, replica_slice slice);
  std::int64_t registered_epoch(node_id id) const;
  void ask_for_isr();
  bool is_eligible(const replication::isr_wish::member& m) const;
  void arm_isr_tick();
  schema::IsrWish::Builder begin_wish(wire_builder<schema::IsrChange>& in, std::int32_t partition_epoch) const;
  void send_wish(const replication::isr_wish& wish);
  void isr_refused(kafka::error_code why);
  void resign();

  std::string describe() const { return log_.describe(); }

  caf::event_based_actor& self_;
  node_context& context_;
  replica_log& log_;
  leader_epoch epoch_;
  offset known_watermark_;
  std::optional<replication::leader> replicas_;  ///< from the opening of the log on
  replication::membership decided_{{}, {}, -1};
  owed_acks acks_;
  replication::parked_acks<parked_trim> trims_;
  std::deque<doubted> doubts_;  ///< oldest first
  log_readers readers_;
  transaction_check transactions_;
  std::map<node_id, fed_follower> followers_;
  monotonic_time armed_until_ = monotonic_time::max();
  bool lag_armed_ = false;
  bool ask_again_ = false;  ///< for what was asked last, since it may have been granted
  bool isr_armed_ = false;
  bool was_refused_ = false;  ///< a moment ago: nothing is asked until the pause is over, or there is a new decision
  bool watermark_armed_ = false;
  bool resigning_ = false;  ///< asked a moment ago that another replica leads
};

}  // namespace troupe

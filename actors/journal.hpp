#pragma once

#include "actors/attachment.hpp"
#include "runtime/log/producers.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/journal_record.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/partition.capnp.h"

#include <caf/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace troupe {

class node_context;
namespace log {
class batch_view;
}

/// What a journaled actor hears from its journal, inside of its own handlers.
struct journal_events {
  /// The next record, in the journal's order. An error ends the actor.
  std::function<error(const journal_record&)> replay;
  /// Likewise, one that was appended in a producer's transaction.
  std::function<error(const journal_producer&, const journal_record&)> replay_in_transaction;
  /// The producer's transaction has ended there.
  std::function<void(const log::transaction_marker&)> replay_marker;
  /// All that was there is replayed: requests may be served.
  std::function<void()> loaded;
  /// The records that were appended under this number are committed.
  std::function<void(std::uint64_t)> committed;
  /// They are not in the journal and will not be; `why` is the partition's answer.
  std::function<void(std::uint64_t, const error& why)> refused;
  /// It is not known what the journal holds: answer everybody who waits. The actor is ended afterwards.
  std::function<void(const error& why)> failed;
};

/// The journal of an actor that lives beside a partition's leader, as a part of the actor's state. Replays what is
/// committed up to the end that the journal has now, so that nothing of a former leader is left out; then appends what
/// it is given, in order, one batch under way and what comes meanwhile in the next one. Where it cannot be known
/// whether records are in the journal, the actor is ended, and whoever supervises it makes another one that replays
/// what is there. No two actors append to one journal: a former one's messages carry its epoch, and are refused.
class journal {
 public:
  /// `self` owns it. Reads `bytes` at a time.
  void open(caf::event_based_actor* self, node_context& context, attachment at, std::size_t bytes,
            journal_events events);

  bool is_loaded() const { return is_loaded_; }
  const attachment& at() const { return at_; }

  /// Appends `records` together or not at all, behind all earlier ones. Numbers are the caller's and differ.
  void append(std::uint64_t number, std::vector<journal_record> records);
  /// Likewise, in a producer's transaction.
  void append(std::uint64_t number, std::vector<journal_record> records, const journal_producer& by);
  /// Ends a producer's transaction.
  void append_marker(std::uint64_t number, const wire<schema::PartitionMarker>& marker);

 private:
  struct entry {
    std::uint64_t number = 0;
    std::vector<journal_record> records;
    std::optional<journal_producer> by;
    wire<schema::PartitionMarker> marker;  ///< instead of records
    bool stands_alone() const { return by || marker; }
  };

  void read_on();
  void take(const wire<schema::PartitionSlice>& m);
  error replay(const chunk& records);
  error replay_batch(const log::batch_view& batch);
  void flush();
  expected<byte_slice> next_batch();
  void send_batch(byte_slice batch);
  void send_marker();
  void take_answer(const wire<schema::PartitionAppended>& m);
  void take_failure(const error& why);
  void settle(const error& refusal);
  void fail(const error& why);

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  attachment at_;
  std::size_t bytes_ = 0;
  journal_events events_;
  bool is_loaded_ = false;
  offset next_{0};              ///< to replay
  offset end_{0};               ///< of what there was when this actor began
  std::deque<entry> waiting_;
  std::deque<entry> under_way_;  ///< in one batch
};

}  // namespace troupe

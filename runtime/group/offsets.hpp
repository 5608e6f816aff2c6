#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/group/effects.hpp"
#include "runtime/group/options.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::group {

/// How far a group has read one partition.
struct committed_offset {
  std::int64_t next = -1;             ///< offset of the next record to read
  std::int32_t epoch = -1;            ///< leader epoch of the last record read; -1 when unknown
  std::string metadata;               ///< the client's note
  wall_time committed_at;
  std::optional<wall_time> expires;   ///< asked for by an old client; otherwise as the broker is set
  topic_id topic;                     ///< all zero when unknown
  bool operator==(const committed_offset&) const = default;
};

committed_offset from_record(const kafka::offset_commit_value& record);
kafka::offset_commit_value to_record(const committed_offset& offset);

/// The committed offsets of one group. A change is proposed when its record is appended and settled when that record is
/// committed or refused: readers see what is committed, and whoever decides on a change also sees what is on its way.
class group_offsets {
 public:
  /// The batch `by` sets the offset, or takes it out when there is none. Batches are settled in their order.
  void propose(const std::string& topic, std::int32_t partition, std::optional<committed_offset> offset, ticket by);
  /// The batch `by` is committed or refused.
  void settle(const std::string& topic, std::int32_t partition, ticket by, bool is_committed);
  /// What a record in the log says; `order` grows from record to record.
  void replay(const std::string& topic, std::int32_t partition, std::optional<committed_offset> offset, ticket order);

  /// A committed record sets the offset when the transaction of `by` is committed. Of what was committed between the
  /// two, the later record counts: that is the one which compaction keeps.
  void pend(const std::string& topic, std::int32_t partition, const journal_producer& by, committed_offset offset,
            ticket order);
  /// The transaction of producer `id` has ended; what is of later epochs than `epoch` belongs to the next one.
  void end_transaction(const std::string& topic, std::int32_t partition, producer_id id, std::int16_t epoch,
                       bool commits);

  /// Whether an offset waits for the end of that producer's transaction.
  bool is_pending(const std::string& topic, std::int32_t partition, producer_id id) const;

  /// The committed offset; null when there is none.
  const committed_offset* find(const std::string& topic, std::int32_t partition) const;
  /// Whether a change is on its way.
  bool is_changing(const std::string& topic, std::int32_t partition) const;
  /// Whether there is an offset, or will be when everything on its way is committed.
  bool has(const std::string& topic, std::int32_t partition) const;
  bool empty() const { return topics_.empty(); }
  /// Partitions that have an offset or a change on its way.
  std::size_t entry_count() const;

  /// Calls `use(topic, partition, offset)` for each that is committed.
  template <class Use>
  void for_each(Use&& use) const {
    for (const auto& [topic, partitions] : topics_)
      for (const auto& [partition, e] : partitions)
        if (e.committed)
          use(topic, partition, *e.committed);
  }
  /// Calls `use(topic, partition)` for each for which `has` is true.
  template <class Use>
  void for_each_known(Use&& use) const {
    for (const auto& [topic, partitions] : topics_)
      for (const auto& [partition, e] : partitions)
        if (e.has_value())
          use(topic, partition);
  }

 private:
  struct proposal {
    ticket by;
    std::optional<committed_offset> offset;
  };
  struct pending_offset {
    journal_producer by;
    committed_offset offset;
    ticket order;
  };
  struct entry {
    std::optional<committed_offset> committed;
    ticket order;                         ///< of the record that says so
    std::vector<proposal> proposed;       ///< oldest first, mostly none
    std::vector<pending_offset> pending;  ///< in transactions; one a producer
    bool has_value() const;
  };

  const entry* entry_of(const std::string& topic, std::int32_t partition) const;
  void drop_if_empty(const std::string& topic, std::int32_t partition);

  std::map<std::string, std::map<std::int32_t, entry>> topics_;
};

/// Number of UTF-16 code units of `text`, by which Kafka measures a client's note.
std::size_t utf16_length(std::string_view text);

}  // namespace troupe::group

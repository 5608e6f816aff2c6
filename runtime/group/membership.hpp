#pragma once

#include "runtime/group/effects.hpp"
#include "schema/kafka/consumer_group_describe.hpp"
#include "schema/kafka/describe_groups.hpp"
#include "schema/kafka/list_groups.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe::group {

/// Who is a member of a group and what each member is to do, by either protocol: what the coordinator asks of it. No
/// clock and no I/O: time comes in, effects go out through the outbox, and each request is answered once.
class membership {
 public:
  virtual ~membership() = default;

  // -- requests of members of the classic protocol ------------------------------------------------------------------

  virtual void join(const caller& who, const kafka::join_group_request& r, moment now, outbox& out) = 0;
  virtual void sync(const caller& who, const kafka::sync_group_request& r, moment now, outbox& out) = 0;
  virtual void heartbeat(const caller& who, const kafka::heartbeat_request& r, moment now, outbox& out) = 0;
  virtual void leave(const caller& who, const kafka::leave_group_request& r, moment now, outbox& out) = 0;
  /// The connection of a request that waits is gone.
  virtual void abandoned(request_id request, moment now, outbox& out) = 0;

  // -- what comes back, and time ------------------------------------------------------------------------------------

  /// The batch that was appended under this ticket is committed.
  virtual void committed(ticket of, moment now, outbox& out) = 0;
  /// It was not appended, and why.
  virtual void refused(ticket of, kafka::error_code why, moment now, outbox& out) = 0;
  /// Carries out what is due.
  virtual void tick(moment now, outbox& out) = 0;
  /// When to call `tick`; may be early.
  virtual std::optional<monotonic_time> wakes_at() const = 0;

  // -- life as a tenant of a log ------------------------------------------------------------------------------------

  /// All records were replayed: the members' sessions begin.
  virtual void loaded(moment now, outbox& out) = 0;
  /// Answers all that waits with `why` and is dead.
  virtual void close(kafka::error_code why, outbox& out) = 0;
  /// Dead until its deletion is committed; back to life when that is refused. Only an empty group is deleted.
  virtual void begin_deletion() = 0;
  virtual void end_deletion() = 0;
  /// The records that take it out of the log.
  virtual std::vector<log_record> tombstones() const = 0;

  // -- questions ----------------------------------------------------------------------------------------------------

  virtual const std::string& id() const = 0;
  /// Without members.
  virtual bool is_empty() const = 0;
  /// Is being deleted, or closed.
  virtual bool is_dead() const = 0;
  /// Whether the log has a record of it.
  virtual bool is_recorded() const = 0;
  /// Whether somebody is a member or about to be, or a record is on its way.
  virtual bool is_in_use() const = 0;
  /// Whether its members are consumers, so that it is known what they read.
  virtual bool is_consumers() const = 0;
  /// Whether offsets of `topic` are in use.
  virtual bool is_subscribed_to(const std::string& topic) const = 0;
  /// Whether it is known for now which topics are read and which are not.
  virtual bool knows_readers() const = 0;
  /// Since when its offsets have no reader, if that counts instead of when they were committed.
  virtual std::optional<wall_time> unread_since() const = 0;
  /// Whether a commit of offsets by this member and generation is in order; keeps a classic member's session up if so.
  virtual kafka::error_code admit_commit(const caller& who, const kafka::offset_commit_request& r, bool in_transaction,
                                         moment now) = 0;
  /// Whether this member may read offsets with this epoch, where it names one.
  virtual kafka::error_code admit_fetch(const std::optional<std::string>& member, std::int32_t epoch) const = 0;
  virtual kafka::list_groups_response::group listing() const = 0;
  /// As the classic protocol's tools see it.
  virtual kafka::describe_groups_response::group description(std::int16_t version) const = 0;
  /// As those of the consumer protocol do.
  virtual kafka::consumer_group_describe_response::group consumer_description() const = 0;
};

}  // namespace troupe::group

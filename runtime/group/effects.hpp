#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/group/records.hpp"
#include "runtime/kafka/errors.hpp"
#include "schema/kafka/consumer_group_heartbeat.hpp"
#include "schema/kafka/delete_groups.hpp"
#include "schema/kafka/heartbeat.hpp"
#include "schema/kafka/join_group.hpp"
#include "schema/kafka/leave_group.hpp"
#include "schema/kafka/offset_commit.hpp"
#include "schema/kafka/offset_delete.hpp"
#include "schema/kafka/sync_group.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::group {

/// Which request an answer belongs to; the caller numbers its requests and uses no number twice.
using request_id = strong<struct request_id_tag, std::uint64_t>;
/// Which batch of records has been committed or refused.
using ticket = strong<struct ticket_tag, std::uint64_t>;

/// What a step knows of the time: deadlines go by `at`, records hold `wall`.
struct moment {
  monotonic_time at;
  wall_time wall;
};

/// What is known of a request beside its body.
struct caller {
  request_id id;
  std::int16_t version = 0;
  std::string client_id;
  std::string client_host;  ///< as Kafka writes it: "/127.0.0.1"
};

/// The body of an answer.
using response = std::variant<kafka::join_group_response, kafka::sync_group_response, kafka::heartbeat_response,
                              kafka::leave_group_response, kafka::offset_commit_response,
                              kafka::offset_delete_response, kafka::delete_groups_response,
                              kafka::consumer_group_heartbeat_response>;

/// An answer to a request; each request gets exactly one.
struct answer {
  request_id to;
  response body;
};

/// Records to be appended to the coordinator's partition together or not at all.
struct batch {
  ticket id;
  std::vector<log_record> records;
  std::optional<journal_producer> by;  ///< in whose transaction; none: in no transaction
};

/// What a step asks of its caller.
struct effects {
  /// To be sent at once.
  std::vector<answer> answers;
  /// To be appended in this order, and behind those of earlier steps. Call `committed` or `refused` for each, in the
  /// same order.
  std::vector<batch> batches;
  /// What a person may want to know, a line each.
  std::vector<std::string> notes;
};

/// Gathers the effects of one step.
class outbox {
 public:
  /// `next` is the coordinator's number for its next batch.
  explicit outbox(ticket& next) : next_(&next) {}

  /// Answers `to` at once.
  void reply(request_id to, response body) { out_.answers.push_back({to, std::move(body)}); }
  /// Answers `to` when the batch is committed; with an error if it is refused.
  void reply_after(ticket when, request_id to, response body) { held_.emplace_back(when, answer{to, std::move(body)}); }
  /// Has `records` appended as one batch.
  ticket append(std::vector<log_record> records, std::optional<journal_producer> by = std::nullopt) {
    out_.batches.push_back({*next_, std::move(records), by});
    return std::exchange(*next_, ticket{next_->value + 1});
  }
  /// Tells a person.
  void note(std::string line) { out_.notes.push_back(std::move(line)); }

  /// What was gathered; the outbox is empty afterwards.
  effects take() { return std::exchange(out_, {}); }
  /// Answers that wait for a batch, in the order of the batches.
  std::vector<std::pair<ticket, answer>> take_held() { return std::exchange(held_, {}); }

 private:
  ticket* next_;
  effects out_;
  std::vector<std::pair<ticket, answer>> held_;
};

}  // namespace troupe::group

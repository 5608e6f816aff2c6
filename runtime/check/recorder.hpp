#pragma once

#include "runtime/check/history.hpp"

#include <map>

namespace troupe::check {

/// Takes down what clients do while they do it, and makes a history of it. Not thread-safe.
///
///   auto op = recorder.begin(client, operation_kind::send, now);
///   recorder.send(op, key, value);        // before the request leaves
///   recorder.acked(op, key, value, at);   // when it was told an offset
///   recorder.end(op, outcome::ok, now);
///
/// Operations may overlap, those of one client too. What is never ended counts as unknown: the sends of a client that
/// was cut off in the middle may well be in the log.
class recorder {
 public:
  /// Names an operation until it has ended.
  using ticket = std::uint64_t;

  /// `client` sets out for an operation at `now`.
  ticket begin(client_id client, operation_kind kind, instant now);
  /// `what` is about to be sent to `key`.
  void send(ticket op, log_key key, value what);
  /// The send of `what` to `key` was acknowledged at `at`.
  void acked(ticket op, log_key key, value what, offset at);
  /// A poll came back; what it brought follows, partition by partition.
  void poll(ticket op);
  void polled(ticket op, log_key key, record what);
  /// The group took `key` away from the client or gave it to the client; told before the poll that it happened in.
  void rebalanced(ticket op, log_key key);
  /// One partition of an assign or a subscribe.
  void name(ticket op, log_key key);
  /// The next poll of `key` begins at `at`; 0 is the beginning.
  void seek(ticket op, log_key key, offset at);
  /// A send of several values of which some failed and some did not ends unknown: what was acknowledged counts as such.
  void end(ticket op, outcome result, instant now);

  /// The client is gone: its open operations are unknown from now on, its positions forgotten.
  void crash(client_id client, instant now);
  /// See `history::final_reads_from`.
  void final_reads_begin(instant now);

  std::size_t open_count() const { return open_.size(); }
  /// The history, and an empty recorder. Open operations become unknown ones that were never answered.
  history take();

 private:
  struct open_operation {
    operation head;
    std::vector<step> steps;
    std::vector<record> records;
    bool new_poll = false;
  };

  open_operation& at(ticket op);
  void close(ticket number, open_operation&& op);

  std::map<ticket, open_operation> open_;
  std::vector<ticket> begun_;  // of each closed operation, to keep the order of those begun at one time
  ticket next_ = 0;
  history done_;
};

}  // namespace troupe::check

#pragma once

#include "actors/replica_log.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>
#include <optional>
#include <string>

namespace troupe {

/// Move the log to another directory of the node while it is used.
struct log_move_begin {
  std::string directory;  ///< an entry of `log.dirs`
  caf::actor syncer;      ///< of the disk that it is on
};

/// Stay where the log is.
struct log_move_cancel {};

/// Copy on.
struct log_move_tick {
  std::uint64_t number = 0;
};

/// A partition's word to its supervisor: its log lies elsewhere now. What is left of the old one is at `leftover`.
struct log_moved {
  partition_id id;
  std::string topic;
  std::string directory;  ///< entry of `log.dirs`
  std::string leftover;
};

/// The move of a partition's log from one directory of its node to another (KIP-113), as a part of the partition
/// actor's state. Copies batches into `topic-N.<topic id>-future` while the log is in use; when the copy has all, it
/// takes the log's place inside of one message, so that nobody notices. In the order of its steps on the disk, a crash
/// at any of them leaves either the log as it was, or the whole copy: see `settle_moved_folders`.
class log_move {
 public:
  void start(caf::event_based_actor* self, node_context& context, replica_log& log) {
    self_ = self;
    context_ = &context;
    log_ = &log;
  }

  /// Begins to copy to `to`; another move that is under way is given up.
  error begin(const log_move_begin& to);
  /// Gives up; what was copied is removed.
  void cancel();
  void step(const log_move_tick& m);

  /// Where to, how large the copy is and how many records it lacks; none when no move is under way.
  struct progress {
    std::string directory;
    std::uint64_t bytes = 0;
    std::int64_t lag = 0;
  };
  std::optional<progress> describe() const;

 private:
  std::string folder() const;
  error restart();
  error copy_some();
  error copy(const byte_slice& batches);
  bool is_astray() const;
  void again(monotonic_time::duration pause);
  void presync();
  error take_over();
  error swap_folders(const std::string& ready, const std::string& leftover);
  void give_up(const error& why);

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  replica_log* log_ = nullptr;
  std::optional<log_move_begin> to_;
  std::unique_ptr<log::log> copy_;
  std::uint64_t number_ = 0;  ///< of this move: ticks and reads of earlier ones are not heard
  bool waits_ = false;        ///< for a read or a sync
};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::log_move_begin)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::log_move_cancel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::log_move_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::log_moved)

#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::net {

/// One partition that a Fetch asks for. `topic` is filled up to version 12, `id` from 13 on.
struct fetch_partition {
  std::string topic;
  topic_id id;
  partition_index index;
  leader_epoch current_epoch = no_epoch;
  leader_epoch last_fetched_epoch = no_epoch;
  offset fetch_offset;
  std::int32_t max_bytes = 0;

  bool same_partition(const fetch_partition& other) const {
    return index == other.index && id == other.id && topic == other.topic;
  }
};

/// What was last told of a partition; an incremental answer leaves out those where nothing is new.
struct fetch_answer_state {
  offset high_watermark = no_offset;
  offset log_start = no_offset;
  bool had_error = false;
};

/// How a session request was wrong; maps to Kafka's codes 70 and 71.
enum class fetch_session_fault : std::uint8_t { none, unknown_session, wrong_epoch, mixed_topic_ids };

/// Incremental fetch sessions (KIP-227) of one connection: the client names its partitions once, later only what
/// changed.
///
/// A session lives with its connection (clients start anew after a reconnect), so it cannot be leaked; the node bounds
/// their number by `max.incremental.fetch.session.cache.slots`. Pure; owned by the session actor.
class fetch_session {
 public:
  struct request {
    std::int32_t session_id = 0;
    std::int32_t session_epoch = -1;
    bool by_id = false;  ///< version 13 and later
    std::vector<fetch_partition> partitions;
    std::vector<fetch_partition> forgotten;
  };

  /// What to fetch for a request, and how to answer.
  struct plan {
    fetch_session_fault fault = fetch_session_fault::none;
    std::vector<fetch_partition> partitions;
    std::int32_t session_id = 0;  ///< to be told to the client
    bool incremental = false;     ///< unchanged partitions are left out of the answer
  };

  /// `new_id` names a session that may be opened now; 0 when none may be (the slots are used up).
  plan begin(request&& r, std::int32_t new_id);

  /// Whether `p` must be part of an incremental answer, and remembers what it will have been told. `has_records`
  /// partitions move behind the others, so that busy ones do not starve them at the size limit.
  bool note_answer(const fetch_partition& p, const fetch_answer_state& now, bool has_records);

  bool is_open() const { return id_ != 0; }

 private:
  struct cached {
    fetch_partition wanted;
    fetch_answer_state told;
  };
  struct key {
    std::string topic;
    topic_id id;
    partition_index index;
    bool operator==(const key&) const = default;
  };
  struct key_hash {
    std::size_t operator()(const key& k) const;
  };
  static key key_of(const fetch_partition& p) { return {p.topic, p.id, p.index}; }

  plan open(request&& r, std::int32_t new_id);
  plan go_on(request&& r);
  void close();
  void put(fetch_partition&& p);

  std::int32_t id_ = 0;
  std::int32_t next_epoch_ = 0;
  bool by_id_ = false;
  std::list<cached> order_;
  std::unordered_map<key, std::list<cached>::iterator, key_hash> by_key_;
};

}  // namespace troupe::net

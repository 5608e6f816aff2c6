#pragma once

#include "runtime/metadata/quorum_state.hpp"
#include "runtime/raft/messages.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace troupe::raft {

/// Entries [from, until).
struct entry_range {
  std::int64_t from = 0;
  std::int64_t until = 0;
  auto operator<=>(const entry_range&) const = default;
};

/// Send `request` with the entries after its `prev` up to `until`, or with as many as fit, at least one; when they are
/// fewer, tell the participant so with `sent_until`.
struct append_order {
  message request;         ///< an `append_request` without its entries
  std::int64_t until = 0;  ///< `prev.index + 1`: none
};

/// Send `request` with the piece of the snapshot `at` that begins at `offset`; the caller chooses how much, and fills
/// in `size` and `last`. Nothing is sent when the snapshot cannot be read there: the order comes again.
struct snapshot_order {
  message request;
};

/// What a step asks of its caller, to be done from top to bottom and before the next step. The order is what makes a
/// promise hold after a crash: nothing leaves the node before that on which it depends is durable.
struct effects {
  /// Term and vote have changed: make them durable now, before anything else is done.
  std::optional<metadata::quorum_state> persist;
  /// Remove this entry and all after it from the journal, durably.
  std::optional<std::int64_t> truncate_from;
  /// Append these entries of the message that was just passed in. Call `durable` when they are.
  std::optional<entry_range> append_received;
  /// Append the entry that was just proposed, or one without records after winning an election. Call `durable` when
  /// it is.
  std::optional<entry_id> append_own;
  /// Keep the piece that came with the message that was just passed in; at offset 0 a new snapshot begins, and what
  /// was kept of another is dropped.
  std::optional<snapshot_request> keep_piece;
  /// The snapshot of this entry is complete: put it in the place of journal and state, then call `installed`; when that
  /// fails, `install_failed`.
  std::optional<entry_id> install;
  /// To be sent as they are.
  std::vector<message> send;
  /// To be sent with entries from the journal, which has what stands above.
  std::vector<append_order> appends;
  /// To be sent with a piece of a snapshot.
  std::vector<snapshot_order> snapshots;
  /// Entries up to this one are committed and durable here: apply them.
  std::optional<std::int64_t> commit;
  /// Role, leader, term or the set of voters are not what they were: look at `view`.
  bool changed = false;
};

}  // namespace troupe::raft

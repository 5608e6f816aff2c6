#pragma once

#include "tools/admin/client.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::tools {

/// One that reads the metadata log, as the quorum's leader tells.
struct quorum_member {
  std::int32_t node = -1;
  std::string directory;
  std::int64_t log_end = -1;         ///< -1: the leader has heard nothing of it yet
  std::int64_t caught_up_at_ms = -1;  ///< wall clock; -1 when unknown
};

/// Who owns the metadata log.
struct quorum_state {
  std::int32_t leader = -1;
  std::int32_t term = -1;
  std::int64_t high_watermark = -1;
  std::vector<quorum_member> voters, observers;
  std::vector<endpoint> voter_addresses;  ///< of the listeners for nodes

  /// The leader's own log end; -1 when it is not among the voters.
  std::int64_t log_end() const;
  /// How many entries the member lacks; none when unknown.
  std::optional<std::int64_t> lag_of(const quorum_member& m) const;
};

/// The state as the leader of the quorum tells it; none when the node that answers does not serve DescribeQuorum.
expected<std::optional<quorum_state>> describe_quorum(client& by);

/// Tells when a quorum can lose any one of its voters and still has the last change of its members. The leader tells of
/// members before that is committed, so it takes two looks: what the first look saw, all of them must have by the
/// second.
class quorum_watch {
 public:
  /// `voters_wanted`: how many voters there must be; from three on, any one may be lost.
  explicit quorum_watch(std::size_t voters_wanted) : wanted_(voters_wanted) {}

  /// True once it is so.
  bool look(const quorum_state& now);

 private:
  std::size_t wanted_;
  std::int32_t term_ = -1;
  std::int64_t goal_ = -1;  ///< log end that the voters must have; -1 before the first look that saw enough of them
};

}  // namespace troupe::tools

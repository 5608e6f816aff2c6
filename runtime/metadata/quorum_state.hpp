#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/metadata/partition_list.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace troupe::metadata {

/// What a voter of the metadata quorum must not forget: its term, and whom it voted for in it.
struct quorum_state {
  std::int64_t term = 0;
  node_id voted_for = no_node;
  auto operator<=>(const quorum_state&) const = default;
};

/// The state in file `quorum-state` of the metadata log's directory; none when there is no such file. Error:
/// `journal_damaged` when its content is not what was written.
expected<std::optional<quorum_state>> load_quorum_state(disk& on, const std::string& directory);

/// Makes `state` durable before it returns; to be called before a vote or a term is shown to anybody.
error save_quorum_state(disk& on, const std::string& directory, const quorum_state& state);

/// The start of a quorum of one: a term above every earlier one (`last_term` is the journal's), with the vote for
/// itself, durable. Error `journal_damaged` when the journal has entries but the state is gone.
expected<quorum_state> raise_term(disk& on, const std::string& directory, node_id self, std::int64_t last_term);

}  // namespace troupe::metadata

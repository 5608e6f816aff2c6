#pragma once

#include "runtime/workload/wish.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::workload {

/// The end of a run, when nobody sends any more: each client goes, comes back fresh, is assigned all partitions and
/// reads them from the beginning to where they end.
class final_reads {
 public:
  /// `ends`: where the partitions' readable records end (ListOffsets, latest, read committed), by partition.
  explicit final_reads(std::vector<offset> ends) : ends_(std::move(ends)) {}

  /// What `client` does next; none when it has read everything.
  std::optional<wish> next(check::client_id client);
  /// The next poll of `client` begins at `position`, behind all that it polled and what is hidden from it.
  void reached(check::client_id client, check::log_key key, offset position);
  /// `client` died without having wished to: it begins anew.
  void crashed(check::client_id client) { clients_.erase(client); }

 private:
  enum class stage : std::uint8_t { crash, assign, seek, poll };

  struct progress {
    stage next = stage::crash;
    std::vector<offset> reached;  ///< by partition, exclusive
  };

  wish for_all(check::operation_kind kind, check::step_kind step) const;

  std::vector<offset> ends_;
  std::map<check::client_id, progress> clients_;
};

}  // namespace troupe::workload

#pragma once

#include "runtime/sim/prng.hpp"
#include "runtime/workload/final_reads.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace troupe::workload {

/// What a list-append workload is made of. Probabilities are in a million.
struct list_append_options {
  std::int32_t partition_count = 4;
  std::uint32_t send = 500'000;        ///< of a step: it sends, and polls otherwise
  std::uint32_t transaction = 0;       ///< of an operation: it is a transaction
  std::uint32_t steps_max = 4;         ///< of a transaction
  std::uint32_t sends_max = 1;         ///< of a send outside a transaction
  std::uint32_t reassign = 15'000;     ///< of an operation: other partitions are read from now on
  std::uint32_t seek = 10'000;         ///< of an operation: one assigned partition is read from elsewhere
  std::uint32_t crash = 5'000;         ///< of an operation: the client goes
  bool subscribe = false;              ///< partitions are subscribed to, not assigned
};

/// Clients send values that nobody else sends and poll what is there, in any order; in the end each reads everything
/// from the beginning. Decides what each client does next and leaves to others how. Equal seeds, calls and answers
/// give equal wishes. Not thread-safe.
///
/// A run: call `next` for each idle client and carry the wish out, telling `acknowledged` and `polled`; after a while
/// let all operations end, call `begin_final_reads` and go on in the same way, telling `reached` too, until `next` has
/// no wish for anybody.
class list_append {
 public:
  list_append(const list_append_options& options, std::uint64_t seed);

  /// What `client` does next; none when it has read everything.
  std::optional<wish> next(check::client_id client);

  /// A send of an operation that is done for certain went to `at`.
  void acknowledged(check::log_key key, offset at);
  /// Somebody polled the record at `at`.
  void polled(check::log_key key, offset at);
  /// In the final reads: see `final_reads::reached`.
  void reached(check::client_id client, check::log_key key, offset position);
  /// `client` died without having wished to: it begins as a fresh one.
  void crashed(check::client_id client);

  /// Nobody sends any more, and no operation is open: from now on everybody reads everything up to `ends`, by
  /// partition.
  void begin_final_reads(std::vector<offset> ends);

 private:
  struct log_state {
    check::value next{0};
    offset sent_max = no_offset;
    offset polled_max = no_offset;
  };

  wish reassign(std::vector<check::log_key>& reads);
  wish seek(const std::vector<check::log_key>& reads);
  wish send();
  wish transaction();
  wished_step send_step();
  check::log_key any_key();

  list_append_options options_;
  sim::prng random_;
  std::map<check::client_id, std::vector<check::log_key>> reads_;  ///< of each client that has begun
  std::vector<log_state> logs_;
  std::optional<final_reads> final_;
};

}  // namespace troupe::workload

#pragma once

#include "runtime/check/history.hpp"
#include "runtime/workload/final_reads.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::workload {

/// How many tokens go how far round which ring.
struct ring_options {
  std::int32_t partition_count = 3;
  std::int32_t token_count = 6;
  std::int32_t hops = 12;  ///< of each token, from partition to partition
};

/// Consume, transform, produce: tokens lie in partitions that form a ring; a transaction takes some from one partition
/// and puts each into the next, and commits its position with that. However often transactions abort and clients die,
/// each token is passed on exactly once a hop. Each attempt sends a value of its own. Not thread-safe.
///
/// A run: call `next` for each idle client. A send is a seed. In a transaction, send what `pass_on` gives for each
/// record that is polled, and commit the consumer's position of the group with it. When `arrived_count` has reached
/// what was seeded, or after some time, let all operations end and go on with the final reads as in `list_append`;
/// then ask for the `verdict`.
class ring_transfer {
 public:
  explicit ring_transfer(const ring_options& options);

  /// What `client` does next; none when it has read everything in the end.
  std::optional<wish> next(check::client_id client);
  /// What is to be sent for the record `what` that was polled from `from`; none when its token has arrived.
  std::optional<wished_step> pass_on(check::log_key from, const check::record& what);
  /// A seed was certainly not sent: it is asked for again.
  void seed_failed() { ++seeds_left_; }
  /// Tokens that were seen at the end of their way.
  std::size_t arrived_count() const { return arrived_count_; }

  /// See `list_append`.
  void crashed(check::client_id client);
  void begin_final_reads(std::vector<offset> ends) { final_.emplace(std::move(ends)); }
  void reached(check::client_id client, check::log_key key, offset position);

  /// What the final reads of `h` show that must not be: tokens that were passed on twice or come from nowhere, and,
  /// where `all_arrived`, tokens that stand still. A sentence each.
  std::vector<std::string> verdict(const check::history& h, bool all_arrived) const;

 private:
  /// Where the value came from, by partition and value.
  struct origin {
    check::log_key from = check::no_key;  ///< none for a seed
    check::value source{};
    std::int32_t hops = 0;
    bool arrived = false;
  };

  wished_step send(check::log_key to, const origin& of);
  check::log_key behind(check::log_key key) const;

  ring_options options_;
  std::int32_t seeds_left_;
  std::vector<std::vector<origin>> values_;
  std::vector<check::client_id> subscribed_;
  std::size_t arrived_count_ = 0;
  std::optional<final_reads> final_;
};

}  // namespace troupe::workload

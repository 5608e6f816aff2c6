#pragma once

#include "runtime/metadata/records.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace troupe::raft {

using metadata::entry_id;

/// True when a log that ends with `mine` has all that one ending with `theirs` can have committed (Raft 5.4.1).
bool is_as_new(entry_id mine, entry_id theirs);

/// Which term each entry of a log has, without the entries: a few words for each term, however long the log is.
class log_terms {
 public:
  log_terms() = default;
  /// A log that has no entry after `base` yet.
  explicit log_terms(entry_id base) : base_(base), last_(base) {}

  /// The entry before the first one that can be read; its term is known.
  entry_id base() const { return base_; }
  entry_id last() const { return last_; }
  /// Term of an entry in [base, last]; none for others.
  std::optional<std::int64_t> term_at(std::int64_t index) const;
  /// Newest entry with neither index nor term above those of `limit`; none when it lies before the base. Two logs with
  /// equal entries up to some point find that point by asking each other for this.
  std::optional<entry_id> newest_not_above(entry_id limit) const;

  /// One more entry; terms never go back.
  void append(std::int64_t term);
  /// `from`, which lies after the base, and all after it are gone.
  void truncate_from(std::int64_t from);
  /// Entries up to `index`, one of [base, last], cannot be read any more.
  void compact_to(std::int64_t index);

 private:
  struct run {
    std::int64_t first;
    std::int64_t term;
  };
  const run* run_of(std::int64_t index) const;

  entry_id base_;
  entry_id last_;
  std::vector<run> runs_;  ///< of the entries after the base; one ends where the next begins
};

}  // namespace troupe::raft

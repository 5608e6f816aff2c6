#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe::cluster_sim {

/// Judges what the members of one group are told: that no two own a partition in one generation, that nobody commits in
/// the name of a generation after another one has, and that a committed offset, once acknowledged, is read again until
/// a later one has taken its place (G05, G06).
class group_oracle {
 public:
  /// `defects` outlives it.
  explicit group_oracle(std::vector<std::string>& defects) : defects_(defects) {}

  /// `member` was told that it owns `partition` in `generation`.
  void owns(std::int32_t generation, std::int32_t partition, const std::string& member);
  /// A number to commit that nobody has committed, sent now in the name of `generation`.
  std::int64_t sends(std::int32_t generation, std::int32_t partition);
  /// That commit was acknowledged.
  void acknowledged(std::int32_t partition, std::int64_t number);
  /// A read of `partition` begins; hand the result to `reads`.
  std::int64_t begins_to_read(std::int32_t partition) const;
  /// What a read that began with `since` was told; -1: nothing is committed.
  void reads(std::int32_t partition, std::int64_t since, std::int64_t told);

  std::uint64_t acknowledged_count() const { return acknowledged_count_; }

 private:
  void defect(std::string what);

  std::vector<std::string>& defects_;
  std::map<std::pair<std::int32_t, std::int32_t>, std::string> owners_;  ///< by generation and partition
  std::map<std::int64_t, std::pair<std::int32_t, std::int32_t>> sent_;   ///< number → partition and generation
  std::map<std::int32_t, std::int64_t> last_;  ///< by partition, what was acknowledged last in the group's order
  std::int64_t next_ = 0;
  std::uint64_t acknowledged_count_ = 0;
};

}  // namespace troupe::cluster_sim

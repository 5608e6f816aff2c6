#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::cluster_sim {

/// What may be read of transactions that each write one line to some partitions: all of a committed one's, none of an
/// aborted one's, all or none where the client was not told; each once, in the order in which its client began them.
class transaction_oracle {
 public:
  /// `defects` outlives it.
  explicit transaction_oracle(std::vector<std::string>& defects) : defects_(defects) {}

  enum class fate : std::uint8_t { unknown, committed, aborted };

  /// A client begins a transaction; the value of its lines.
  std::string begins(const std::string& client);
  /// It is about to write the line to that partition.
  void writes(const std::string& value, std::int32_t partition);
  void ends(const std::string& value, fate told);

  /// A reader of committed records was given this, as the next of the partition.
  void is_read(std::int32_t partition, std::int64_t at, const std::string& value);
  /// A reader that has come to `at` is told that nothing is there any more.
  void is_lost(std::int32_t partition, std::int64_t at);
  /// Readers have read everything: compares.
  void judge();

  std::uint64_t committed_count() const { return committed_; }
  std::uint64_t aborted_count() const { return aborted_; }

 private:
  struct known {
    std::string client;
    std::uint64_t number = 0;
    std::set<std::int32_t> partitions;
    fate told = fate::unknown;
  };

  void wrong(std::string what);

  std::vector<std::string>& defects_;
  std::map<std::string, known> all_;  ///< by value
  std::map<std::string, std::uint64_t> last_number_;
  std::map<std::int32_t, std::map<std::int64_t, std::string>> read_;  ///< by partition and offset
  std::uint64_t committed_ = 0;
  std::uint64_t aborted_ = 0;
};

}  // namespace troupe::cluster_sim

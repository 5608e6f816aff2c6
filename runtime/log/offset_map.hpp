#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace troupe::log {

/// Remembers for each key the last offset it was seen at, in bounded memory: instead of keys it keeps 128 bits of hash,
/// so that two keys out of 2^40 meet with a chance of 2^-49. Grows by doubling as keys come. One thread.
class offset_map {
 public:
  /// Uses at most about `bytes_max` once grown; has room for 16 keys in any case.
  explicit offset_map(std::size_t bytes_max);

  /// Notes that `key` is at `at`, which is above all offsets noted before. False when there is no room for one more
  /// key; then nothing was noted.
  bool put(bytes_view key, offset at);

  /// The last offset of `key`.
  std::optional<offset> find(bytes_view key) const;

  std::size_t size() const { return used_; }
  std::size_t capacity() const { return capacity_; }
  /// Memory in use now.
  std::size_t bytes() const { return slots_.capacity() * sizeof(slot); }

 private:
  struct hash {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend bool operator==(const hash&, const hash&) = default;
  };
  struct slot {
    hash key;
    std::int64_t at = -1;  // -1: empty
  };
  static hash hash_of(bytes_view key);
  slot& seek(const hash& key);
  const slot& seek(const hash& key) const;
  void grow();

  std::vector<slot> slots_;  // open addressing; a power of two
  std::size_t used_ = 0;
  std::size_t capacity_;  // keys at most
};

}  // namespace troupe::log

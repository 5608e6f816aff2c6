#pragma once

#include "runtime/base/ids.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace troupe::metadata {

constexpr node_id no_node{-1};

/// One partition as the controller decided it.
struct partition {
  std::vector<node_id> replicas;     ///< the preferred leader first
  std::vector<node_id> in_sync;      ///< those of them that have every committed record (the ISR)
  node_id leader = no_node;          ///< `no_node`: offline
  leader_epoch epoch{0};             ///< of the leader
  std::int32_t partition_epoch = 0;  ///< grows with every change of this partition
  std::vector<node_id> adding;       ///< replicas that the reassignment under way adds
  std::vector<node_id> removing;     ///< replicas that leave when it is done
  std::vector<node_id> eligible;     ///< outside the ISR, but with every committed record (the ELR, KIP-966)
  std::vector<node_id> last_known;   ///< who may lead when ISR and ELR are empty; records may be lost then
  bool recovering = false;           ///< the leader came out of an unclean election and has not settled yet

  bool operator==(const partition&) const = default;
};

/// The partitions of one topic by index; copies share the partitions. Reads like a vector of `partition`.
class partition_list {
 public:
  using shared = std::shared_ptr<const partition>;

  /// Walks the partitions in the order of their index.
  class iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = partition;
    using difference_type = std::ptrdiff_t;
    using pointer = const partition*;
    using reference = const partition&;

    iterator() = default;
    explicit iterator(std::vector<shared>::const_iterator at) : at_(at) {}
    reference operator*() const { return **at_; }
    pointer operator->() const { return at_->get(); }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    iterator operator++(int) { return iterator{at_++}; }
    bool operator==(const iterator&) const = default;

   private:
    std::vector<shared>::const_iterator at_;
  };

  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  const partition& operator[](std::size_t index) const { return *items_[index]; }
  iterator begin() const { return iterator{items_.begin()}; }
  iterator end() const { return iterator{items_.end()}; }

  /// The counted partition itself: the same pointer in two images means unchanged.
  const shared& share(std::size_t index) const { return items_[index]; }
  void push_back(partition added) { items_.push_back(std::make_shared<const partition>(std::move(added))); }
  void replace(std::size_t index, partition changed) {
    items_[index] = std::make_shared<const partition>(std::move(changed));
  }

  /// Equal content.
  friend bool operator==(const partition_list& a, const partition_list& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::vector<shared> items_;
};

}  // namespace troupe::metadata

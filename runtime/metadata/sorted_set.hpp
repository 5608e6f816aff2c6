#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace troupe::metadata {

/// An ordered set of shared immutable values whose copies share structure: a list of sorted leaves of at most
/// `leaf_max` values. Copying the set is one reference count; changing a copy copies the list and the one leaf
/// concerned, once. The key of a value comes from `KeyOf`. Reading is safe from any thread; writing belongs to the
/// owner of a copy, who keeps the original alive until done.
template <class T, class KeyOf>
class sorted_set {
 public:
  using value = std::shared_ptr<const T>;
  using leaf = std::vector<value>;

  static constexpr std::size_t leaf_max = 128;

  /// Walks the values in order.
  class iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = value;
    using difference_type = std::ptrdiff_t;
    using pointer = const value*;
    using reference = const value&;

    iterator() = default;
    reference operator*() const { return (*(*leaves_)[leaf_])[at_]; }
    pointer operator->() const { return &**this; }
    iterator& operator++() {
      if (++at_ == (*leaves_)[leaf_]->size())
        skip_leaf();
      return *this;
    }
    iterator operator++(int) {
      auto before = *this;
      ++*this;
      return before;
    }
    bool operator==(const iterator&) const = default;

    /// The leaf that begins here, or null in the middle of one: two sets that share it are equal there.
    const leaf* leaf_beginning_here() const { return at_ == 0 ? (*leaves_)[leaf_].get() : nullptr; }
    void skip_leaf() {
      ++leaf_;
      at_ = 0;
    }

   private:
    friend class sorted_set;
    iterator(const std::vector<std::shared_ptr<leaf>>* leaves, std::size_t leaf_index, std::size_t at)
        : leaves_(leaves), leaf_(leaf_index), at_(at) {}

    const std::vector<std::shared_ptr<leaf>>* leaves_ = nullptr;
    std::size_t leaf_ = 0;
    std::size_t at_ = 0;
  };

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  iterator begin() const { return {leaves_.get(), 0, 0}; }
  iterator end() const { return {leaves_.get(), leaves_->size(), 0}; }

  /// The first value whose key is not below `key`.
  template <class Key>
  iterator from(const Key& key) const {
    const auto l = leaf_for(key);
    if (l == leaves_->size())
      return end();
    const auto at = lower_bound(*(*leaves_)[l], key);
    iterator found{leaves_.get(), l, at};
    if (at == (*leaves_)[l]->size())
      found.skip_leaf();
    return found;
  }

  /// Null when there is none with that key.
  template <class Key>
  value find(const Key& key) const {
    const auto at = from(key);
    return at != end() && KeyOf{}(**at) == key ? *at : nullptr;
  }

  /// Puts `added` in, in the place of a value with the same key.
  void put(value added) {
    const auto& key = KeyOf{}(*added);
    auto& leaves = own_leaves();
    if (leaves.empty()) {
      leaves.push_back(std::make_shared<leaf>(1, std::move(added)));
      size_ = 1;
      return;
    }
    const auto l = leaf_for(key);
    auto& target = own(leaves[l]);
    const auto at = lower_bound(target, key);
    if (at < target.size() && KeyOf{}(*target[at]) == key) {
      target[at] = std::move(added);
      return;
    }
    target.insert(target.begin() + static_cast<std::ptrdiff_t>(at), std::move(added));
    ++size_;
    if (target.size() > leaf_max)
      split(leaves, l);
  }

  /// Takes the value with that key out; false when there is none.
  template <class Key>
  bool erase(const Key& key) {
    if (!find(key))
      return false;
    auto& leaves = own_leaves();
    const auto l = leaf_for(key);
    auto& target = own(leaves[l]);
    target.erase(target.begin() + static_cast<std::ptrdiff_t>(lower_bound(target, key)));
    if (target.empty())
      leaves.erase(leaves.begin() + static_cast<std::ptrdiff_t>(l));
    --size_;
    return true;
  }

 private:
  using leaf_list = std::vector<std::shared_ptr<leaf>>;

  /// The last leaf whose first key is not above `key`, the first leaf when there is none.
  template <class Key>
  std::size_t leaf_for(const Key& key) const {
    const auto above =
        std::upper_bound(leaves_->begin(), leaves_->end(), key,
                         [](const Key& k, const std::shared_ptr<leaf>& l) { return k < KeyOf{}(*l->front()); });
    return above == leaves_->begin() ? 0 : static_cast<std::size_t>(above - leaves_->begin()) - 1;
  }

  template <class Key>
  static std::size_t lower_bound(const leaf& in, const Key& key) {
    const auto at =
        std::lower_bound(in.begin(), in.end(), key, [](const value& v, const Key& k) { return KeyOf{}(*v) < k; });
    return static_cast<std::size_t>(at - in.begin());
  }

  // A part that nobody else refers to was made by this copy and is changed in place: a series of changes copies each
  // part once. The original has to live meanwhile, or its last reader might still be at it.
  leaf_list& own_leaves() {
    if (leaves_.use_count() != 1)
      leaves_ = std::make_shared<leaf_list>(*leaves_);
    return *leaves_;
  }
  static leaf& own(std::shared_ptr<leaf>& shared) {
    if (shared.use_count() != 1)
      shared = std::make_shared<leaf>(*shared);
    return *shared;
  }

  static void split(leaf_list& leaves, std::size_t l) {
    auto& full = *leaves[l];
    // Keys that come in ascending order, as from a snapshot, leave full leaves behind.
    const auto keep = l + 1 == leaves.size() ? full.size() - 1 : full.size() / 2;
    auto upper = std::make_shared<leaf>(std::make_move_iterator(full.begin() + static_cast<std::ptrdiff_t>(keep)),
                                        std::make_move_iterator(full.end()));
    full.resize(keep);
    leaves.insert(leaves.begin() + static_cast<std::ptrdiff_t>(l) + 1, std::move(upper));
  }

  std::shared_ptr<leaf_list> leaves_ = std::make_shared<leaf_list>();
  std::size_t size_ = 0;
};

}  // namespace troupe::metadata

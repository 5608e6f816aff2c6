#include "runtime/group/levelling.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace troupe::group {

namespace {

using index = shares::index;
using step = shares::step;

/// Looks for members with more, going backwards from one with little: to those who hold something that it is
/// subscribed to, to those who could make up for that to these, and so on.
class search {
 public:
  search(shares& all, std::size_t looks_max)
    : all_(all), looks_max_(looks_max), ways_(all.member_count()), topics_seen_(all.topics().size(), 0) {
    for (index m = 0; m < all.member_count(); ++m)
      if (all.first(m) < all.first(m + 1))
        unsettled_.emplace(all.load(m), m);
  }

  void run() {
    while (!unsettled_.empty() && looks_ < looks_max_ && most() > unsettled_.begin()->first + 1) {
      const auto taker = unsettled_.begin()->second;
      if (const auto giver = giver_for(taker); giver != shares::nobody)
        pass_on(giver, taker);
      else
        settle_reached();
    }
  }

 private:
  /// How a member was reached in a round: what it would give, and its place among those that were reached.
  struct way {
    step by;
    std::uint32_t round = 0;
    std::size_t place = 0;
  };

  static constexpr std::uint32_t settled = ~std::uint32_t{0};
  /// Looks after which a member with the most, if there is one so near, is not weighed against others any more.
  static constexpr std::size_t looks_enough = 1'024;

  std::int32_t most() const { return unsettled_.rbegin()->first; }

  /// The member with the most among the nearest to `taker` that have at least two more, or `nobody`.
  index giver_for(index taker) {
    ++round_;
    reached_.assign(1, taker);
    ways_[taker] = {{}, round_, 0};
    for (std::size_t begin = 0; begin < reached_.size();) {
      nearer_ = reached_.size();
      looks_before_ = looks_;
      met_most_ = false;
      for (; begin < nearer_ && !is_enough(); ++begin)
        reach_from(reached_[begin]);
      const auto giver = best_reached();
      if (giver != shares::nobody && all_.load(giver) >= all_.load(taker) + 2)
        return giver;
    }
    return shares::nobody;
  }

  bool is_enough() const { return met_most_ && looks_ - looks_before_ > looks_enough; }

  /// Reaches all that hold something that `taker` is subscribed to, beginning with another topic each time lest all be
  /// taken from the first one.
  void reach_from(index taker) {
    const auto first = all_.first(taker);
    const auto share_count = all_.first(taker + 1) - first;
    const auto skipped = taker + static_cast<index>(all_.load(taker));
    for (index i = 0; i < share_count && !is_enough(); ++i) {
      const auto into = first + (i + skipped) % share_count;
      auto& seen = topics_seen_[all_.at(into).topic];
      ++looks_;
      if (seen == round_ || seen == settled)
        continue;
      seen = round_;
      for (auto from : all_.topics()[all_.at(into).topic].holding)
        reach({from, into});
    }
  }

  void reach(step by) {
    ++looks_;
    const auto giver = all_.at(by.from).member;
    auto& known = ways_[giver];
    if (known.round != round_) {
      known = {by, round_, reached_.size()};
      reached_.push_back(giver);
      met_most_ = met_most_ || all_.load(giver) == most();
    } else if (known.place >= nearer_ && all_.cost_of(by) < all_.cost_of(known.by)) {
      known.by = by;
    }
  }

  index best_reached() const {
    const auto is_worse = [&](index a, index b) {
      if (all_.load(a) != all_.load(b))
        return all_.load(a) < all_.load(b);
      return std::pair{all_.cost_of(ways_[b].by), b} < std::pair{all_.cost_of(ways_[a].by), a};
    };
    const auto first = reached_.begin() + static_cast<std::ptrdiff_t>(nearer_);
    const auto best = std::max_element(first, reached_.end(), is_worse);
    return best == reached_.end() ? shares::nobody : *best;
  }

  void pass_on(index giver, index taker) {
    unsettled_.erase({all_.load(giver), giver});
    unsettled_.erase({all_.load(taker), taker});
    for (auto member = giver; member != taker;) {
      const auto by = ways_[member].by;
      all_.move(by);
      member = all_.at(by.into).member;
    }
    unsettled_.emplace(all_.load(giver), giver);
    unsettled_.emplace(all_.load(taker), taker);
  }

  /// Nobody who was reached has more than one more than the least, and nobody else could ever give to them: they, and
  /// all that they are subscribed to, are as they will be.
  void settle_reached() {
    for (auto member : reached_) {
      unsettled_.erase({all_.load(member), member});
      for (auto which = all_.first(member); which < all_.first(member + 1); ++which)
        topics_seen_[all_.at(which).topic] = settled;
    }
  }

  shares& all_;
  const std::size_t looks_max_;
  std::size_t looks_ = 0;
  std::set<std::pair<std::int32_t, index>> unsettled_;  ///< by load
  std::vector<way> ways_;                               ///< of each member
  std::vector<std::uint32_t> topics_seen_;              ///< the round in which each topic was
  std::uint32_t round_ = 0;
  std::vector<index> reached_;  ///< in this round, the nearest first
  std::size_t nearer_ = 0;      ///< how many of them are nearer than those that are being reached
  std::size_t looks_before_ = 0;
  bool met_most_ = false;
};

}  // namespace

void level_out(shares& all, std::size_t looks_max) { search{all, looks_max}.run(); }

}  // namespace troupe::group

#include "runtime/sim/power_loss.hpp"

#include <algorithm>

namespace troupe::sim {

namespace {

/// How much of what is not durable survives.
enum class survival : std::uint8_t { nothing, all, some };
/// What stands where a file is longer than its data.
enum class filling : std::uint8_t { zeros, garbage, old_bytes };

class draw {
 public:
  draw(disk_state& state, power_loss_mode mode, std::uint64_t seed)
      : state_(state), mode_(mode), random_(seed, mode == power_loss_mode::ordered ? "ordered" : "weakest") {
    unit_ = random_.below(2) == 0 ? sector_bytes : 8 * sector_bytes;
    keep_eighths_ = 1 + random_.below(7);
    if (mode == power_loss_mode::weakest)
      filling_ = static_cast<filling>(random_.below(state.shows_old_bytes ? 3 : 2));
    if (seed < 4) {
      names_ = seed == 1 || seed == 2 ? survival::all : survival::nothing;
      data_ = seed == 1 || seed == 3 ? survival::all : survival::nothing;
    }
  }

  void run() {
    draw_names();
    std::map<inode_number, std::vector<std::uint8_t>> drawn;
    for (const auto& [number, node] : state_.inodes)
      if (!node.is_directory)
        drawn[number] = draw_content(number, node);
    for (auto& [number, content] : drawn)
      state_.inodes[number].durable = std::move(content);
    for (auto& [number, node] : state_.inodes) {
      node.content = node.durable;
      node.names = node.durable_names;
      node.unsynced.clear();
    }
    state_.end_process();
  }

 private:
  bool survives() { return random_.below(8) < keep_eighths_; }

  void draw_names() {
    auto& changes = state_.unsynced_names;
    // In order: whatever came before a change that was synced is there as well.
    const auto forced = static_cast<std::size_t>(
      std::count_if(changes.begin(), changes.end(), [&](const auto& c) { return c.number < state_.names_durable_to; }));
    auto prefix = forced;
    if (names_ == survival::all)
      prefix = changes.size();
    else if (names_ == survival::some)
      prefix += random_.below(changes.size() - forced + 1);
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const bool is_there = mode_ == power_loss_mode::ordered ? i < prefix
                            : names_ == survival::some        ? survives()
                                                              : names_ == survival::all;
      if (is_there)
        apply_name_change(changes[i], [this](inode_number d) -> name_map& { return state_.inodes[d].durable_names; });
    }
    changes.clear();
  }

  std::vector<std::uint8_t> draw_content(inode_number number, const inode& node) {
    if (node.unsynced.empty())
      return node.durable;
    auto fate = data_;
    if (fate == survival::some && random_.below(4) == 0)
      fate = random_.below(2) == 0 ? survival::nothing : survival::all;
    if (fate == survival::nothing)
      return node.durable;
    if (fate == survival::all) {
      state_.sync_content(number);
      return state_.inodes[number].durable;
    }
    return draw_units(node);
  }

  /// Each unit of the file is as it was at some moment since the last sync.
  std::vector<std::uint8_t> draw_units(const inode& node) {
    std::uint64_t end = node.durable.size();
    for (const auto& change : node.unsynced)
      end = std::max(end, change.end());
    std::vector<std::uint8_t> content(end);
    std::vector<bool> is_known(end);
    std::copy(node.durable.begin(), node.durable.end(), content.begin());
    std::fill_n(is_known.begin(), node.durable.size(), true);
    std::uint64_t stored_end = 0;
    for (std::uint64_t begin = 0; begin < end; begin += unit_) {
      const auto unit_end = std::min(begin + unit_, end);
      const auto versions = versions_of(node, begin, unit_end);
      const auto version = survives() ? versions : random_.below(versions + 1);
      stored_end = std::max(stored_end, play(node, begin, unit_end, version, content, is_known));
    }
    const auto size = draw_size(node, stored_end, end);
    content.resize(size);
    fill(content, is_known);
    return content;
  }

  static bool touches(const file_change& change, std::uint64_t begin, std::uint64_t end) {
    return change.is_truncation ? change.position < end
                                : !change.lost && change.position < end && change.end() > begin;
  }

  static std::uint64_t versions_of(const inode& node, std::uint64_t begin, std::uint64_t end) {
    return static_cast<std::uint64_t>(std::count_if(node.unsynced.begin(), node.unsynced.end(),
                                                    [&](const auto& c) { return touches(c, begin, end); }));
  }

  /// Applies the first `version` changes of [begin, end) to it; returns up to where its bytes are stored.
  static std::uint64_t play(const inode& node, std::uint64_t begin, std::uint64_t end, std::uint64_t version,
                            std::vector<std::uint8_t>& content, std::vector<bool>& is_known) {
    std::uint64_t stored_end = 0;
    for (const auto& change : node.unsynced) {
      if (!touches(change, begin, end))
        continue;
      if (version-- == 0)
        break;
      const auto from = std::max(begin, change.position);
      const auto to = change.is_truncation ? end : std::min(end, change.end());
      for (auto at = from; at < to; ++at) {
        content[at] = change.is_truncation ? 0 : change.bytes[at - change.position];
        is_known[at] = !change.is_truncation;
      }
      if (!change.is_truncation)
        stored_end = std::max(stored_end, to);
    }
    return stored_end;
  }

  std::uint64_t draw_size(const inode& node, std::uint64_t stored_end, std::uint64_t end) {
    const auto steps = random_.below(node.unsynced.size() + 1);
    std::uint64_t size = node.durable.size();
    for (std::uint64_t i = 0; i < steps; ++i)
      size = node.unsynced[i].is_truncation ? node.unsynced[i].position : std::max(size, node.unsynced[i].end());
    if (mode_ == power_loss_mode::ordered)
      return std::min(size, std::max<std::uint64_t>(stored_end, node.durable.size()));
    if (random_.below(4) != 0)
      return size;
    const auto low = std::min<std::uint64_t>(size, node.durable.size());
    return std::min(end, low + random_.below((end - low) / unit_ + 1) * unit_);
  }

  void fill(std::vector<std::uint8_t>& content, const std::vector<bool>& is_known) {
    if (filling_ == filling::zeros)
      return;
    for (std::uint64_t at = 0; at < content.size();) {
      if (is_known[at]) {
        ++at;
        continue;
      }
      // Old bytes come from the same place in another file, where whole batches may begin just as they do here.
      const auto* old = filling_ == filling::old_bytes ? &any_content() : nullptr;
      for (const auto end = (at / unit_ + 1) * unit_; at < end && at < content.size() && !is_known[at]; ++at)
        content[at] = !old                ? static_cast<std::uint8_t>(random_.next())
                      : at < old->size() ? (*old)[at]
                                         : std::uint8_t{0};
    }
  }

  const std::vector<std::uint8_t>& any_content() {
    auto found = state_.inodes.begin();
    std::advance(found, static_cast<std::ptrdiff_t>(random_.below(state_.inodes.size())));
    return found->second.content;
  }

  disk_state& state_;
  power_loss_mode mode_;
  prng random_;
  std::uint64_t unit_ = sector_bytes;
  std::uint64_t keep_eighths_ = 4;
  filling filling_ = filling::zeros;
  survival names_ = survival::some;
  survival data_ = survival::some;
};

}  // namespace

void draw_power_loss(disk_state& state, power_loss_mode mode, std::uint64_t seed) {
  draw{state, mode, seed}.run();
}

}  // namespace troupe::sim

#pragma once

#include "runtime/metadata/partition_list.hpp"
#include "tools/sim/simulated_cluster.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe::metadata {
class image;
}

namespace troupe::cluster_sim {

/// A change that somebody saw in what the nodes publish.
struct sighting {
  enum class kind : std::uint8_t { leader, controller } what = kind::leader;
  sim::virtual_time at{0};
  std::int32_t node = -1;       ///< the leader or the active controller; -1: none
  std::int32_t partition = -1;  ///< of the topic
  std::int32_t epoch = 0;       ///< the leader's
  std::string in_sync;          ///< as "1+2+3"
};

/// Looks again and again at the metadata that the nodes of a cluster publish, for as long as its world runs: whatever
/// must hold in each image (`metadata::check_image`), and between the images of different nodes and times: one leader
/// for each leader epoch, one state for each partition epoch, and no node that goes back.
class watcher {
 public:
  /// All of what is referred to outlives the watcher, and the watcher the world's last step. What does not hold is
  /// added to `wrong`, once.
  watcher(simulated_cluster& cluster, std::vector<std::string>& wrong) : cluster_(cluster), wrong_(wrong) {}

  /// Hears of changes, in the order in which they were seen.
  void tell(std::function<void(const sighting&)> to) { tell_ = std::move(to); }
  void start();

 private:
  using partition_key = std::pair<std::string, std::int32_t>;  ///< topic id and index
  /// What a node showed last; forgotten with its process.
  struct shown {
    const metadata::image* image = nullptr;
    std::int64_t applied = 0;
  };

  void look();
  void look_at(const std::string& machine, const std::string& process, const metadata::image& image);
  void compare(const std::string& machine, const partition_key& key, const metadata::partition& p);
  void see_controller();
  void note(const std::string& what);

  simulated_cluster& cluster_;
  std::vector<std::string>& wrong_;
  std::function<void(const sighting&)> tell_;
  std::map<std::string, shown> shown_;  ///< by incarnation
  std::map<std::pair<partition_key, std::int32_t>, std::int32_t> leaders_;           ///< by leader epoch
  std::map<std::pair<partition_key, std::int32_t>, metadata::partition> states_;     ///< by partition epoch
  std::map<partition_key, std::int32_t> newest_;                                     ///< partition epochs
  std::int32_t controller_ = -1;
  std::set<std::string> noted_;
};

}  // namespace troupe::cluster_sim

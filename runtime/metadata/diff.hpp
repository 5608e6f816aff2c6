#pragma once

#include "runtime/metadata/image.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::metadata {

/// What is different between two images, for those who act on changes. Topics are ordered by id.
struct image_diff {
  struct changed_topic {
    std::shared_ptr<const topic> before;
    std::shared_ptr<const topic> after;
  };
  std::vector<std::shared_ptr<const topic>> created;
  std::vector<changed_topic> changed;  ///< same id, different partitions or settings
  std::vector<std::shared_ptr<const topic>> removed;
  bool cluster_config = false;          ///< settings of all nodes
  std::vector<node_id> broker_configs;  ///< nodes whose own settings changed
  std::vector<std::string> group_configs;  ///< groups whose settings changed, in the order of their names
  std::vector<node_id> brokers;         ///< registered, changed or gone
  bool voters = false;                  ///< of the metadata log
  bool features = false;                ///< finalized levels

  bool empty() const {
    return created.empty() && changed.empty() && removed.empty() && !cluster_config && broker_configs.empty()
           && group_configs.empty() && brokers.empty() && !voters && !features;
  }
};

/// Costs what changed, not what there is: parts that both images share are skipped.
image_diff difference(const image& before, const image& after);

}  // namespace troupe::metadata

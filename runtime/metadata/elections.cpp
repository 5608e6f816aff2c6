#include "runtime/metadata/elections.hpp"

#include "runtime/wire/builder.hpp"

namespace troupe::metadata {

records new_epochs(const image& on, node_id leader) {
  records out;
  for (const auto& topic : on.topics_by_name())
    for (std::int32_t i = 0; i < topic->partition_count(); ++i) {
      const auto& p = topic->partitions[static_cast<std::size_t>(i)];
      if (p.leader != leader)
        continue;
      wire_builder<schema::MetadataRecord> b;
      auto change = b->initPartitionChange();
      write_id(change.initTopic(), topic->id);
      change.setIndex(i);
      change.setLeader(leader.value);
      change.setLeaderEpoch(p.epoch.value + 1);
      change.setPartitionEpoch(p.partition_epoch + 1);
      out.push_back(std::move(b).freeze());
    }
  return out;
}

}  // namespace troupe::metadata

#pragma once

#include "runtime/metadata/errors.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/metadata/records.hpp"

#include <memory>
#include <string>
#include <unordered_map>

namespace troupe::metadata {

/// Turns a copy of one image into the next, record by record. The original has to outlive this; on an error the copy is
/// thrown away.
class applier {
 public:
  explicit applier(const image& from) : next_(std::make_shared<image>(from)) {}

  /// The effect of one record. Errors: `unknown_record`, `contradicting_record`.
  error apply(schema::MetadataRecord::Reader record);
  error apply_all(const records& all);

  /// The image, which is from now on immutable.
  std::shared_ptr<const image> finish(entry_id applied) &&;

 private:
  error add_topic(schema::TopicRecord::Reader r);
  error add_partition(schema::PartitionRecord::Reader r);
  error change_partition(schema::PartitionChangeRecord::Reader r);
  void remove_topic(schema::TopicRemovedRecord::Reader r);
  error change_config(schema::ConfigRecord::Reader r);
  error change_group_config(const std::string& group, schema::ConfigRecord::Reader r);
  void add_broker(schema::BrokerRecord::Reader r);
  void change_broker(schema::BrokerChangeRecord::Reader r);
  void remove_broker(schema::BrokerRemovedRecord::Reader r);
  void set_voters(schema::VotersRecord::Reader r);
  void set_feature(schema::FeatureRecord::Reader r);

  /// This image's own copy of a topic, made at its first change; null when there is no such topic.
  topic* own_topic(const topic_id& id);

  std::shared_ptr<image> next_;
  std::unordered_map<topic_id, std::shared_ptr<topic>> own_;
};

}  // namespace troupe::metadata

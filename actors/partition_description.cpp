#include "actors/partition_description.hpp"

#include "runtime/wire/builder.hpp"

namespace troupe {

wire<schema::PartitionDescription> description_of(const log::log& of, offset high_watermark,
                                                  const std::string& directory, bool producers) {
  wire_builder<schema::PartitionDescription> b;
  b->setLogStartOffset(of.log_start_offset().value);
  b->setLogEndOffset(of.log_end_offset().value);
  b->setHighWatermark(high_watermark.value);
  b->setSizeBytes(static_cast<std::int64_t>(of.size_bytes()));
  b->setOffline(of.is_offline());
  b->setLogDirectory(directory);
  if (producers) {
    const auto active = of.active_producers();
    auto list = b->initProducers(static_cast<unsigned>(active.size()));
    for (unsigned i = 0; i < active.size(); ++i) {
      list[i].setProducerId(active[i].id.value);
      list[i].setProducerEpoch(active[i].epoch);
      list[i].setLastSequence(active[i].last_sequence);
      list[i].setLastTimestampMs(active[i].last_timestamp_ms);
    }
  }
  return std::move(b).freeze();
}

}  // namespace troupe

#include "actors/partition_description.hpp"

#include "runtime/wire/builder.hpp"

namespace troupe {

wire<schema::PartitionDescription> description_of(const log::log& of, offset high_watermark,
                                                  const std::string& directory, bool producers,
                                                  const std::optional<log_move::progress>& move) {
  wire_builder<schema::PartitionDescription> b;
  b->setLogStartOffset(of.log_start_offset().value);
  b->setLogEndOffset(of.log_end_offset().value);
  b->setHighWatermark(high_watermark.value);
  b->setSizeBytes(static_cast<std::int64_t>(of.size_bytes()));
  b->setOffline(of.is_offline());
  b->setLogDirectory(directory);
  if (move) {
    b->setFutureDirectory(move->directory);
    b->setFutureSizeBytes(static_cast<std::int64_t>(move->bytes));
    b->setFutureLag(move->lag);
  }
  if (producers) {
    const auto active = of.active_producers();
    auto list = b->initProducers(static_cast<unsigned>(active.size()));
    for (unsigned i = 0; i < active.size(); ++i) {
      list[i].setProducerId(active[i].id.value);
      list[i].setProducerEpoch(active[i].epoch);
      list[i].setLastSequence(active[i].last_sequence);
      list[i].setLastTimestampMs(active[i].last_timestamp_ms);
      list[i].setCoordinatorEpoch(active[i].coordinator_epoch);
      list[i].setCurrentTransactionStart(active[i].current_transaction_start.value);
    }
  }
  return std::move(b).freeze();
}

wire<schema::PartitionOffset> answer_of(const log::found_offset& found) {
  wire_builder<schema::PartitionOffset> b;
  b->setOffset(found.at.value);
  b->setTimestampMs(found.timestamp_ms);
  b->setLeaderEpoch(found.epoch.value);
  return std::move(b).freeze();
}

wire<schema::PartitionEpochEnd> answer_of(const log::epoch_end& end) {
  wire_builder<schema::PartitionEpochEnd> b;
  b->setEpoch(end.epoch.value);
  b->setEndOffset(end.end.value);
  return std::move(b).freeze();
}

wire<schema::PartitionTrimmed> trimmed_to(offset low_watermark) {
  wire_builder<schema::PartitionTrimmed> b;
  b->setLowWatermark(low_watermark.value);
  return std::move(b).freeze();
}

wire<schema::PartitionDurable> durable_point_of(const std::string& topic, partition_index index,
                                                const log::open_hints& known, offset high_watermark) {
  wire_builder<schema::PartitionDurable> b;
  b->setTopicName(topic);
  b->setIndex(index.value);
  b->setRecoveryPoint(known.recovery_point.value);
  b->setLogStartOffset(known.log_start_offset.value);
  b->setCleanedTo(known.cleaned_to.value);
  b->setHighWatermark(high_watermark.value);
  return std::move(b).freeze();
}

}  // namespace troupe

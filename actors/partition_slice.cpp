#include "actors/partition_slice.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/log/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace troupe {

namespace {

using schema::PartitionRead;
using schema::PartitionSlice;

wire<PartitionSlice> sealed(const partition_slice& found, std::optional<chunk> records) {
  wire_builder<PartitionSlice> b;
  if (records)
    b->setRecords(b.attach(std::move(*records)));
  b->setHighWatermark(found.high_watermark.value);
  b->setLastStableOffset(found.last_stable.value);
  b->setLogStartOffset(found.log_start.value);
  if (!found.aborted.empty()) {
    auto all = b->initAborted(static_cast<unsigned>(found.aborted.size()));
    for (unsigned i = 0; i < all.size(); ++i) {
      all[i].setProducerId(found.aborted[i].producer.value);
      all[i].setFirstOffset(found.aborted[i].first.value);
    }
  }
  if (found.diverging) {
    b->setDivergingEpoch(found.diverging->epoch.value);
    b->setDivergingEndOffset(found.diverging->end.value);
  }
  return std::move(b).freeze();
}

}  // namespace

std::optional<chunk> at_hand(const file_region& region) {
  if (region.size > bounds::copied_slice_bytes && region.source->native_handle() >= 0) {
    if (region.source->is_cached(region.position, region.size))
      return region;
    return std::nullopt;
  }
  unique_buffer buffer{region.size};
  auto count = region.source->read_cached(region.position, buffer.span());
  if (count && *count && **count == region.size)
    return std::move(buffer).freeze(region.size);
  return std::nullopt;
}

expected<byte_slice> bytes_of(const chunk& part) {
  if (const auto* bytes = std::get_if<byte_slice>(&part))
    return *bytes;
  const auto& region = std::get<file_region>(part);
  unique_buffer buffer{region.size};
  auto count = region.source->read(region.position, buffer.span());
  if (!count)
    return count.error();
  return std::move(buffer).freeze(*count);
}

expected<partition_slice> look_up(log::log& in, PartitionRead::Reader m, offset high_watermark,
                                  const std::string& name) {
  // Once, with the high watermark that limits the read: one that has moved meanwhile would show what is not stable.
  const auto stable = in.last_stable_offset(mutation("M25") ? in.log_end_offset() : high_watermark);
  const auto limit = m.getCommittedOnly() ? stable : high_watermark;
  partition_slice out{{}, high_watermark, in.log_start_offset(), {}, std::min(stable, high_watermark), {}};
  const offset from{m.getOffset()};
  if (m.getLastFetchedEpoch() >= 0) {
    const auto end = in.end_offset_for_epoch(leader_epoch{m.getLastFetchedEpoch()});
    if (end.epoch.value != m.getLastFetchedEpoch() || end.end < from) {
      out.diverging = end;
      return out;
    }
  }
  if (from < in.log_start_offset() || from > in.log_end_offset())
    return log::make_error(log::errc::offset_out_of_range, name + ": offset " + std::to_string(from.value)
                                                               + " is outside "
                                                               + std::to_string(in.log_start_offset().value) + ".."
                                                               + std::to_string(in.log_end_offset().value));
  if (from >= limit)
    return out;
  auto found = in.read(from, static_cast<std::size_t>(std::max(0, m.getMaxBytes())), limit, m.getAtLeastOneBatch());
  if (!found)
    return with_context(name, found.error());
  if (m.getCommittedOnly() && found->records.size > 0)
    out.aborted = in.aborted_between(from, found->next);
  out.records = std::move(found->records);
  return out;
}

wire<PartitionSlice> slice_elsewhere(node_id replica, offset high_watermark, offset log_start) {
  wire_builder<PartitionSlice> b;
  b->setPreferredReplica(replica.value);
  b->setHighWatermark(high_watermark.value);
  b->setLastStableOffset(high_watermark.value);
  b->setLogStartOffset(log_start.value);
  return std::move(b).freeze();
}

bool is_enough(PartitionRead::Reader m, const partition_slice& found) {
  return m.getMaxWaitMs() <= 0 || found.diverging
         || found.records.size >= static_cast<std::size_t>(std::max(1, m.getMinBytes()));
}

void deliver_slice(caf::event_based_actor& self, const caf::actor& reader, slice_promise promise,
                   partition_slice found) {
  if (found.records.size == 0) {
    promise.deliver(sealed(found, std::nullopt));
    return;
  }
  if (auto records = at_hand(found.records)) {
    promise.deliver(sealed(found, std::move(records)));
    return;
  }
  read_region work{found.records};
  self.request(reader, caf::infinite, std::move(work))
      .then([promise,
             found = std::move(found)](const region_bytes& got) mutable { promise.deliver(sealed(found, got.bytes)); },
            [promise](const caf::error& why) mutable { promise.deliver(why); });
}

}  // namespace troupe

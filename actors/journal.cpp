#include "actors/journal.hpp"

#include "actors/partition_slice.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/log/batch_builder.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/record.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"

#include <caf/all.hpp>

#include <limits>
#include <utility>

namespace troupe {

namespace {

using schema::PartitionAppend;
using schema::PartitionAppended;
using schema::PartitionDescribe;
using schema::PartitionDescription;
using schema::PartitionRead;
using schema::PartitionSlice;

/// Errors after which the records are certainly not in the log, and the partition goes on.
bool is_refusal(const error& e) {
  return is_error(e, error_domain::node, static_cast<std::uint8_t>(node_errc::not_enough_replicas))
         || is_error(e, error_domain::node, static_cast<std::uint8_t>(node_errc::queue_full))
         || is_error(e, error_domain::log, static_cast<std::uint8_t>(log::errc::batch_too_large));
}

}  // namespace

void journal::open(caf::event_based_actor* self, node_context& context, attachment at, std::size_t bytes,
                   journal_events events) {
  self_ = self;
  context_ = &context;
  at_ = std::move(at);
  bytes_ = bytes;
  events_ = std::move(events);
  self_->monitor(at_.partition);
  self_->request(at_.partition, caf::infinite, wire_builder<PartitionDescribe>{}.freeze())
    .then([this](const wire<PartitionDescription>& m) {
            next_ = offset{m->getLogStartOffset()};
            end_ = offset{m->getLogEndOffset()};
            read_on();
          },
          [this](const caf::error& why) { fail(why); });
}

// -- replay -----------------------------------------------------------------------------------------------------------

void journal::read_on() {
  if (next_ >= end_) {
    is_loaded_ = true;
    events_.loaded();
    return;
  }
  wire_builder<PartitionRead> b;
  b->setOffset(next_.value);
  b->setMaxBytes(static_cast<std::int32_t>(bytes_));
  b->setMinBytes(1);
  b->setMaxWaitMs(static_cast<std::int32_t>(std::chrono::milliseconds{bounds::journal_read_wait}.count()));
  b->setLeaderEpoch(at_.epoch.value);
  b->setAtLeastOneBatch(true);
  self_->request(at_.partition, caf::infinite, std::move(b).freeze())
    .then([this](const wire<PartitionSlice>& m) { take(m); }, [this](const caf::error& why) { fail(why); });
}

void journal::take(const wire<PartitionSlice>& m) {
  if (buggify("journal.load"))
    return fail(make_error(node_errc::no_coordinator, "made to fail while it loads"));
  if (m->getRecords() != schema::NO_ATTACHMENT) {
    if (auto failed = replay(m.attachment(m->getRecords())))
      return fail(failed);
  } else if (m->getHighWatermark() >= end_.value) {
    next_ = end_;  // compaction has left nothing up to there
  }
  read_on();
}

error journal::replay(const chunk& records) {
  auto bytes = bytes_of(records);
  if (!bytes)
    return bytes.error();
  log::batch_run run{*bytes};
  for (;;) {
    auto batch = run.next();
    if (!batch)
      return batch.error();
    if (!*batch)
      return {};
    const auto& b = **batch;
    if (b.next_offset() <= next_)
      continue;
    if (!b.is_control())
      if (auto failed = replay_batch(b))
        return failed;
    next_ = b.next_offset();
  }
}

error journal::replay_batch(const log::batch_view& batch) {
  auto unpacked = log::unpacked_records::of(batch, bounds::unpacked_batch_bytes_max);
  if (!unpacked)
    return unpacked.error();
  log::record_run each{*unpacked};
  for (auto record = each.next();; record = each.next()) {
    if (!record)
      return record.error();
    if (!*record)
      return {};
    const auto& r = **record;
    if (!r.key || batch.base_offset() + r.offset_delta < next_)
      continue;
    journal_record one{byte_slice::copy_of(*r.key), std::nullopt};
    if (r.value)
      one.value = byte_slice::copy_of(*r.value);
    if (auto failed = events_.replay(one))
      return failed;
  }
}

// -- append -----------------------------------------------------------------------------------------------------------

void journal::append(std::uint64_t number, std::vector<journal_record> records) {
  waiting_.push_back({number, std::move(records)});
  if (under_way_.empty())
    flush();
}

void journal::flush() {
  if (waiting_.empty())
    return;
  log::batch_builder batch{{}};
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                     context_->time.wall_now().time_since_epoch()).count();
  while (!waiting_.empty()) {
    auto& next = waiting_.front();
    std::size_t bytes = 0;
    for (const auto& r : next.records)
      bytes += r.size();
    if (!under_way_.empty() && batch.plain_bytes() + bytes > bounds::journal_batch_bytes)
      break;
    for (const auto& r : next.records)
      batch.add({now, r.key.view(), r.value ? log::nullable_bytes{r.value->view()} : log::nullable_bytes{}, {}});
    under_way_.push_back(std::move(next));
    waiting_.pop_front();
  }
  auto bytes = std::move(batch).finish();
  if (!bytes)
    return fail(bytes.error());
  wire_builder<PartitionAppend> b;
  b->setRecords(b.attach(std::move(*bytes)));
  b->setAcks(-1);
  b->setTimeoutMs(std::numeric_limits<std::int32_t>::max());  // until it is known
  b->setLeaderEpoch(at_.epoch.value);
  self_->request(at_.partition, caf::infinite, std::move(b).freeze())
    .then([this](const wire<PartitionAppended>& m) {
            settle(m->hasRefusal() ? log::make_error(log::errc::invalid_record, "the journal refused a record")
                                   : error{});
          },
          [this](const caf::error& why) {
            if (is_refusal(why))
              settle(why);
            else
              fail(why);
          });
}

/// What comes inside of the callbacks waits for the next batch.
void journal::settle(const error& refusal) {
  for (const auto& done : std::exchange(under_way_, {})) {
    if (refusal)
      events_.refused(done.number, refusal);
    else
      events_.committed(done.number);
  }
  flush();
}

void journal::fail(const error& why) {
  probe("a journal cannot tell what it holds");
  events_.failed(why);
  self_->quit(why);
}

}  // namespace troupe

#include "actors/journal.hpp"

#include "actors/partition_slice.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/log/batch_builder.hpp"
#include "runtime/log/control_record.hpp"
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
         || is_error(e, log::errc::batch_too_large) || is_error(e, log::errc::invalid_producer_epoch)
         || is_error(e, log::errc::coordinator_fenced);
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
    if (auto failed = replay_batch(b))
      return failed;
    next_ = b.next_offset();
  }
}

error journal::replay_batch(const log::batch_view& batch) {
  auto unpacked = log::unpacked_records::of(batch, bounds::unpacked_batch_bytes_max);
  if (!unpacked)
    return unpacked.error();
  if (batch.is_control()) {
    const auto head = log::batch_head::decode(batch.bytes(), 0);
    if (const auto marker = head ? log::read_marker(*head, unpacked->bytes()) : std::nullopt)
      events_.replay_marker(*marker);
    return {};
  }
  const journal_producer by{batch.producer(), batch.producer_epoch()};
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
    if (auto failed = batch.is_transactional() ? events_.replay_in_transaction(by, one) : events_.replay(one))
      return failed;
  }
}

// -- append -----------------------------------------------------------------------------------------------------------

void journal::append(std::uint64_t number, std::vector<journal_record> records) {
  waiting_.push_back({number, std::move(records), {}, {}});
  if (under_way_.empty())
    flush();
}

void journal::append(std::uint64_t number, std::vector<journal_record> records, const journal_producer& by) {
  waiting_.push_back({number, std::move(records), by, {}});
  if (under_way_.empty())
    flush();
}

void journal::append_marker(std::uint64_t number, const wire<schema::PartitionMarker>& marker) {
  waiting_.push_back({number, {}, {}, marker});
  if (under_way_.empty())
    flush();
}

void journal::flush() {
  if (waiting_.empty())
    return;
  if (waiting_.front().marker)
    return send_marker();
  auto bytes = next_batch();
  if (!bytes)
    return fail(bytes.error());
  send_batch(std::move(*bytes));
}

/// What waits and fits goes with one batch; what belongs to a transaction has one of its own.
expected<byte_slice> journal::next_batch() {
  log::batch_fields fields;
  if (const auto& by = waiting_.front().by) {
    fields.producer = by->id;
    fields.producer_epoch = by->epoch;
    fields.transactional = true;
  }
  log::batch_builder batch{fields};
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                     context_->time.wall_now().time_since_epoch()).count();
  while (!waiting_.empty()) {
    auto& next = waiting_.front();
    if (!under_way_.empty() && (next.stands_alone() || under_way_.front().by))
      break;
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
  return std::move(batch).finish();
}

void journal::send_batch(byte_slice batch) {
  wire_builder<PartitionAppend> b;
  b->setRecords(b.attach(std::move(batch)));
  b->setAcks(-1);
  b->setTimeoutMs(std::numeric_limits<std::int32_t>::max());  // until it is known
  b->setLeaderEpoch(at_.epoch.value);
  b->setInternal(under_way_.front().by.has_value());
  self_->request(at_.partition, caf::infinite, std::move(b).freeze())
    .then([this](const wire<PartitionAppended>& m) { take_answer(m); },
          [this](const caf::error& why) { take_failure(why); });
}

void journal::send_marker() {
  const auto m = *waiting_.front().marker;
  wire_builder<schema::PartitionMarker> b;
  b->setProducerId(m.getProducerId());
  b->setProducerEpoch(m.getProducerEpoch());
  b->setCoordinatorEpoch(m.getCoordinatorEpoch());
  b->setCommits(m.getCommits());
  b->setTransactionVersion(m.getTransactionVersion());
  b->setLeaderEpoch(at_.epoch.value);
  b->setJournaled(true);
  under_way_.push_back(std::move(waiting_.front()));
  waiting_.pop_front();
  self_->request(at_.partition, caf::infinite, std::move(b).freeze())
    .then([this](const wire<PartitionAppended>& answer) { take_answer(answer); },
          [this](const caf::error& why) { take_failure(why); });
}

void journal::take_answer(const wire<PartitionAppended>& m) {
  if (buggify("journal.unsure"))
    return fail(make_error(node_errc::no_coordinator, "made to doubt whether its records were appended"));
  settle(m->hasRefusal() ? log::make_error(log::errc::invalid_record, "the journal refused a record") : error{});
}

void journal::take_failure(const error& why) {
  if (is_refusal(why))
    settle(why);
  else
    fail(why);
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

// How a leader takes batches and transaction markers: admission, the append, the answer once it is committed.

#include "actors/leader_role.hpp"
#include "actors/partition_appended.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/log/control_record.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace troupe {

using schema::PartitionAppend;
using schema::PartitionAppended;
using schema::PartitionMarker;

namespace {

constexpr int all_in_sync = -1;
constexpr auto as_long_as_it_takes = std::chrono::milliseconds{std::numeric_limits<std::int32_t>::max()};
constexpr std::int16_t bumping_version = 2;  // of transactions: each has an epoch of its own

const byte_slice* records_of(const wire<PartitionAppend>& m) {
  return std::get_if<byte_slice>(&m.attachment(m->getRecords()));
}

std::chrono::milliseconds timeout_of(PartitionAppend::Reader m) {
  return std::chrono::milliseconds{std::max(0, m.getTimeoutMs())};
}

}  // namespace

caf::result<wire<PartitionAppended>> leader_role::append(const wire<PartitionAppend>& m) {
  if (auto refused = admit_write(m->getLeaderEpoch(), m->getAcks()))
    return refused;
  const auto* records = records_of(m);
  if (!records)
    return log::make_error(log::errc::invalid_record, describe() + ": the append came without records");
  if (const auto head = transactional_head(*records); head && transactions_.must_wait(*log_, *head, *m)) {
    if (!m->hasTransactionalId())
      return make_error(node_errc::not_in_transaction, describe() + ": a batch of a transaction came without its id");
    auto promise = self_.make_response_promise<wire<PartitionAppended>>();
    transactions_.hold({m, promise, {}}, *head, log_.spec().topic, log_.spec().id.index.value);
    return promise;
  }
  auto done = append_now(*records, *m);
  if (!done && is_doubtful(done.error())) {
    auto promise = self_.make_response_promise<wire<PartitionAppended>>();
    make_sure(std::move(done.error()), promise);
    return promise;
  }
  return answer_when_committed(std::move(done), timeout_of(*m), m->getAcks() == all_in_sync);
}

/// Of batches outside of transactions only a bit is looked at.
std::optional<log::batch_head> leader_role::transactional_head(const byte_slice& records) const {
  const auto batch = log::batch_view::parse(records.view());
  if (!batch || !batch->is_transactional() || !batch->has_producer())
    return std::nullopt;
  auto head = log::batch_head::decode(records.view(), 0);
  return head ? std::optional{std::move(*head)} : std::nullopt;
}

/// The coordinator has agreed, or may be asked once more: much may have changed since the batch came.
void leader_role::append_held(held_append one, bool is_judged) {
  const auto& m = one.request;
  if (auto refused = admit_write(m->getLeaderEpoch(), m->getAcks()))
    return void(one.promise.deliver(refused));
  const auto& records = *records_of(m);
  if (const auto head = transactional_head(records); !is_judged && head && transactions_.must_wait(*log_, *head, *m))
    return transactions_.hold(std::move(one), *head, log_.spec().topic, log_.spec().id.index.value);
  auto done = append_now(records, *m);
  if (!done && is_doubtful(done.error()))
    return make_sure(std::move(done.error()), std::move(one.promise));
  if (!done)
    return void(one.promise.deliver(std::move(done.error())));
  if (m->getAcks() == all_in_sync && done->needs > replicas_->high_watermark())
    return park(std::move(*done), timeout_of(*m), std::move(one.promise));
  on_progress();
  one.promise.deliver(std::move(done->answer));
}

expected<leader_role::done_append> leader_role::append_now(const byte_slice& records, PartitionAppend::Reader m) {
  const auto now = context_.time.wall_now();
  auto done = m.getInternal() ? log_->append_internal(records, epoch_, now)
                              : log_->append_as_leader(records, epoch_, now);
  if (!done) {
    if (auto blamed = refusal_of(done.error(), records, log_.options(), now))
      return done_append{std::move(*blamed), offset{0}};
    auto why = log_.failed_write(done.error());
    if (log_.has_failed())
      log_failed(why);
    return why;
  }
  after_append();
  return done_append{appended(*done), done->last + 1};
}

void leader_role::after_append() {
  log_.touch();
  log_.note_success();
  report_own();
  feed_all();
  log_.sync_if_due();
}

caf::result<wire<PartitionAppended>> leader_role::end_transaction(const wire<PartitionMarker>& m) {
  if (auto refused = admit_write(m->getLeaderEpoch(), all_in_sync))
    return refused;
  return answer_when_committed(append_marker(*m), as_long_as_it_takes, true);
}

expected<leader_role::done_append> leader_role::append_marker(PartitionMarker::Reader m) {
  const log::transaction_marker marker{producer_id{m.getProducerId()}, m.getProducerEpoch(), m.getCoordinatorEpoch(),
                                       m.getCommits()};
  // With an epoch a transaction, a marker that has come before, and may be behind the next transaction's first batch,
  // is told by its epoch (KIP-890).
  const auto* known = log_->find_producer(marker.producer);
  if (m.getTransactionVersion() >= bumping_version && known && known->epoch >= marker.producer_epoch)
    return done_append{appended({log_->log_end_offset(), log_->log_end_offset()}), log_->log_end_offset()};
  auto done = log_->append_marker(marker, epoch_, context_.time.wall_now());
  if (!done) {
    auto why = log_.failed_write(done.error());
    if (log_.has_failed())
      log_failed(why);
    return why;
  }
  transactions_.marked(marker.producer);
  after_append();
  return done_append{appended(*done), done->last + 1};
}

caf::result<wire<PartitionAppended>> leader_role::answer_when_committed(expected<done_append> done,
                                                                        std::chrono::milliseconds timeout, bool waits) {
  if (!done)
    return std::move(done.error());
  if (!waits || mutation("M07") || done->needs <= replicas_->high_watermark()) {
    on_progress();
    return std::move(done->answer);
  }
  auto promise = self_.make_response_promise<wire<PartitionAppended>>();
  park(std::move(*done), timeout, promise);
  return promise;
}

void leader_role::park(done_append done, std::chrono::milliseconds timeout, append_promise promise) {
  const auto deadline = context_.time.monotonic_now() + timeout;
  acks_.park(done.needs, deadline, {std::move(promise), std::move(done.answer)});
  arm(deadline);
  on_progress();
}

}  // namespace troupe

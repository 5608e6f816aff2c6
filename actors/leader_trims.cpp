// DeleteRecords: the leader's log starts later, and those who may lead next follow before that is answered.

#include "actors/leader_role.hpp"
#include "actors/partition_description.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace troupe {

using schema::PartitionTrim;
using schema::PartitionTrimmed;

caf::result<wire<PartitionTrimmed>> leader_role::trim(const wire<PartitionTrim>& m) {
  if (auto refused = admit(-1))
    return refused;
  if (log_.is_settling())
    return caf::skip;
  const auto high = replicas_->high_watermark();
  const auto before = m->getBeforeOffset() == -1 ? high : offset{m->getBeforeOffset()};
  if (before > high || before < offset{0})
    return log::make_error(log::errc::offset_out_of_range,
                           describe() + ": cannot delete records before " + std::to_string(before.value)
                             + ", the high watermark is " + std::to_string(high.value));
  if (trims_.full())
    return make_error(node_errc::queue_full, describe() + ": too many deletions wait for its replicas");
  if (auto failed = log_->advance_log_start(before, context_.time.wall_now()))
    return failed;
  log_.report_durable();
  for (auto& [id, f] : followers_)
    f.told_watermark = offset{-1};  // the log's start travels with it
  const auto deadline = context_.time.monotonic_now() + std::chrono::milliseconds{std::max(0, m->getTimeoutMs())};
  auto promise = self_.make_response_promise<wire<PartitionTrimmed>>();
  trims_.park(log_->log_start_offset(), deadline, {promise});
  arm(deadline);
  on_progress();
  return promise;
}

void leader_role::answer_trims() {
  if (trims_.empty())
    return;
  const auto low = replicas_->low_watermark(log_->log_start_offset());
  for (auto& ready : trims_.release(low))
    ready.promise.deliver(trimmed_to(low));
}

void leader_role::fail_trims(const error& why) {
  for (auto& waiting : trims_.take_all())
    waiting.promise.deliver(why);
}

}  // namespace troupe

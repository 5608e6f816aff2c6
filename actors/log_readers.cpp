#include "actors/log_readers.hpp"

#include "actors/partition_timers.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

#include <utility>

namespace troupe {

using schema::PartitionRead;
using schema::PartitionSlice;

caf::result<wire<PartitionSlice>> log_readers::read(const wire<PartitionRead>& m, offset high_watermark) {
  auto found = look_up(*log_, *m, high_watermark, log_.describe());
  if (!found)
    return found.error();
  log_.touch();
  auto promise = self_.make_response_promise<wire<PartitionSlice>>();
  if (is_enough(*m, *found))
    deliver_slice(self_, log_.spec().reader, promise, std::move(*found));
  else
    park(m, promise, high_watermark);
  return promise;
}

void log_readers::park(const wire<PartitionRead>& m, slice_promise promise, offset high_watermark) {
  const auto reader = self_.current_sender() ? self_.current_sender()->id() : caf::actor_id{0};
  const auto deadline = context_.time.monotonic_now() + std::chrono::milliseconds{m->getMaxWaitMs()};
  seen_ = high_watermark;
  if (auto superseded = waiting_.park({reader, deadline, m, std::move(promise)}))
    answer(*superseded, high_watermark);
  arm(deadline);
}

void log_readers::advance(offset high_watermark) {
  if (waiting_.empty() || seen_ == high_watermark)
    return;
  seen_ = high_watermark;
  for (auto& r : waiting_.take_all()) {
    auto found = look_up(*log_, *r.request, high_watermark, log_.describe());
    if (!found)
      r.reply.deliver(found.error());
    else if (is_enough(*r.request, *found))
      deliver_slice(self_, log_.spec().reader, r.reply, std::move(*found));
    else
      waiting_.park(std::move(r));
  }
}

void log_readers::on_deadline(monotonic_time due, offset high_watermark) {
  if (due != armed_until_)
    return;
  armed_until_ = monotonic_time::max();
  for (auto& late : waiting_.expire(context_.time.monotonic_now()))
    answer(late, high_watermark);
  if (const auto next = waiting_.next_deadline(); next != monotonic_time::max())
    arm(next);
}

void log_readers::answer_all(offset high_watermark) {
  for (auto& waiting : waiting_.take_all())
    answer(waiting, high_watermark);
}

void log_readers::fail_all(const error& why) {
  for (auto& waiting : waiting_.take_all())
    waiting.reply.deliver(why);
}

void log_readers::answer(waiting_reads::entry& r, offset high_watermark) {
  auto found = look_up(*log_, *r.request, high_watermark, log_.describe());
  if (found)
    deliver_slice(self_, log_.spec().reader, r.reply, std::move(*found));
  else
    r.reply.deliver(found.error());
}

void log_readers::arm(monotonic_time deadline) {
  if (deadline >= armed_until_)
    return;
  armed_until_ = deadline;
  self_.delayed_send(&self_, deadline - context_.time.monotonic_now(), reader_deadline_tick{deadline});
}

}  // namespace troupe

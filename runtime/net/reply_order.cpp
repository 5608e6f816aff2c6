#include "runtime/net/reply_order.hpp"

#include "runtime/base/invariant.hpp"

#include <iterator>
#include <utility>

namespace troupe::net {

reply_order::slot reply_order::open(std::size_t request_bytes) {
  waiting_.push_back({request_bytes, false, {}});
  return first_ + waiting_.size() - 1;
}

void reply_order::fill(slot at, std::vector<chunk> reply) {
  TROUPE_INVARIANT(at >= first_ && at - first_ < waiting_.size(), "a request is answered once");
  auto& place = waiting_[at - first_];
  TROUPE_INVARIANT(!place.done, "a request is answered once");
  place.done = true;
  place.reply = std::move(reply);
}

reply_order::ready reply_order::take_ready() {
  ready out;
  while (!waiting_.empty() && waiting_.front().done) {
    auto& front = waiting_.front();
    out.request_bytes += front.request_bytes;
    ++out.request_count;
    if (out.parts.empty())
      out.parts = std::move(front.reply);
    else
      out.parts.insert(out.parts.end(), std::make_move_iterator(front.reply.begin()),
                       std::make_move_iterator(front.reply.end()));
    waiting_.pop_front();
    ++first_;
  }
  return out;
}

}  // namespace troupe::net

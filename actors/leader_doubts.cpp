// A gap in a producer's sequence is fatal to it, and the records that are missing may be at a leader that has replaced
// this one without its knowing. So the verdict waits until the replicas in sync have spoken once more.

#include "actors/leader_role.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"

#include <utility>

namespace troupe {

namespace {

error unsure(const std::string& who, const error& verdict) {
  return make_error(node_errc::not_enough_replicas,
                    who + ": " + render(verdict) + "; its followers do not say that it is the leader still");
}

}  // namespace

bool leader_role::is_doubtful(const error& verdict) const {
  return log::is_error(verdict, log::errc::out_of_order_sequence) && replicas_->members().in_sync.size() > 1;
}

void leader_role::make_sure(error verdict, append_promise promise) {
  if (doubts_.size() >= bounds::doubts_max)
    return void(promise.deliver(unsure(describe(), verdict)));
  const auto now = context_.time.monotonic_now();
  doubts_.push_back({std::move(promise), std::move(verdict), now});
  for (auto& [id, f] : followers_) {
    auto question = slice_for(id);
    question.asks = true;
    send_slice(f, std::move(question));
  }
  arm(now + bounds::doubt_patience);
}

void leader_role::settle_doubts() {
  for (; !doubts_.empty() && replicas_->was_followed_since(doubts_.front().since); doubts_.pop_front())
    doubts_.front().promise.deliver(std::move(doubts_.front().verdict));
}

void leader_role::expire_doubts(monotonic_time now) {
  for (; !doubts_.empty() && next_doubt_deadline() <= now; doubts_.pop_front()) {
    probe("a gap in a sequence at a leader whose followers are silent");
    doubts_.front().promise.deliver(unsure(describe(), doubts_.front().verdict));
  }
}

monotonic_time leader_role::next_doubt_deadline() const {
  return doubts_.empty() ? monotonic_time::max() : doubts_.front().since + bounds::doubt_patience;
}

void leader_role::fail_doubts(const error& why) {
  for (auto& one : std::exchange(doubts_, {}))
    one.promise.deliver(why);
}

}  // namespace troupe

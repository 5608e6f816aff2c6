#pragma once

#include "tools/sim/group_member.hpp"

#include <utility>

/// What the parts of `group_member` share.
namespace troupe::cluster_sim {

/// How long a member waits for an answer that depends on nobody else.
inline constexpr std::chrono::seconds answer_patience{3};

/// `all` that is not among `some`.
inline group_oracle::partitions without(group_oracle::partitions all, const group_oracle::partitions& some) {
  std::erase_if(all, [&](auto p) { return some.contains(p); });
  return all;
}

/// Asks the coordinator; without an answer it is sought anew.
template <class Response, class Request>
void group_member::ask(const Request& request, std::int16_t version, std::chrono::nanoseconds patience,
                       std::function<void(const Response&, const group_oracle::question&)> then) {
  by_.call<Response>(*coordinator_, request, version, patience,
                     [this, then = std::move(then), q = oracle_.asks(coordinator_->host)](auto answer) {
                       if (is_stopped_)
                         return;
                       if (answer)
                         then(*answer, q);
                       else
                         lose_contact();
                     });
}

}  // namespace troupe::cluster_sim

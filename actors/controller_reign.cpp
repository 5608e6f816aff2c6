#include "actors/controller_reign.hpp"

#include "actors/controller_requests.hpp"
#include "actors/controller_rules.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/kafka/request.hpp"
#include "runtime/metadata/apply.hpp"
#include "runtime/metadata/change_set.hpp"
#include "runtime/metadata/elections.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"
#include "schema/kafka/add_raft_voter.hpp"
#include "schema/kafka/describe_quorum.hpp"
#include "schema/kafka/init_producer_id.hpp"
#include "schema/kafka/remove_raft_voter.hpp"

#include <caf/all.hpp>

namespace troupe {

using schema::ControllerReply;
using schema::ControllerRequest;

wire<ControllerReply> controller_reply(byte_slice body, std::int64_t applied) {
  wire_builder<ControllerReply> b;
  b->setBody(b.attach(std::move(body)));
  b->setAppliedIndex(applied);
  return std::move(b).freeze();
}

void controller_reign::start(node_context& context, quorum& seat) {
  context_ = &context;
  seat_ = &seat;
  table_ = config::rules{context.settings};
}

metadata::command_rules controller_reign::rules() const {
  return command_rules_of(*head_, table_, context_->settings, context_->self);
}

error controller_reign::deposed() {
  return make_error(node_errc::no_controller,
                    "the controller was deposed before it could commit; it may still have happened");
}

// -- the reign --------------------------------------------------------------------------------------------------------

void controller_reign::reconsider() {
  if (seat_->is_active() == reigning_)
    return;
  reigning_ = seat_->is_active();
  head_ = reigning_ ? seat_->image() : nullptr;
  next_producer_ = producers_end_ = 0;
  if (!reigning_)
    return fail_pending();
  say(log_level::info, "is the active controller in term " + std::to_string(seat_->view().term));
  const auto now = context_->time.monotonic_now();
  brokers_.begin(*head_, now);
  replaced_.clear();
  balance_at_ = now + std::chrono::seconds{context_->settings.integer("leader.imbalance.check.interval.seconds")};
  // Those whose links broke while nobody reigned, first of all the controller before.
  for (const auto& [id, incarnation] : gone_)
    fence_if_gone(id);
  commit(metadata::settle_partitions(*head_, rules()), [] {}, [] {});
}

void controller_reign::fail_pending() {
  for (auto& p : std::exchange(pending_, {}))
    p.lost();
}

void controller_reign::committed() {
  const auto applied = seat_->image()->applied_index();
  while (!pending_.empty() && pending_.front().index <= applied) {
    auto done = std::move(pending_.front());
    pending_.pop_front();
    done.committed();
  }
  if (reigning_ && pending_.empty())
    head_ = seat_->image();
  if (reigning_)
    add_voter();
}

/// Commits `made`, then calls `then`, or `lost` when this node is deposed first.
void controller_reign::commit(metadata::records made, std::function<void()> then, std::function<void()> lost) {
  if (made.empty() && pending_.empty())
    return then();
  if (made.empty()) {
    // It was judged by what is not committed yet.
    pending_.push_back({pending_.back().index, std::move(then), std::move(lost)});
    return;
  }
  const auto index = seat_->next_index();
  auto next = metadata::foresee(*head_, made);
  if (!next) {
    say(log_level::error, "its own records contradict the metadata: " + render(next.error()));
    return lost();
  }
  head_ = std::move(*next);
  pending_.push_back({index, std::move(then), std::move(lost)});
  if (auto refused = seat_->propose(std::move(made)); refused && !pending_.empty() && pending_.back().index == index) {
    auto failed = std::move(pending_.back());
    pending_.pop_back();
    failed.lost();
  }
}

// -- clients' requests ------------------------------------------------------------------------------------------------

void controller_reign::serve(const wire<ControllerRequest>& m, answer<ControllerReply> to) {
  const auto* body = std::get_if<byte_slice>(&m.attachment(m->getBody()));
  if (!body)
    return void(to.deliver(make_error(node_errc::actor_failed, "a request to the controller came without its body")));
  const auto version = m->getApiVersion();
  switch (m->getApiKey()) {
    case kafka::init_producer_id_request::api_key: return new_producer(version, *body, std::move(to));
    case kafka::describe_quorum_request::api_key: return describe_quorum(version, *body, std::move(to));
    case kafka::add_raft_voter_request::api_key: return add_raft_voter(version, *body, std::move(to));
    case kafka::remove_raft_voter_request::api_key: return remove_raft_voter(version, *body, std::move(to));
    default: break;
  }
  metadata::change_set changes{head_};
  const auto by = rules();
  controller_scope scope{changes, by, context_->settings, context_->random, context_->self};
  auto answer = work_out(scope, m->getApiKey(), version, *body);
  if (!answer)
    return void(to.deliver(answer.error()));
  auto made = scope.validate_only ? metadata::records{} : std::move(changes).take();
  commit_and_answer<ControllerReply>(std::move(made), std::move(to), [this, out = std::move(*answer)] {
    return controller_reply(out, seat_->image()->applied_index());
  });
}

/// Ids are granted in blocks, so that most producers cost no write.
void controller_reign::new_producer(std::int16_t version, const byte_slice& body, answer<ControllerReply> to) {
  kafka::reader in{body};
  kafka::init_producer_id_request r;
  r.decode(in, version);
  if (auto problem = kafka::check_read(in, r.api_name))
    return void(to.deliver(problem));
  kafka::init_producer_id_response out;
  metadata::records made;
  if (r.transactional_id) {
    out.error_code =
        static_cast<std::int16_t>(r.transactional_id->empty() ? kafka::error_code::invalid_request
                                                              : kafka::error_code::coordinator_not_available);
    out.producer_epoch = -1;
  } else {
    if (next_producer_ == producers_end_) {
      auto block = metadata::grant_producer_ids(*head_, context_->self, -1);
      if (!block)
        return void(to.deliver(block.error()));
      made = std::move(block->records);
      next_producer_ = block->first.value;
      producers_end_ = next_producer_ + block->count;
    }
    out.producer_id = next_producer_++;
    out.producer_epoch = 0;
  }
  kafka::writer encoded;
  out.encode(encoded, version);
  // Ids of a block that is not committed yet wait for it.
  commit_and_answer<ControllerReply>(std::move(made), std::move(to),
                                     [this, bytes = flatten(std::move(encoded).finish())] {
                                       return controller_reply(bytes, seat_->image()->applied_index());
                                     });
}

void controller_reign::say(log_level level, std::string_view line) const {
  context_->log.write(level, "controller", line);
}

}  // namespace troupe

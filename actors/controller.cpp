#include "actors/controller.hpp"

#include "actors/controller_requests.hpp"
#include "actors/controller_rules.hpp"
#include "actors/replicas.hpp"
#include "runtime/kafka/request.hpp"
#include "runtime/metadata/apply.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/metadata/elections.hpp"
#include "runtime/metadata/journal.hpp"
#include "runtime/metadata/quorum_state.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"
#include "runtime/node/log_directory.hpp"
#include "schema/kafka/init_producer_id.hpp"

#include <caf/all.hpp>

namespace troupe {

namespace {

using schema::ControllerReply;
using schema::ControllerRequest;

class controller_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, caf::actor replicas) {
    self_ = self;
    context_ = &context;
    replicas_ = std::move(replicas);
  }

  caf::result<controller_opened> open(const controller_open& m) {
    if (auto failed = recover())
      return failed;
    if (auto failed = register_self())
      return failed;
    if (!m.clean)
      if (auto failed = commit(metadata::new_epochs(*image_, context_->self)))
        return failed;
    publish();
    return controller_opened{};
  }

  caf::result<wire<ControllerReply>> serve(const wire<ControllerRequest>& m) {
    const auto* body = std::get_if<byte_slice>(&m.attachment(m->getBody()));
    if (!body)
      return make_error(node_errc::actor_failed, "a request to the controller came without its body");
    if (m->getApiKey() == kafka::init_producer_id_request::api_key)
      return new_producer(m->getApiVersion(), *body);
    metadata::change_set changes{image_};
    const auto rules = command_rules();
    controller_scope scope{changes, rules, context_->settings, context_->random, context_->self};
    auto answer = work_out(scope, m->getApiKey(), m->getApiVersion(), *body);
    if (!answer)
      return answer.error();
    if (!scope.validate_only && !changes.empty()) {
      if (auto failed = commit(std::move(changes).take()))
        return give_up(failed);
      publish();
    }
    return reply(std::move(*answer));
  }

  caf::result<controller_closed> close() {
    if (auto failed = journal_->close())
      return failed;
    return controller_closed{};
  }

 private:
  // -- start ------------------------------------------------------------------------------------------------------

  error recover() {
    const auto directory = context_->settings.log_dirs().front() + "/" + metadata_folder;
    auto opened = metadata::journal::open(context_->storage, directory);
    if (!opened)
      return opened.error();
    journal_ = std::move(*opened);
    for (const auto& line : journal_->recovery().lines)
      say(log_level::warning, line);
    auto image =
        metadata::load_snapshot(journal_->recovery().snapshot, std::move(journal_->recovery().snapshot_content));
    if (!image)
      return image.error();
    image_ = std::move(*image);
    while (image_->applied().index < journal_->last().index)
      if (auto failed = replay_some())
        return failed;
    auto raised = metadata::raise_term(context_->storage, directory, context_->self, journal_->last().term);
    if (!raised)
      return raised.error();
    term_ = raised->term;
    return {};
  }

  error replay_some() {
    auto entries = journal_->read(image_->applied().index + 1, journal_->last().index + 1, std::size_t{4} << 20);
    if (!entries)
      return entries.error();
    for (const auto& e : *entries) {
      auto next = metadata::apply(std::move(image_), e);
      if (!next)
        return next.error();
      image_ = std::move(*next);
    }
    return {};
  }

  error register_self() {
    metadata::register_broker_command wish;
    wish.id = context_->self;
    wish.incarnation = new_topic_id(context_->random);
    for (const auto& l : context_->settings.listeners())
      wish.endpoints.push_back({l.name, l.host, l.port, l.protocol});
    wish.rack = context_->settings.rack();
    wish.fenced = false;
    auto made = metadata::register_broker(*image_, command_rules(), wish);
    if (!made)
      return made.error();
    broker_epoch_ = made->epoch;
    return commit(std::move(made->records));
  }

  // -- the log ----------------------------------------------------------------------------------------------------

  /// On the disk first, applied second: what is answered is never taken back.
  error commit(metadata::records made) {
    if (made.empty())
      return {};
    const metadata::entry next{{journal_->last().index + 1, term_}, std::move(made)};
    if (auto failed = journal_->append(std::span{&next, 1}))
      return failed;
    auto applied = metadata::apply(image_, next);
    if (!applied)
      return applied.error();
    image_ = std::move(*applied);
    snapshot_if_due();
    return {};
  }

  void snapshot_if_due() {
    if (image_->applied().index - journal_->snapshot().index < bounds::metadata_snapshot_entries)
      return;
    if (auto failed = journal_->save_snapshot(image_->applied(), metadata::dump(*image_)))
      say(log_level::error, "no snapshot of the metadata: " + render(failed));
  }

  void publish() { self_->send(replicas_, image_published{image_}); }

  /// Without its log the controller can promise nothing: the node ends and recovers at its next start.
  error give_up(const error& why) {
    say(log_level::error, "metadata log: " + render(why));
    self_->quit(why);
    return why;
  }

  // -- requests ---------------------------------------------------------------------------------------------------

  metadata::command_rules command_rules() const {
    return command_rules_of(*image_, rules_, context_->settings, context_->self);
  }

  wire<ControllerReply> reply(byte_slice body) const {
    wire_builder<ControllerReply> b;
    b->setBody(b.attach(std::move(body)));
    b->setAppliedIndex(image_->applied().index);
    return std::move(b).freeze();
  }

  /// Ids are granted in blocks, so that most producers cost no write.
  caf::result<wire<ControllerReply>> new_producer(std::int16_t version, const byte_slice& body) {
    kafka::reader in{body};
    kafka::init_producer_id_request r;
    r.decode(in, version);
    if (auto problem = kafka::check_read(in, r.api_name))
      return problem;
    kafka::init_producer_id_response out;
    if (r.transactional_id) {
      out.error_code =
          static_cast<std::int16_t>(r.transactional_id->empty() ? kafka::error_code::invalid_request
                                                                : kafka::error_code::coordinator_not_available);
      out.producer_epoch = -1;
    } else {
      if (next_producer_ == producers_end_)
        if (auto failed = take_block())
          return give_up(failed);
      out.producer_id = next_producer_++;
      out.producer_epoch = 0;
    }
    kafka::writer encoded;
    out.encode(encoded, version);
    return reply(flatten(std::move(encoded).finish()));
  }

  error take_block() {
    auto block = metadata::grant_producer_ids(*image_, context_->self, broker_epoch_);
    if (!block)
      return block.error();
    if (auto failed = commit(std::move(block->records)))
      return failed;
    publish();
    next_producer_ = block->first.value;
    producers_end_ = next_producer_ + block->count;
    return {};
  }

  void say(log_level level, std::string_view line) { context_->log.write(level, "controller", line); }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  caf::actor replicas_;
  std::unique_ptr<metadata::journal> journal_;
  std::shared_ptr<const metadata::image> image_;
  config::rules rules_;
  std::int64_t term_ = 0;
  std::int64_t broker_epoch_ = -1;
  std::int64_t next_producer_ = 0;  ///< of the block at hand
  std::int64_t producers_end_ = 0;
};

caf::behavior controller(caf::stateful_actor<controller_state>* self, node_context* context, caf::actor replicas) {
  adopt(self, *context, "controller");
  auto* state = &self->state;
  state->start(self, *context, std::move(replicas));
  return {
    [state](const controller_open& m) { return state->open(m); },
    [state](const wire<ControllerRequest>& m) { return state->serve(m); },
    [state](const controller_close&) { return state->close(); },
  };
}

}  // namespace

caf::actor spawn_controller(node_context& context, caf::actor replicas) {
  return context.spawn_blocking(controller, &context, std::move(replicas));
}

}  // namespace troupe

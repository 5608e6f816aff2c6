#include "actors/cleaner.hpp"

#include "actors/partition.hpp"
#include "actors/syncer.hpp"
#include "runtime/config/layers.hpp"
#include "runtime/log/cleaning.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

namespace troupe {

struct clean_tick {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::clean_tick)

namespace troupe {

namespace {

class cleaner_state {
 public:
  void start(caf::event_based_actor* self, node_context& context) {
    self_ = self;
    context_ = &context;
    wait();
  }

  /// Asks every partition of a compacted topic how dirty it is.
  void look_around() {
    const auto view = context_->view.get();
    found_.reset();
    open_ = 1;
    for (const auto& topic : view->image->topics_by_name()) {
      if (!compacts(*view->image, *topic))
        continue;
      if (const auto routes = view->replicas.of_topic(topic->id))
        for (const auto& route : *routes)
          if (route.replica)
            ask(route.replica);
    }
    answered();
  }

 private:
  struct candidate {
    caf::actor partition;
    log::cleaning_plan plan;
  };

  void ask(const caf::actor& partition) {
    ++open_;
    self_->request(partition, caf::infinite, compaction_query{})
      .then([this, partition](const compaction_answer& m) {
        if (m.plan && (!found_ || more_urgent(*m.plan, found_->plan)))
          found_ = candidate{partition, *m.plan};
        answered();
      }, [this](const caf::error&) { answered(); });
  }

  static bool more_urgent(const log::cleaning_plan& a, const log::cleaning_plan& b) {
    return a.forced != b.forced ? a.forced : a.dirty_ratio > b.dirty_ratio;
  }

  void answered() {
    if (--open_ > 0)
      return;
    if (found_)
      clean(*std::exchange(found_, std::nullopt));
    else
      wait();
  }

  /// The long part, on this actor's own thread; the partition goes on meanwhile.
  void clean(const candidate& dirtiest) {
    const auto& directory = dirtiest.plan.directory;
    auto cleaned = log::clean(dirtiest.plan, context_->storage);
    if (!cleaned) {
      say(log_level::warning, directory + ": not cleaned: " + render(cleaned.error()));
      return wait();
    }
    const auto& counts = cleaned->counts;
    say(log_level::debug, directory + ": read " + std::to_string(counts.records_read) + " records, kept "
                            + std::to_string(counts.records_kept));
    self_->request(dirtiest.partition, caf::infinite, compaction_swap{std::move(*cleaned)})
      .then([this](const disk_done&) { look_around(); },
            [this, directory](const caf::error& why) {
              say(log_level::warning, directory + ": cleaned segments not taken: " + render(why));
              wait();
            });
  }

  bool compacts(const metadata::image& image, const metadata::topic& topic) const {
    const config::layers layers{&topic.configs, image.broker_config(context_->self), image.cluster_config(),
                                &context_->settings};
    const auto policy = config::topic_value(layers, "cleanup.policy");
    return policy && policy->text.find("compact") != std::string::npos;
  }

  void wait() { self_->delayed_send(self_, context_->settings.duration("log.cleaner.backoff.ms"), clean_tick{}); }
  void say(log_level level, std::string_view line) { context_->log.write(level, "cleaner", line); }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  std::optional<candidate> found_;
  std::size_t open_ = 0;
};

caf::behavior cleaner(caf::stateful_actor<cleaner_state>* self, node_context* context) {
  adopt(self, *context, "cleaner");
  auto* state = &self->state;
  state->start(self, *context);
  return {
    [state](const clean_tick&) { state->look_around(); },
  };
}

}  // namespace

caf::actor spawn_cleaner(node_context& context) {
  return context.spawn_blocking(cleaner, &context);
}

}  // namespace troupe

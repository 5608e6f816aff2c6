#include "actors/replicas.hpp"

#include "actors/log_move.hpp"
#include "actors/folder_removal.hpp"
#include "actors/log_opener.hpp"
#include "actors/partition.hpp"
#include "actors/partition_leadership.hpp"
#include "actors/reader.hpp"
#include "actors/replica_disks.hpp"
#include "actors/replica_settings.hpp"
#include "actors/replicator.hpp"
#include "actors/restart_pause.hpp"
#include "actors/syncer.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/metadata/diff.hpp"
#include "runtime/metadata/partition_change.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace troupe {

struct upkeep_tick {};
struct checkpoint_tick {};
/// A partition's actor has failed a moment ago: start it again.
struct restart_partition {
  partition_id id;
};
/// A replica has moved to another node a moment ago.
struct leave_partition {
  partition_id id;
};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::upkeep_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::checkpoint_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::restart_partition)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::leave_partition)

namespace troupe {

namespace {

using schema::PartitionDurable;

class replicas_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, std::vector<log_directory> directories,
             caf::actor peers, caf::actor isr_keeper, caf::actor coordination, attachments attached) {
    self_ = self;
    attached_ = std::move(attached);
    context_ = &context;
    settings_.emplace(context);
    opener_.start(self);
    peers_ = std::move(peers);
    isr_keeper_ = std::move(isr_keeper);
    coordination_ = std::move(coordination);
    reader_ = spawn_reader(context, "reader");
    self_->link_to(reader_);
    disks_.start(self, context, std::move(directories));
    self_->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& m) { partition_ended(m); });
    self_->delayed_send(self_, bounds::checkpoint_interval, checkpoint_tick{});
    self_->delayed_send(self_, upkeep_interval(), upkeep_tick{});
  }

  // -- messages ---------------------------------------------------------------------------------------------------

  void publish(const image_published& m) {
    const bool first = !takes_part_;
    const auto before = first ? std::make_shared<const metadata::image>() : image_;
    image_ = m.image;
    takes_part_ = takes_part_ || is_registered();
    if (!takes_part_) {
      publish_view({});
      return answer_waiting();
    }
    const auto what = metadata::difference(*before, *image_);
    if (first || what.cluster_config || !what.broker_configs.empty())
      settings_->take(image_);
    const auto old_view = context_->view.get();
    auto here = old_view ? old_view->replicas : routes{};
    for (const auto& topic : what.removed) {
      drop_topic(*topic);
      here = here.with(topic->id, nullptr);
    }
    for (const auto& topic : what.created)
      here = here.with(topic->id, apply_topic(*topic));
    for (const auto& topic : what.changed) {
      here = here.with(topic.after->id, apply_topic(*topic.after));
      if (topic.before->configs != topic.after->configs)
        change_settings(*topic.after);
    }
    if (!first && (what.cluster_config || !what.broker_configs.empty()))
      for (const auto& topic : image_->topics_by_name())
        change_settings(*topic);
    publish_view(std::move(here));
    answer_waiting();
  }

  caf::result<applied> await(const await_applied& m) {
    auto promise = self_->make_response_promise<applied>();
    waiting_.emplace_back(m.index, promise);
    answer_waiting();
    return promise;
  }

  void note_durable(const wire<PartitionDurable>& m) { disks_.note(*m); }

  caf::result<disk_done> lower(const recovery_point_lowered& m) {
    auto promise = self_->make_response_promise<disk_done>();
    disks_.lower(*m.point, promise);
    return promise;
  }

  void write_checkpoints() {
    disks_.write_changed();
    if (!closing_)
      self_->delayed_send(self_, bounds::checkpoint_interval, checkpoint_tick{});
  }

  void upkeep() {
    for (const auto& [id, replica] : replicas_)
      if (replica.actor)
        self_->send(replica.actor, partition_upkeep{});
    self_->delayed_send(self_, upkeep_interval(), upkeep_tick{});
  }

  void restart(const restart_partition& m) {
    const auto topic = image_->find_topic(m.id.topic);
    if (!topic || closing_)
      return;
    publish_view(context_->view.get()->replicas.with(m.id.topic, apply_topic(*topic)));
  }

  void leave(const leave_partition& m) {
    const auto topic = image_->find_topic(m.id.topic);
    const auto* p = topic ? topic->find(m.id.index) : nullptr;
    if (p && !is_placed_here(*p) && !closing_)
      drop_replica(topic->name, m.id);
  }

  caf::result<disk_done> move(const move_replica& m) {
    const auto found = replicas_.find(m.id);
    auto* to = disks_.at(m.directory);
    if (found == replicas_.end() || !found->second.actor || !to || closing_)
      return make_error(node_errc::unknown_partition, "there is no such replica, or no such directory");
    if (found->second.disk == to) {
      self_->send(found->second.actor, log_move_cancel{});
      return disk_done{};
    }
    auto promise = self_->make_response_promise<disk_done>();
    self_->request(found->second.actor, caf::infinite, log_move_begin{m.directory, to->syncer})
      .then([promise](const disk_done&) mutable { promise.deliver(disk_done{}); },
            [promise](const caf::error& why) mutable { promise.deliver(why); });
    return promise;
  }

  /// What it tells of its log from now on goes into the new disk's checkpoints.
  void note_moved(const log_moved& m) {
    const auto found = replicas_.find(m.id);
    auto* to = disks_.at(m.directory);
    if (found == replicas_.end() || !to)
      return;
    auto* from = std::exchange(found->second.disk, to);
    disks_.move(partition_folder(m.topic, m.id.index), *from, *to);
    remove_in_background({*self_, *context_, from->syncer}, m.leftover);
  }

  caf::result<replicas_closed> close() {
    closing_ = true;
    opener_.stop();
    auto promise = self_->make_response_promise<replicas_closed>();
    auto left = std::make_shared<std::size_t>(1);
    auto one_done = [this, left, promise]() mutable {
      if (--*left == 0)
        disks_.write_clean_marks(promise);
    };
    for (const auto& [id, replica] : replicas_) {
      auto* disk = replica.disk;
      if (!replica.actor) {
        disk->unclean |= replica.failures > 0;
        continue;
      }
      ++*left;
      self_->request(replica.actor, caf::infinite, partition_close{})
        .then([this, one_done](const wire<PartitionDurable>& m) mutable { note_durable(m); one_done(); },
              [this, one_done, disk](const caf::error& why) mutable {
                disk->unclean = true;
                // One that was not verified yet is nobody's fault: the node was stopped soon after it had been killed.
                const bool is_early = is_error(why, error_domain::node,
                                               static_cast<std::uint8_t>(node_errc::shutting_down));
                say(is_early ? log_level::info : log_level::error,
                    "not closed cleanly, its log is verified at the next start: " + render(why));
                one_done();
              });
    }
    one_done();
    return promise;
  }

 private:
  struct replica_state {
    caf::actor actor;
    replica_disk* disk = nullptr;
    int failures = 0;
  };

  // -- topics -----------------------------------------------------------------------------------------------------

  /// Whether the metadata know this life of the node. What they say of an earlier one does not hold: a leader that has
  /// lost the end of its log must not go on in the epoch in which others have that end.
  bool is_registered() {
    const auto self = image_->find_broker(context_->self);
    if (!self || self->incarnation != context_->incarnation)
      return false;
    context_->broker_epoch = self->epoch;  // the answer to the registration may be slower
    return true;
  }

  void publish_view(routes here) {
    auto view = std::make_shared<cluster_view>();
    view->image = image_;
    view->replicas = std::move(here);
    context_->view.set(std::move(view));
  }

  /// Makes sure that each partition of `topic` placed here has its actor, tells it its role, and returns the routes.
  std::shared_ptr<const routes::topic_routes> apply_topic(const metadata::topic& topic) {
    auto out = std::make_shared<routes::topic_routes>(topic.partitions.size());
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      const auto& p = topic.partitions[i];
      const partition_id id{topic.id, partition_index{static_cast<std::int32_t>(i)}};
      if (!is_placed_here(p)) {
        leave_soon(p, id);
        continue;
      }
      if (auto dropping = dropping_.find(partition_folder(topic.name, id.index)); dropping != dropping_.end()) {
        dropping->second = id;  // led as soon as the folder is free
        continue;
      }
      auto& replica = replicas_[id];
      if (!replica.actor)
        spawn(topic, id, replica);
      self_->send(replica.actor, partition_role{leadership_of(p), source_of(p)});
      (*out)[i] = {replica.actor, p.leader == context_->self};
    }
    return out;
  }

  /// The replica has moved away. If it led, producers wait to hear what becomes of their last records, which it learns
  /// as a follower; then it goes.
  void leave_soon(const metadata::partition& p, const partition_id& id) {
    const auto found = replicas_.find(id);
    if (found == replicas_.end())
      return;
    if (found->second.actor)
      self_->send(found->second.actor, partition_role{leadership_of(p), source_of(p)});
    self_->delayed_send(self_, bounds::moved_replica_stay, leave_partition{id});
  }

  bool is_placed_here(const metadata::partition& p) const {
    return metadata::holds(p.replicas, context_->self);
  }

  /// This node's replicator for the node that leads `p`.
  caf::actor source_of(const metadata::partition& p) {
    if (p.leader == context_->self || p.leader == metadata::no_node)
      return {};
    auto& replicator = replicators_[p.leader];
    if (!replicator) {
      replicator = spawn_replicator(*context_, p.leader, peers_);
      self_->link_to(replicator);
    }
    return replicator;
  }

  void spawn(const metadata::topic& topic, const partition_id& id, replica_state& replica) {
    const auto folder = partition_folder(topic.name, id.index);
    if (!replica.disk) {
      replica.disk = disks_.of(folder);
      ++replica.disk->replicas;
    }
    const auto& directory = replica.disk->directory;
    const auto known = directory.offsets.find(folder);
    partition_spec spec;
    spec.id = id;
    spec.topic = topic.name;
    spec.directory = directory.path + "/" + folder;
    spec.settings = settings_->of(topic, id.index);
    spec.throttles = settings_->throttles();
    // After a failure of the actor, nothing it did since the last checkpoint is taken on trust.
    spec.hints.topic = topic.id;
    spec.hints.clean_stop = directory.clean && replica.failures == 0;
    if (known != directory.offsets.end()) {
      spec.hints.recovery_point = known->second.recovery_point;
      spec.hints.log_start_offset = known->second.log_start;
      spec.hints.cleaned_to = known->second.cleaned_to;
      spec.high_watermark = known->second.high_watermark;
    }
    spec.syncer = replica.disk->syncer;
    spec.reader = reader_;
    spec.supervisor = caf::actor_cast<caf::actor>(self_);
    spec.isr_keeper = isr_keeper_;
    spec.coordination = coordination_;
    if (const auto found = attached_.find(topic.name); found != attached_.end())
      spec.attach = found->second;
    replica.actor = spawn_partition(*context_, std::move(spec));
    self_->monitor(replica.actor);
    by_address_.emplace(replica.actor.address(), id);
  }

  void change_settings(const metadata::topic& topic) {
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      const partition_index index{static_cast<std::int32_t>(i)};
      if (auto found = replicas_.find({topic.id, index}); found != replicas_.end() && found->second.actor)
        self_->send(found->second.actor, settings_->of(topic, index));
    }
  }

  void drop_topic(const metadata::topic& topic) {
    for (std::size_t i = 0; i < topic.partitions.size(); ++i)
      drop_replica(topic.name, {topic.id, partition_index{static_cast<std::int32_t>(i)}});
  }

  void drop_replica(const std::string& topic, const partition_id& id) {
    const auto folder = partition_folder(topic, id.index);
    if (auto waits = dropping_.find(folder); waits != dropping_.end() && waits->second == id)
      waits->second.reset();
    const auto found = replicas_.find(id);
    if (found == replicas_.end())
      return;
    const auto dropped = found->second;
    replicas_.erase(found);
    dropping_.emplace(folder, std::nullopt);
    auto remove = [this, folder, id, disk = dropped.disk] { remove_folder(folder, id, disk); };
    if (!dropped.actor)
      return remove();
    by_address_.erase(dropped.actor.address());
    self_->request(dropped.actor, caf::infinite, partition_drop{})
      .then([this, remove, actor = dropped.actor](const disk_done&) {
        self_->send_exit(actor, caf::exit_reason::user_shutdown);
        remove();
      }, [remove](const caf::error&) { remove(); });
  }

  /// A new topic of that name waits for this: two logs must never share a folder.
  void remove_folder(const std::string& folder, const partition_id& id, replica_disk* disk) {
    disks_.forget(folder, *disk);
    const auto to = folder + "." + to_string(id.topic) + "." + std::to_string(++removed_) + deleted_suffix;
    // A recovery point of the old log must not outlive it on the disk: the new one would seem to have lost records.
    remove_partition_folder({*self_, *context_, disk->syncer}, disk->directory.path, folder, to, [this, folder, disk] {
      disks_.write(*disk, [this, folder](const error&) { release_folder(folder); });
    });
  }

  void release_folder(const std::string& folder) {
    const auto next = dropping_.extract(folder);
    if (next && next.mapped())
      restart({*next.mapped()});
  }

  // -- supervision ------------------------------------------------------------------------------------------------

  void partition_ended(const caf::down_msg& m) {
    const auto ended = by_address_.find(m.source);
    if (ended == by_address_.end())
      return;
    const auto id = ended->second;
    by_address_.erase(ended);
    auto& replica = replicas_[id];
    replica.actor = nullptr;
    const auto pause = restart_pause(replica.failures++);
    if (!closing_)
      self_->delayed_send(self_, pause, restart_partition{id});
  }

  // -- opening in the background ----------------------------------------------------------------------------------

  void begin_opening() {
    put_strays_aside();
    for (const auto& [id, replica] : replicas_)
      if (replica.actor && replica.disk->directory.partitions.contains(
                             partition_folder(image_->find_topic(id.topic)->name, id.index)))
        opener_.add(replica.actor);
    opener_.begin(bounds::opening_at_once);
  }

  /// Folders of partitions that the metadata do not place here are kept, but never opened: metadata may be wrong, data
  /// are not remade.
  void put_strays_aside() {
    for (auto& disk : disks_.all())
      for (const auto& folder : std::set{disk.directory.partitions}) {
        const auto dash = folder.find_last_of('-');
        const auto topic = image_->find_topic(folder.substr(0, dash));
        const auto index = std::stoll(folder.substr(dash + 1));
        const auto* known = topic ? topic->find(partition_index{static_cast<std::int32_t>(index)}) : nullptr;
        if (known && is_placed_here(*known))
          continue;
        // It has moved away since the first metadata after the start: it is about to leave in good order.
        if (topic && replicas_.contains({topic->id, partition_index{static_cast<std::int32_t>(index)}}))
          continue;
        disks_.give_up(folder, disk);
        auto aside = put_aside(context_->storage, disk.directory.path + "/" + folder);
        say(log_level::warning,
            folder + " is not one of this node's replicas; "
                + (aside ? "it is now at " + *aside + ", remove it when you do not need it" : render(aside.error())));
      }
  }

  // -- words ------------------------------------------------------------------------------------------------------

  /// The first to be answered is the node, which waits for its own registration in this life: from there on the image
  /// tells all that was committed before. An earlier one may know no topic yet, so that each folder looks like a stray.
  void answer_waiting() {
    const auto answered = std::erase_if(waiting_, [this](auto& w) {
      if (!image_ || w.first > image_->applied().index)
        return false;
      w.second.deliver(applied{});
      return true;
    });
    if (answered > 0 && !std::exchange(is_current_, true))
      begin_opening();
  }

  std::chrono::milliseconds upkeep_interval() const {
    return context_->settings.duration("log.retention.check.interval.ms");
  }
  void say(log_level level, std::string_view line) { context_->log.write(level, "replicas", line); }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  caf::actor reader_;
  caf::actor peers_;
  caf::actor isr_keeper_;
  caf::actor coordination_;
  attachments attached_;
  std::optional<replica_settings> settings_;
  std::map<node_id, caf::actor> replicators_;  ///< by the node whose partitions they follow
  replica_disks disks_;
  std::unordered_map<std::string, std::optional<partition_id>> dropping_;  ///< folders; with who waits for one
  std::unordered_map<partition_id, replica_state> replicas_;
  std::unordered_map<caf::actor_addr, partition_id> by_address_;
  std::shared_ptr<const metadata::image> image_;
  std::vector<std::pair<std::int64_t, caf::typed_response_promise<applied>>> waiting_;
  bool takes_part_ = false;  ///< this life of the node has been registered
  bool is_current_ = false;  ///< the image tells all that was committed before this start
  log_opener opener_;
  std::uint64_t removed_ = 0;  ///< folders: one may go again before it is gone
  bool closing_ = false;
};

caf::behavior replicas(caf::stateful_actor<replicas_state>* self, node_context* context,
                       std::vector<log_directory> directories, caf::actor peers, caf::actor isr_keeper,
                       caf::actor coordination, attachments attached) {
  adopt(self, *context, "replicas");
  auto* state = &self->state;
  state->start(self, *context, std::move(directories), std::move(peers), std::move(isr_keeper),
               std::move(coordination), std::move(attached));
  return {
    [state](const image_published& m) { state->publish(m); },
    [state](const await_applied& m) { return state->await(m); },
    [state](const wire<PartitionDurable>& m) { state->note_durable(m); },
    [state](const recovery_point_lowered& m) { return state->lower(m); },
    [state](const checkpoint_tick&) { state->write_checkpoints(); },
    [state](const upkeep_tick&) { state->upkeep(); },
    [state](const restart_partition& m) { state->restart(m); },
    [state](const leave_partition& m) { state->leave(m); },
    [state](const move_replica& m) { return state->move(m); },
    [state](const log_moved& m) { state->note_moved(m); },
    [state](const replicas_close&) { return state->close(); },
  };
}

}  // namespace

caf::actor spawn_replicas(node_context& context, std::vector<log_directory> directories, caf::actor peers,
                          caf::actor isr_keeper, caf::actor coordination, attachments attached) {
  return context.spawn(replicas, &context, std::move(directories), std::move(peers), std::move(isr_keeper),
                       std::move(coordination), std::move(attached));
}

}  // namespace troupe

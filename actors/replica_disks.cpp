#include "actors/replica_disks.hpp"

#include "runtime/log/offset_checkpoint.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace troupe {

void replica_disks::start(caf::event_based_actor* self, node_context& context, std::vector<log_directory> directories) {
  self_ = self;
  context_ = &context;
  for (auto& d : directories) {
    auto syncer = spawn_syncer(context, "syncer " + d.path);
    self_->link_to(syncer);
    disks_.push_back({std::move(d), std::move(syncer)});
  }
  for (auto& disk : disks_)
    for (const auto& folder : disk.directory.partitions)
      folder_on_disk_.emplace(folder, &disk);
}

replica_disk* replica_disks::of(const std::string& folder) {
  used_.insert(folder);
  if (auto found = folder_on_disk_.find(folder); found != folder_on_disk_.end())
    return found->second;
  auto emptiest = std::min_element(disks_.begin(), disks_.end(),
                                   [](const auto& a, const auto& b) { return a.replicas < b.replicas; });
  folder_on_disk_.emplace(folder, &*emptiest);
  return &*emptiest;
}

void replica_disks::forget(const std::string& folder, replica_disk& disk) {
  --disk.replicas;
  give_up(folder, disk);
}

void replica_disks::give_up(const std::string& folder, replica_disk& disk) {
  folder_on_disk_.erase(folder);
  disk.dirty |= disk.directory.offsets.erase(folder) > 0;
  disk.directory.partitions.erase(folder);
}

replica_disk* replica_disks::at(const std::string& directory) {
  const auto found = std::find_if(disks_.begin(), disks_.end(),
                                  [&](const auto& d) { return d.directory.path == directory; });
  return found == disks_.end() ? nullptr : &*found;
}

void replica_disks::move(const std::string& folder, replica_disk& from, replica_disk& to) {
  forget(folder, from);
  folder_on_disk_[folder] = &to;
  to.directory.partitions.insert(folder);
  ++to.replicas;
}

void replica_disks::note(schema::PartitionDurable::Reader m) {
  const auto folder = partition_folder(std::string{m.getTopicName()}, partition_index{m.getIndex()});
  auto* disk = of(folder);
  auto& known = disk->directory.offsets[folder];
  const known_offsets now{offset{m.getRecoveryPoint()}, offset{m.getLogStartOffset()}, offset{m.getCleanedTo()},
                          offset{m.getHighWatermark()}};
  disk->dirty |= known != now;
  known = now;
}

void replica_disks::lower(schema::PartitionDurable::Reader m, caf::typed_response_promise<disk_done> done) {
  note(m);
  write(*of(partition_folder(std::string{m.getTopicName()}, partition_index{m.getIndex()})),
        [done](const error& failed) mutable {
          if (failed)
            done.deliver(failed);
          else
            done.deliver(disk_done{});
        });
}

// -- checkpoint files -------------------------------------------------------------------------------------------------

std::vector<replace_content> replica_disks::checkpoint_files(const replica_disk& disk) const {
  std::vector<log::offset_checkpoint_entry> recovery, starts, cleaned, watermarks;
  for (const auto& [folder, known] : disk.directory.offsets) {
    const auto dash = folder.find_last_of('-');
    const auto topic = folder.substr(0, dash);
    const partition_index index{static_cast<std::int32_t>(std::stoll(folder.substr(dash + 1)))};
    recovery.push_back({topic, index, known.recovery_point});
    if (known.log_start > offset{0})
      starts.push_back({topic, index, known.log_start});
    if (known.cleaned_to > offset{0})
      cleaned.push_back({topic, index, known.cleaned_to});
    if (known.high_watermark > offset{0})
      watermarks.push_back({topic, index, known.high_watermark});
  }
  return {{recovery_checkpoint_path(disk.directory.path), log::encode_offset_checkpoint(recovery)},
          {log_start_checkpoint_path(disk.directory.path), log::encode_offset_checkpoint(starts)},
          {cleaner_checkpoint_path(disk.directory.path), log::encode_offset_checkpoint(cleaned)},
          {watermark_checkpoint_path(disk.directory.path), log::encode_offset_checkpoint(watermarks)}};
}

void replica_disks::write_changed() {
  for (auto& disk : disks_)
    if (disk.dirty)
      write(disk, [](const error&) {});
}

// One round a disk at a time: an older content must never come to lie over a newer one.
void replica_disks::write(replica_disk& disk, written then) {
  disk.waiting.push_back(std::move(then));
  if (!disk.writing)
    begin_round(disk);
}

void replica_disks::begin_round(replica_disk& disk) {
  disk.writing = true;
  disk.dirty = false;
  auto told = std::make_shared<std::vector<written>>(std::exchange(disk.waiting, {}));
  write_in_order(disk.syncer, std::make_shared<std::vector<replace_content>>(checkpoint_files(disk)), 0,
                 [this, told, &disk](const error& failed) {
                   disk.writing = false;
                   if (failed)
                     context_->log.write(log_level::error, "replicas", "checkpoint not written: " + render(failed));
                   for (auto& then : *told)
                     then(failed);
                   if (!disk.waiting.empty() && !disk.writing)
                     begin_round(disk);
                 });
}

void replica_disks::write_clean_marks(caf::typed_response_promise<replicas_closed> done) {
  auto left = std::make_shared<std::size_t>(1);
  auto one_done = [left, done]() mutable {
    if (--*left == 0)
      done.deliver(replicas_closed{});
  };
  for (auto& disk : disks_) {
    for (const auto& folder : disk.directory.partitions)
      disk.unclean |= !disk.directory.clean && !used_.contains(folder);
    ++*left;
    write(disk, [this, one_done, &disk](const error& failed) mutable {
      if (failed || disk.unclean)
        return one_done();
      auto mark = std::make_shared<std::vector<replace_content>>();
      mark->push_back({clean_mark_path(disk.directory.path), clean_mark(context_->broker_epoch)});
      write_in_order(disk.syncer, std::move(mark), 0, [one_done](const error&) mutable { one_done(); });
    });
  }
  one_done();
}

void replica_disks::write_in_order(const caf::actor& syncer, write_list writes, std::size_t at, written then) {
  if (at == writes->size())
    return then({});
  self_->request(syncer, caf::infinite, (*writes)[at])
    .then([=, this](const disk_done&) { write_in_order(syncer, writes, at + 1, then); },
          [=](const caf::error& why) { then(why); });
}

}  // namespace troupe

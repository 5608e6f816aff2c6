#include "actors/quorum.hpp"

#include "actors/controller_timers.hpp"
#include "actors/quorum_voters.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/metadata/entry_codec.hpp"
#include "runtime/metadata/features.hpp"
#include "runtime/metadata/record_builders.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"
#include "runtime/raft/bounds.hpp"
#include "runtime/raft/opening.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace troupe {

// -- start and stop ---------------------------------------------------------------------------------------------------

error quorum::open(caf::event_based_actor* self, node_context& context, caf::actor peers, setup how, events heard) {
  self_ = self;
  context_ = &context;
  peers_ = std::move(peers);
  how_ = std::move(how);
  heard_ = std::move(heard);
  auto found = recover();
  if (!found)
    return found.error();
  raft::options options;
  options.self = {context.self, how_.disk};
  options.election_timeout = context.settings.duration("controller.quorum.election.timeout.ms");
  options.heartbeat_interval = options.election_timeout / 10;
  options.seed = context.random.next(random_purpose::election);
  participant_.emplace(options, std::move(*found), now());
  view_ = participant_->view();
  tell_addresses();
  arm();
  return {};
}

expected<raft::opening> quorum::recover() {
  auto opened = metadata::journal::open(context_->storage, how_.directory);
  if (!opened)
    return opened.error();
  journal_ = std::move(*opened);
  for (const auto& line : journal_->recovery().lines)
    context_->log.write(log_level::warning, "controller", line);
  auto image = metadata::load_snapshot(journal_->recovery().snapshot, std::move(journal_->recovery().snapshot_content));
  if (!image)
    return image.error();
  image_ = std::move(*image);
  auto vote = metadata::load_quorum_state(context_->storage, how_.directory);
  if (!vote)
    return vote.error();
  if (!*vote && journal_->last().index > 0)
    return metadata::make_error(metadata::errc::journal_damaged,
                                how_.directory + ": quorum-state is missing; restore the file from a backup");
  raft::opening out;
  out.snapshot = image_->applied();
  out.voters = voters_in(image_->voters());
  for (auto at = std::max(image_->applied_index() + 1, journal_->first_index()); at <= journal_->last().index;) {
    auto entries = journal_->read(at, journal_->last().index + 1, bounds::raft_append_bytes);
    if (!entries)
      return entries.error();
    for (const auto& e : *entries)
      if (auto set = voters_of(e.records))
        out.changes.push_back({e.at.index, std::move(*set)});
    at = entries->back().at.index + 1;
  }
  if (how_.seeds.empty() && out.voters.empty() && out.changes.empty()) {
    if (auto failed = begin_cluster())
      return failed;
    out.changes.push_back({journal_->last().index, {{{context_->self, how_.disk}, context_->peer_address().host,
                                                     context_->peer_address().port}}});
    vote = metadata::load_quorum_state(context_->storage, how_.directory);
    if (!vote)
      return vote.error();
  }
  out.terms = raft::terms_of(*journal_);
  out.vote = vote->value_or(metadata::quorum_state{});
  return out;
}

/// The first entry of a new cluster makes this node its only voter.
error quorum::begin_cluster() {
  const auto last = journal_->last();
  const auto term = std::max<std::int64_t>(last.term, 1);
  if (last.index == 0)
    if (auto failed = metadata::save_quorum_state(context_->storage, how_.directory, {term, metadata::no_node}))
      return failed;
  const auto& at = context_->peer_address();
  metadata::entry first{{last.index + 1, term},
                        {metadata::voters_record({{context_->self, how_.disk.value, at.host, at.port}})}};
  if (last.index == 0)
    for (auto& feature : metadata::first_features(*image_))
      first.records.push_back(std::move(feature));
  return journal_->append(std::span{&first, 1});
}

error quorum::close() {
  return journal_->close();
}

void quorum::hand_over() {
  if (auto todo = participant_->transfer_leadership(now()))
    execute(std::move(*todo));
}

monotonic_time quorum::now() const {
  return context_->time.monotonic_now();
}

void quorum::fail(const error& why) {
  if (failed_)
    return;
  failed_ = why;
  heard_.failed(why);
}

// -- what Raft asks for -----------------------------------------------------------------------------------------------

void quorum::execute(raft::effects todo, bulk with) {
  bool appended = false;
  const bool changed = todo.changed;
  if (failed_)
    return;
  if (auto failed = write(todo, with, appended))
    return fail(failed);
  send_all(todo);
  const auto commit = todo.commit;
  const auto install_at = todo.install;
  const bool was_active = view_.is_active;
  view_ = participant_->view();
  if (install_at)
    install(*install_at);
  if (commit)
    if (auto failed = apply_to(*commit))
      return fail(failed);
  if (appended)
    execute(participant_->durable(now(), journal_->durable_index()));
  if (changed || was_active != view_.is_active)
    heard_.changed();
  arm();
}

/// Everything that has to be on the disk before a message may leave.
error quorum::write(const raft::effects& todo, const bulk& with, bool& appended) {
  if (todo.persist)
    if (auto failed = metadata::save_quorum_state(context_->storage, how_.directory, *todo.persist))
      return failed;
  if (todo.truncate_from)
    if (auto failed = journal_->truncate_from(*todo.truncate_from))
      return failed;
  if (todo.append_received) {
    std::vector<metadata::entry> wanted;
    for (const auto& e : *with.received)
      if (e.at.index >= todo.append_received->from && e.at.index < todo.append_received->until)
        wanted.push_back(e);
    if (auto failed = journal_->append(wanted))
      return failed;
    appended = true;
  }
  if (todo.append_own) {
    const metadata::entry own{*todo.append_own, with.own ? *with.own : metadata::records{}};
    if (auto failed = journal_->append(std::span{&own, 1}))
      return failed;
    appended = true;
  }
  if (todo.keep_piece)
    return keep_piece(*todo.keep_piece, *with.piece);
  return {};
}

error quorum::apply_to(std::int64_t index) {
  bool grown = false;
  while (image_->applied_index() < index) {
    auto entries = journal_->read(image_->applied_index() + 1, index + 1, bounds::raft_append_bytes);
    if (!entries)
      return entries.error();
    for (const auto& e : *entries) {
      auto next = metadata::apply(image_, e);
      if (!next)
        return next.error();
      image_ = std::move(*next);
      grown = true;
    }
  }
  if (!grown)
    return {};
  tell_addresses();
  snapshot_if_due();
  heard_.committed();
  return {};
}

void quorum::snapshot_if_due() {
  const auto grown = image_->applied_index() - journal_->snapshot().index;
  if (grown < bounds::metadata_snapshot_entries && !(grown > 0 && buggify("early metadata snapshot")))
    return;
  if (auto failed = journal_->save_snapshot(image_->applied(), metadata::dump(*image_))) {
    context_->log.write(log_level::error, "controller", "no snapshot of the metadata: " + render(failed));
    return;
  }
  participant_->compacted(journal_->snapshot(), journal_->first_index());
}

error quorum::propose(metadata::records made) {
  auto todo = participant_->propose(now());
  if (!todo)
    return todo.error();
  execute(std::move(*todo), {nullptr, &made, nullptr});
  return failed_;
}

error quorum::propose_voters(const raft::voter_set& voters, metadata::records made) {
  auto todo = participant_->propose_voters(now(), voters);
  if (!todo)
    return todo.error();
  execute(std::move(*todo), {nullptr, &made, nullptr});
  return failed_;
}

void quorum::tick(monotonic_time due) {
  if (due != armed_until_)
    return;
  armed_until_ = monotonic_time::max();
  if (participant_->wakes_at() <= now())
    execute(participant_->tick(now()));
  arm();
}

void quorum::arm() {
  const auto next = participant_->wakes_at();
  if (next >= armed_until_ || failed_)
    return;
  armed_until_ = next;
  self_->delayed_send(self_, std::max(next - now(), std::chrono::nanoseconds{0}), quorum_tick{next});
}

}  // namespace troupe

#include "tools/sim/watcher.hpp"

#include "runtime/metadata/check_image.hpp"
#include "runtime/node/context.hpp"

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;

constexpr auto look_pause = 50ms;

std::string text_of(const std::vector<node_id>& nodes) {
  std::string out;
  for (const auto id : nodes)
    out += (out.empty() ? "" : "+") + std::to_string(id.value);
  return out;
}

std::string text_of(const metadata::partition& p) {
  return "leader " + std::to_string(p.leader.value) + " in epoch " + std::to_string(p.epoch.value) + ", ISR "
         + text_of(p.in_sync) + ", ELR " + text_of(p.eligible);
}

}  // namespace

void watcher::start() {
  look();
  cluster_.in().after(look_pause, [this] { start(); });
}

void watcher::note(const std::string& what) {
  if (noted_.insert(what).second)
    wrong_.push_back("metadata: " + what);
}

void watcher::look() {
  for (const auto& [machine, context] : cluster_.running())
    if (const auto view = context->view.get(); view && view->image)
      look_at(machine, to_string(context->incarnation), *view->image);
  see_controller();
}

void watcher::look_at(const std::string& machine, const std::string& process, const metadata::image& image) {
  auto& last = shown_[process];
  if (last.image == &image && last.applied == image.applied_index())
    return;
  if (image.applied_index() < last.applied)
    note(machine + " goes back from entry " + std::to_string(last.applied) + " to "
         + std::to_string(image.applied_index()));
  last = {&image, image.applied_index()};
  for (const auto& violated : metadata::check_image(image))
    note(machine + " at entry " + std::to_string(image.applied_index()) + ": " + violated);
  for (const auto& topic : image.topics_by_name())
    for (std::int32_t i = 0; i < topic->partition_count(); ++i)
      compare(machine, {to_string(topic->id), i}, topic->partitions[static_cast<std::size_t>(i)]);
}

void watcher::compare(const std::string& machine, const partition_key& key, const metadata::partition& p) {
  if (p.leader != metadata::no_node) {
    const auto [led, is_new] = leaders_.try_emplace({key, p.epoch.value}, p.leader.value);
    if (!is_new && led->second != p.leader.value)
      note("two leaders of partition " + std::to_string(key.second) + " in epoch " + std::to_string(p.epoch.value)
           + ": nodes " + std::to_string(led->second) + " and " + std::to_string(p.leader.value));
  }
  const auto [state, is_new] = states_.try_emplace({key, p.partition_epoch}, p);
  if (!is_new && state->second != p)
    note("two states of partition " + std::to_string(key.second) + " with partition epoch "
         + std::to_string(p.partition_epoch) + ": " + text_of(state->second) + "; at " + machine + " " + text_of(p));
  const auto [newest, is_first] = newest_.try_emplace(key, p.partition_epoch);
  if (!is_first && p.partition_epoch <= newest->second)
    return;
  newest->second = p.partition_epoch;
  if (tell_)
    tell_({sighting::kind::leader, cluster_.in().now(), p.leader.value, key.second, p.epoch.value,
           text_of(p.in_sync)});
}

void watcher::see_controller() {
  for (const auto& [machine, context] : cluster_.running()) {
    const std::int32_t active = context->controller;
    if (active != context->self.value || active == controller_)
      continue;  // others may tell of one that is gone
    controller_ = active;
    if (tell_)
      tell_({sighting::kind::controller, cluster_.in().now(), active, -1, 0, {}});
  }
}

}  // namespace troupe::cluster_sim

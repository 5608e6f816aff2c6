#include "runtime/group/assignor.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace troupe::group {

namespace {

using member_entry = std::pair<const std::string, assignable_member>;

/// Static members come first, by their instances: these outlive their members' ids, so that a restart moves nothing.
bool comes_before(const member_entry* a, const member_entry* b) {
  const auto rank = [](const member_entry* m) {
    return std::tuple{!m->second.instance, m->second.instance ? *m->second.instance : std::string_view{},
                      std::string_view{m->first}};
  };
  return rank(a) < rank(b);
}

std::vector<const member_entry*> in_order(const assignment_task& task) {
  std::vector<const member_entry*> out;
  out.reserve(task.members.size());
  for (const auto& entry : task.members)
    out.push_back(&entry);
  std::sort(out.begin(), out.end(), comes_before);
  return out;
}

class range final : public assignor {
 public:
  std::string_view name() const override { return "range"; }

  expected<group_assignment> assign(const assignment_task& task) const override {
    std::map<topic_id, std::vector<const member_entry*>> subscribed;
    for (const auto* member : in_order(task))
      for (const auto& topic : member->second.topics)
        subscribed[topic].push_back(member);
    group_assignment out;
    for (const auto& [topic, partitions] : task.partitions)
      if (const auto readers = subscribed.find(topic); readers != subscribed.end())
        split(topic, partitions, readers->second, out);
    return out;
  }

 private:
  /// Gives each of `readers` a run; the first ones get one more where it does not come out even.
  static void split(const topic_id& topic, std::int32_t partitions, const std::vector<const member_entry*>& readers,
                    group_assignment& out) {
    const auto reader_count = static_cast<std::int32_t>(readers.size());
    std::int32_t begin = 0;
    for (std::int32_t i = 0; i < reader_count && begin < partitions; ++i) {
      std::vector<std::int32_t> run(static_cast<std::size_t>((partitions - begin + reader_count - i - 1)
                                                             / (reader_count - i)));
      std::iota(run.begin(), run.end(), begin);
      begin += static_cast<std::int32_t>(run.size());
      out[readers[static_cast<std::size_t>(i)]->first].emplace(topic, std::move(run));
    }
  }
};

}  // namespace

std::shared_ptr<const assignor> range_assignor() { return std::make_shared<range>(); }

}  // namespace troupe::group

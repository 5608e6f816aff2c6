#include "examples/assignor/numbered.hpp"

#include <charconv>
#include <optional>

namespace {

using namespace troupe;
using namespace troupe::group;

/// The number at the end of "worker-3".
std::optional<std::size_t> number_of(const assignable_member& member) {
  if (!member.instance)
    return std::nullopt;
  const auto& text = *member.instance;
  const auto digits = text.find_last_not_of("0123456789") + 1;
  std::size_t number = 0;
  const auto read = std::from_chars(text.data() + digits, text.data() + text.size(), number);
  return read.ec == std::errc{} ? std::optional{number} : std::nullopt;
}

class numbered : public assignor {
 public:
  std::string_view name() const override { return "numbered"; }

  expected<group_assignment> assign(const assignment_task& task) const override {
    group_assignment out;
    for (const auto& [topic, count] : task.partitions)
      share(task, topic, count, out);
    return out;
  }

 private:
  static void share(const assignment_task& task, const topic_id& topic, std::int32_t count, group_assignment& out) {
    std::map<std::size_t, std::string> by_number;
    std::vector<std::string> readers;
    for (const auto& [id, member] : task.members) {
      if (!member.topics.contains(topic))
        continue;
      readers.push_back(id);
      if (const auto number = number_of(member))
        by_number.emplace(*number, id);
    }
    for (std::int32_t p = 0, next = 0; p < count; ++p) {
      const auto owner = by_number.empty() ? by_number.end()
                                           : by_number.find(static_cast<std::size_t>(p) % by_number.size());
      const auto& id = owner != by_number.end() ? owner->second
                                                : readers[static_cast<std::size_t>(next++) % readers.size()];
      out[id][topic].push_back(p);
    }
  }
};

}  // namespace

std::shared_ptr<const assignor> numbered_assignor() {
  return std::make_shared<numbered>();
}

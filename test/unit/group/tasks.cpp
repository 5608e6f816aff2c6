#include "test/unit/group/tasks.hpp"

#include <algorithm>
#include <sstream>

namespace troupe::group::test {

namespace {

/// Some of the task's topics, at least one.
std::set<topic_id> some_topics(const assignment_task& task, std::mt19937& random, bool alike) {
  std::set<topic_id> out;
  for (const auto& [id, partitions] : task.partitions)
    if (alike || random() % 2 == 0)
      out.insert(id);
  if (out.empty())
    out.insert(task.partitions.begin()->first);
  return out;
}

void add_member(assignment_task& task, std::mt19937& random, bool alike) {
  auto topics = some_topics(task, random, alike);
  task.members["m" + std::to_string(random() % 1'000)].topics = std::move(topics);
}

template <class Map>
typename Map::iterator any_of(Map& map, std::mt19937& random) {
  return std::next(map.begin(), static_cast<std::ptrdiff_t>(random() % map.size()));
}

/// Topics that nobody reads any more are not in a task; of those that are gone, targets may still tell.
void forget_unread(assignment_task& task) {
  std::set<topic_id> read;
  for (const auto& [id, member] : task.members)
    read.insert(member.topics.begin(), member.topics.end());
  std::erase_if(task.partitions, [&](const auto& topic) { return !read.contains(topic.first); });
}

}  // namespace

topic_id topic_of(char letter) {
  topic_id out;
  out.bytes.back() = static_cast<std::uint8_t>(letter);
  return out;
}

assignment_task task_of(const std::string& text) {
  assignment_task out;
  std::istringstream lines{text};
  for (std::string line, word; std::getline(lines, line);) {
    std::istringstream words{line};
    if (!(words >> word))
      continue;
    if (word == "topics") {
      while (words >> word)
        out.partitions[topic_of(word[0])] = std::stoi(word.substr(1));
      continue;
    }
    const auto slash = word.find('/');
    auto& member = out.members[word.substr(0, slash)];
    if (slash != std::string::npos)
      member.instance = word.substr(slash + 1);
    while (words >> word && word != "=")
      member.topics.insert(topic_of(word[0]));
    while (words >> word)
      member.target[topic_of(word[0])].push_back(std::stoi(word.substr(1)));
  }
  return out;
}

std::string text_of(const group_assignment& assignment) {
  std::string out;
  for (const auto& [id, topics] : assignment) {
    out += id;
    for (const auto& [topic, partitions] : topics)
      for (auto p : partitions)
        out += std::string{" "} + static_cast<char>(topic.bytes.back()) + std::to_string(p);
    out += "\n";
  }
  return out;
}

std::string assigned(const assignor& with, const std::string& task) { return text_of(*with.assign(task_of(task))); }

assignment_task random_task(std::mt19937& random, bool alike) {
  assignment_task out;
  const auto topics = 1 + random() % 6;
  for (char letter = 'a'; letter < static_cast<char>('a' + topics); ++letter)
    out.partitions[topic_of(letter)] = static_cast<std::int32_t>(1 + random() % 12);
  for (auto members = 1 + random() % 9; members > 0; --members)
    add_member(out, random, alike);
  forget_unread(out);
  return out;
}

void adopt(assignment_task& task, const group_assignment& assignment) {
  for (auto& [id, member] : task.members) {
    const auto owned = assignment.find(id);
    member.target = owned == assignment.end() ? topic_partitions{} : owned->second;
  }
}

void change(assignment_task& task, std::mt19937& random, bool alike) {
  if (task.partitions.empty())
    task.partitions.emplace(topic_of('a'), 3);
  const auto what = random() % (alike ? 4 : 5);
  if (what == 0)
    add_member(task, random, alike);
  if (what == 1 && task.members.size() > 1)
    task.members.erase(any_of(task.members, random));
  if (what == 2)
    any_of(task.partitions, random)->second += static_cast<std::int32_t>(1 + random() % 6);
  if (what == 3 && task.partitions.size() > 1) {
    const auto gone = any_of(task.partitions, random)->first;
    task.partitions.erase(gone);
    for (auto& [id, member] : task.members)
      member.topics.erase(gone);
  }
  if (what == 4)
    any_of(task.members, random)->second.topics = some_topics(task, random, false);
  forget_unread(task);
}

std::string fault_in(const assignment_task& task, const group_assignment& assignment) {
  std::map<partition_id, std::string> owners;
  for (const auto& [id, topics] : assignment)
    for (const auto& [topic, partitions] : topics) {
      if (!task.members.contains(id) || !task.members.at(id).topics.contains(topic))
        return id + " owns of a topic that it is not subscribed to";
      if (partitions.empty() || !std::is_sorted(partitions.begin(), partitions.end()))
        return id + " has partitions out of order, or a topic without";
      for (auto p : partitions) {
        const bool exists = p >= 0 && p < task.partitions.at(topic);
        if (!exists || !owners.emplace(partition_id{topic, partition_index{p}}, id).second)
          return id + " owns what does not exist, or has another owner";
      }
    }
  for (const auto& [topic, partitions] : task.partitions)
    for (std::int32_t p = 0; p < partitions; ++p)
      if (!owners.contains({topic, partition_index{p}}))
        return "a partition has no owner";
  return "";
}

std::map<std::string, int> loads_of(const assignment_task& task, const group_assignment& assignment) {
  std::map<std::string, int> out;
  for (const auto& [id, member] : task.members)
    out[id] = 0;
  for (const auto& [id, topics] : assignment)
    for (const auto& [topic, partitions] : topics)
      out[id] += static_cast<int>(partitions.size());
  return out;
}

int moves_of(const assignment_task& task, const group_assignment& assignment) {
  std::map<partition_id, std::string> owners;
  for (const auto& [id, topics] : assignment)
    for (const auto& [topic, partitions] : topics)
      for (auto p : partitions)
        owners[{topic, partition_index{p}}] = id;
  int out = 0;
  for (const auto& [id, member] : task.members)
    for (const auto& [topic, partitions] : member.target)
      for (auto p : partitions) {
        const auto owner = owners.find({topic, partition_index{p}});
        out += owner != owners.end() && owner->second != id ? 1 : 0;
      }
  return out;
}

}  // namespace troupe::group::test

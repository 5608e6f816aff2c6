#pragma once

#include "runtime/group/assignor.hpp"

#include <random>
#include <string>

/// Tasks for assignors and what comes of them as text: the topic `a` and its partitions `a0`, `a1`, and so on.
namespace troupe::group::test {

/// The topic that a letter stands for.
topic_id topic_of(char letter);

/// The task of a text such as
///     topics a4 b4            how many partitions each has
///     m1/i1 a b = a0 a1 b3    a member, the instance that it is, its topics, its target
///     m2 b                    a dynamic one without a target
assignment_task task_of(const std::string& text);

/// A line `m1 a0 a1 b3` for each member that owns something.
std::string text_of(const group_assignment& assignment);

/// What `with` assigns, as text.
std::string assigned(const assignor& with, const std::string& task);

/// A task without targets; in one that is `alike` all members are subscribed to all topics.
assignment_task random_task(std::mt19937& random, bool alike);
/// Makes an assignment the target of the members that still are there.
void adopt(assignment_task& task, const group_assignment& assignment);
/// A member joins or leaves, a topic grows or goes, or, unless all are to stay alike, a member subscribes anew.
void change(assignment_task& task, std::mt19937& random, bool alike);

/// What is wrong with an assignment however it was found: owners that are not subscribed, a partition with two or none.
std::string fault_in(const assignment_task& task, const group_assignment& assignment);

/// How many partitions each member is to own.
std::map<std::string, int> loads_of(const assignment_task& task, const group_assignment& assignment);
/// How many partitions of targets have another owner now.
int moves_of(const assignment_task& task, const group_assignment& assignment);

}  // namespace troupe::group::test

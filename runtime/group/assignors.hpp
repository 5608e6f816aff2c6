#pragma once

#include "runtime/group/assignor.hpp"

namespace troupe::group {

/// The assignors that `setting`, the value of `group.consumer.assignors`, lists, in its order: names of ours or of
/// `own`, those that a user's program has added; one of these hides ours of the same name. Kafka's names of its classes
/// stand for ours. Errors: an empty list, a name twice, a name that nobody has.
expected<assignor_list> assignors_of(std::string_view setting, const assignor_list& own);

/// The assignor of that name, which lives as long as the list; null if there is none.
const assignor* find(const assignor_list& among, std::string_view name);

}  // namespace troupe::group

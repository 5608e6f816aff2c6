#pragma once

#include <string>
#include <string_view>

namespace troupe {
class random_source;
}

namespace troupe::group {

/// An id that no member had before: `name`, cut to its bound, and a random UUID, as Kafka's coordinators make them.
std::string new_member_id(std::string_view name, random_source& random);

/// What a client says of itself, fit for a line of the log: cut, in quotation marks, without control characters.
std::string quoted(std::string_view said);

}  // namespace troupe::group

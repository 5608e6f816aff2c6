#pragma once

#include "runtime/group/effects.hpp"

namespace troupe::group {

/// What a client is told when the record behind its answer could not be appended for `why`: mostly that it should ask
/// for the coordinator anew, or once more.
kafka::error_code code_for_client(kafka::error_code why);

/// A JoinGroup that is refused; `member` is told as its id.
kafka::join_group_response join_refused(kafka::error_code code, std::string member);

/// The answer that `intended` becomes when its record was not appended.
response with_error(response intended, kafka::error_code code);

}  // namespace troupe::group

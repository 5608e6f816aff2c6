#pragma once

#include "runtime/authority/random.hpp"
#include "runtime/base/bytes.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/kafka/errors.hpp"
#include "runtime/metadata/change_set.hpp"
#include "runtime/metadata/commands.hpp"

#include <cstdint>
#include <optional>

namespace troupe {

/// What a request to the controller is worked on with. Lives for one request.
struct controller_scope {
  metadata::change_set& changes;          ///< what the request makes; dropped when it was only to be validated
  const metadata::command_rules& rules;
  const config::broker_config& settings;
  random_source& random;
  node_id self;
  bool validate_only = false;             ///< set by the request
};

/// Works out what a client's request changes: fills `in.changes` and gives the encoded body of the response, to be sent
/// when the changes are committed. Errors: the body cannot be read, or the API is not one of the controller's.
expected<byte_slice> work_out(controller_scope& in, std::int16_t api_key, std::int16_t version, const byte_slice& body);

}  // namespace troupe

#pragma once

#include "runtime/base/error.hpp"
#include "runtime/kafka/errors.hpp"

#include <cstdint>
#include <string>

namespace troupe {

/// Kafka's code for an error of the metadata domain, or of settings.
kafka::error_code metadata_code_of(const error& e);

/// Says in a part of a response that its wish is refused, and why.
template <class Result>
void refuse(Result& out, kafka::error_code code, const std::string& why) {
  out.error_code = static_cast<std::int16_t>(code);
  out.error_message = why;
}

/// The same, with the code that Kafka has for the error.
template <class Result>
void refuse(Result& out, const error& why) {
  refuse(out, metadata_code_of(why), render(why));
}

}  // namespace troupe

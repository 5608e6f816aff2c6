#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>

namespace troupe {

/// What can be wrong with the bytes of a message from a peer or a file.
enum class wire_errc : std::uint8_t {
  too_large = 1,  ///< more bytes than the caller allows
  malformed,      ///< not a message of the expected type: truncated, pointers outside, nested too deep, wrong kinds
};

/// The error `code` of this domain with the sentence that a person will read.
error make_error(wire_errc code, std::string text);

}  // namespace troupe

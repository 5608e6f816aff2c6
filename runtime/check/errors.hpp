#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>

namespace troupe::check {

/// Why a history cannot be judged. None of these says anything about the system that was tested.
enum class errc : std::uint8_t {
  bad_line = 1,      ///< a line of the text form that is not understood; the sentence names line and word
  value_sent_twice,  ///< two sends of one value to one partition, so that a value no longer names its send
};

/// The error `code` of this domain with the sentence that a person will read.
error make_error(errc code, std::string text);

/// True when `e` is of this domain with `code`.
bool is(const error& e, errc code) noexcept;

}  // namespace troupe::check

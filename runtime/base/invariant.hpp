#pragma once

#include <string_view>

namespace troupe {

/// Thrown when a programming error was found: CAF ends the actor with it and its supervisor decides what follows.
[[noreturn]] void invariant_broken(std::string_view condition, std::string_view why, const char* file, int line);

}  // namespace troupe

/// Guards an invariant of ours, in release builds too. Never for input: input is refused with an error value.
#define TROUPE_INVARIANT(condition, why)                                                                              \
  do {                                                                                                                \
    if (!(condition)) [[unlikely]]                                                                                    \
      ::troupe::invariant_broken(#condition, why, __FILE__, __LINE__);                                                \
  } while (false)

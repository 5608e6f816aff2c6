#pragma once

#include <cstdint>
#include <string_view>

namespace troupe {

enum class log_level : std::uint8_t { debug, info, warning, error };

/// Where log lines for people go: one line an event, naming the thing. Callable from any thread.
class log_sink {
 public:
  virtual ~log_sink() = default;
  /// `component` is the actor or part that speaks, e.g. "partition lines-3".
  virtual void write(log_level level, std::string_view component, std::string_view line) = 0;
};

}  // namespace troupe

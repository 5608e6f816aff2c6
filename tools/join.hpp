#pragma once

#include "runtime/authority/log_sink.hpp"
#include "runtime/base/error.hpp"
#include "tools/serve.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe::tools {

/// The settings, as `key=value`, that the short options of `troupe serve` stand for. With --join it asks the named
/// node where the cluster's nodes are and which ids they have; while none answers it waits and says so, unless this
/// node has data and so knows the cluster. Nothing when a stop signal came meanwhile.
expected<std::optional<std::vector<std::string>>> settings_of(const serve_options& options, log_sink& log);

}  // namespace troupe::tools

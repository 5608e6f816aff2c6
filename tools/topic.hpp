#pragma once

namespace CLI {
class App;
}

namespace troupe::tools {

/// Adds `topic create|list|describe|alter|delete`; what runs leaves the process's exit code in `exit_code`.
void offer_topic(CLI::App& app, int& exit_code);

}  // namespace troupe::tools

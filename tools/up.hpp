#pragma once

namespace CLI {
class App;
}

namespace troupe::tools {

/// Adds `up` and `down`, which start and end a cluster on this machine; what runs leaves the process's exit code in
/// `exit_code`.
void offer_up(CLI::App& app, int& exit_code);
void offer_down(CLI::App& app, int& exit_code);

}  // namespace troupe::tools

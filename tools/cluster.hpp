#pragma once

namespace CLI {
class App;
}

namespace troupe::tools {

/// Adds `cluster`, which shows nodes, leaders and quorum; it leaves the process's exit code in `exit_code`.
void offer_cluster(CLI::App& app, int& exit_code);

}  // namespace troupe::tools

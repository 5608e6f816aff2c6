#include "tools/serve.hpp"

#include "host/host.hpp"
#include "runtime/posix/disk.hpp"
#include "runtime/posix/log_sink.hpp"
#include "runtime/posix/process.hpp"
#include "tools/join.hpp"

#include <optional>

namespace troupe::tools {

namespace {

expected<config::broker_config> load(disk& on, const serve_options& options,
                                     const std::vector<std::string>& assignments) {
  std::optional<config::named_text> file;
  if (!options.config_file.empty()) {
    auto content = read_file(on, options.config_file, std::size_t{1} << 20);
    if (!content)
      return with_context("--config " + options.config_file, content.error());
    file = config::named_text{options.config_file, std::string{as_text(*content)}};
  }
  return config::broker_config::load(file, assignments);
}

}  // namespace

int serve(const serve_options& options) {
  posix::hold_stop_signals();  // while it waits for a node to join, too
  const auto level = options.verbose ? log_level::debug : log_level::info;
  auto log = posix::make_log_sink(level);
  auto storage = posix::make_posix_disk();
  auto assignments = settings_of(options, *log);
  if (!assignments) {
    log->write(log_level::error, "configuration", render(assignments.error()));
    return 2;
  }
  if (!*assignments)
    return 0;
  auto settings = load(*storage, options, **assignments);
  if (!settings) {
    log->write(log_level::error, "configuration", render(settings.error()));
    return 2;
  }
  host_node(std::move(*settings), {}, level);
}

}  // namespace troupe::tools

#include "runtime/posix/log_sink.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace troupe::posix {

namespace {

spdlog::level::level_enum to_spdlog(log_level level) {
  switch (level) {
    case log_level::debug: return spdlog::level::debug;
    case log_level::info: return spdlog::level::info;
    case log_level::warning: return spdlog::level::warn;
    case log_level::error: break;
  }
  return spdlog::level::err;
}

class spdlog_sink final : public log_sink {
 public:
  explicit spdlog_sink(log_level least)
    : logger_("troupe", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%-7l%$ %v");
    logger_.set_level(to_spdlog(least));
    logger_.flush_on(spdlog::level::debug);
  }

  void write(log_level level, std::string_view component, std::string_view line) override {
    logger_.log(to_spdlog(level), "{}: {}", component, line);
  }

 private:
  spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<log_sink> make_log_sink(log_level least) {
  return std::make_unique<spdlog_sink>(least);
}

}  // namespace troupe::posix

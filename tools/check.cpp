#include "tools/check.hpp"

#include "runtime/check/judge.hpp"
#include "runtime/check/text.hpp"
#include "runtime/posix/disk.hpp"

#include <iostream>

namespace troupe::tools {

namespace {

constexpr std::size_t history_bytes_max = std::size_t{4} << 30;
constexpr int cannot_judge = 2;

/// Each client may write a file of its own: together they are the history.
expected<std::string> content_of(const std::vector<std::string>& files) {
  auto storage = posix::make_posix_disk();
  std::string all;
  for (const auto& path : files) {
    auto content = read_file(*storage, path, history_bytes_max);
    if (!content)
      return with_context("history " + path, content.error());
    all += as_text(*content);
    if (!all.empty() && all.back() != '\n')
      all += '\n';
  }
  return all;
}

}  // namespace

int check(const check_options& options) {
  const auto refuse = [](const error& why) {
    std::cerr << "troupe check: " << render(why) << std::endl;
    return cannot_judge;
  };
  auto text = content_of(options.files);
  if (!text)
    return refuse(text.error());
  auto run = troupe::check::parse_history(*text);
  if (!run)
    return refuse(run.error());
  if (run->operations().empty()) {
    std::cerr << "troupe check: the history in " << options.files.front() << " holds no operation" << std::endl;
    return cannot_judge;
  }
  auto judged = troupe::check::judge(*run, {.idempotent_producers = !options.duplicates});
  if (!judged)
    return refuse(judged.error());
  std::cout << to_text(*judged) << std::flush;
  return judged->ok() ? 0 : 1;
}

}  // namespace troupe::tools

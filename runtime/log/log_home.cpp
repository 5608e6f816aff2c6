#include "runtime/log/log_home.hpp"

#include "runtime/log/file_names.hpp"

namespace troupe::log {

namespace {

constexpr std::size_t notes_max = 100;

}  // namespace

void log_home::note(std::string sentence) {
  if (notes.size() < notes_max)
    notes.push_back(std::move(sentence));
}

std::string log_home::path(offset base, std::string_view suffix) const {
  return directory + "/" + offset_file_name(base, suffix);
}

}  // namespace troupe::log

#include "runtime/group/name_pattern.hpp"

#include <re2/re2.h>

namespace troupe::group {

name_pattern::name_pattern(const std::string& text) {
  if (text.empty())
    return;
  RE2::Options how;
  how.set_log_errors(false);
  compiled_ = std::make_unique<re2::RE2>(text, how);
}

name_pattern::~name_pattern() = default;

bool name_pattern::is_sound() const {
  return !compiled_ || compiled_->ok();
}

std::string name_pattern::fault() const {
  return is_sound() ? "" : compiled_->error();
}

bool name_pattern::matches(const std::string& name) const {
  return !compiled_ || re2::RE2::FullMatch(name, *compiled_);
}

}  // namespace troupe::group

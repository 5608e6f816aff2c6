#include "runtime/transaction/id_pattern.hpp"

#include <re2/re2.h>

namespace troupe::transaction {

id_pattern::id_pattern(const std::string& text) {
  if (text.empty())
    return;
  RE2::Options how;
  how.set_log_errors(false);
  compiled_ = std::make_unique<re2::RE2>(text, how);
}

id_pattern::~id_pattern() = default;

bool id_pattern::is_sound() const {
  return !compiled_ || compiled_->ok();
}

bool id_pattern::matches(const std::string& id) const {
  return !compiled_ || re2::RE2::FullMatch(id, *compiled_);
}

}  // namespace troupe::transaction

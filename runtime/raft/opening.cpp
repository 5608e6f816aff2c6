#include "runtime/raft/opening.hpp"

namespace troupe::raft {

log_terms terms_of(const metadata::journal& from) {
  const auto before = from.first_index() - 1;
  log_terms out{{before, from.term_at(before)}};
  for (auto index = from.first_index(); index <= from.last().index; ++index)
    out.append(from.term_at(index));
  return out;
}

}  // namespace troupe::raft

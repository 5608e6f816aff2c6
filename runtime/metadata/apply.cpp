#include "runtime/metadata/apply.hpp"

#include "runtime/metadata/applier.hpp"

namespace troupe::metadata {

expected<std::shared_ptr<const image>> apply(std::shared_ptr<const image> onto, const entry& next) {
  const auto before = onto->applied();
  if (next.at.index <= before.index)
    return onto;
  if (next.at.index != before.index + 1 || next.at.term < before.term)
    return make_error(errc::out_of_order, "metadata entry " + std::to_string(next.at.index) + " of term "
                                              + std::to_string(next.at.term) + " does not follow entry "
                                              + std::to_string(before.index) + " of term "
                                              + std::to_string(before.term));
  applier work{*onto};
  if (auto failed = work.apply_all(next.records))
    return with_context("metadata entry " + std::to_string(next.at.index), failed);
  return std::move(work).finish(next.at);
}

expected<std::shared_ptr<const image>> foresee(const image& onto, const records& uncommitted) {
  applier work{onto};
  if (auto failed = work.apply_all(uncommitted))
    return failed;
  return std::move(work).finish(onto.applied());
}

expected<std::shared_ptr<const image>> load_snapshot(entry_id at, const records& content) {
  const image nothing;
  applier work{nothing};
  if (auto failed = work.apply_all(content))
    return with_context("metadata snapshot of entry " + std::to_string(at.index), failed);
  return std::move(work).finish(at);
}

}  // namespace troupe::metadata

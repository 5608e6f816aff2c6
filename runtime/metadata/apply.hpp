#pragma once

#include "runtime/base/error.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/metadata/records.hpp"

#include <memory>
#include <span>

namespace troupe::metadata {

/// The image after `next`, which must be the entry that follows `onto`; an entry that is part of `onto` already gives
/// `onto` itself. All records of the entry take effect or none. Errors: `out_of_order`, `unknown_record`,
/// `contradicting_record`; the caller stops, since going on would be guessing.
expected<std::shared_ptr<const image>> apply(std::shared_ptr<const image> onto, const entry& next);

/// What `onto` would be with `uncommitted` records, at the same index: for judging a command after others that are not
/// in the log yet. Errors as `apply`.
expected<std::shared_ptr<const image>> foresee(const image& onto, const records& uncommitted);

/// The image that a snapshot of entry `at` holds.
expected<std::shared_ptr<const image>> load_snapshot(entry_id at, const records& content);

/// Records that make this image out of nothing, in an order that depends on its content only: a snapshot's content.
records dump(const image& from);

}  // namespace troupe::metadata

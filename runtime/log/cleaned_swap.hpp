#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/base/error.hpp"
#include "runtime/log/cleaning.hpp"

#include <string>
#include <vector>

// How cleaned segments take the place of old ones, so that a crash after any single step leaves either the old or the new
// segments after `finish_interrupted_swaps`:
//   clean    <base>.log.cleaned, .index.cleaned, .timeindex.cleaned are written and synced
//   commit   <base>.log.cleaned → <base>-<end>.log.swap (the name tells what it replaces); directory synced
//   remove   segments and indexes of [base, end) but <base>.log; directory synced
//   finish   <base>-<end>.log.swap → <base>.log, indexes likewise; directory synced
// Producer snapshots and the epoch checkpoint are not touched: what they tell stays true (KAFKA-12520).

namespace troupe::log {

/// Puts `groups` in the place of their sources. Called by the log's owner, who has checked that the sources are still its
/// own and reopens [base, end) afterwards. On an error the directory is what `finish_interrupted_swaps` can mend; the log
/// must go offline or be reopened.
error swap_in_cleaned(disk& on, const std::string& directory, const std::vector<cleaned_group>& groups);

/// Removes the `.cleaned` files of groups that are not wanted any more.
void drop_cleaned(disk& on, const std::string& directory, const std::vector<cleaned_group>& groups);

/// To be called before a log's segments are listed at open: carries committed swaps through and removes all other traces of
/// a cleaning. Idempotent; a swapped segment has no indexes afterwards, they are to be rebuilt. Answers whether there was
/// anything to do.
expected<bool> finish_interrupted_swaps(disk& on, const std::string& directory);

}  // namespace troupe::log

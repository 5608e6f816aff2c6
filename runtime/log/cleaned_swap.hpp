#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/base/error.hpp"
#include "runtime/log/cleaning.hpp"

#include <string>
#include <vector>

// How cleaned segments take the place of old ones. A crash after any single step leaves, once
// `finish_interrupted_swaps` has run, either all the old segments or all the new ones; half a pass could bring back a
// deleted key.
//   clean    <base>.log.cleaned, .index.cleaned, .timeindex.cleaned are written and synced
//   commit   the file `compaction.swap` names what is replaced by what; written, synced, renamed, directory synced
//   remove   old segments and indexes of each [base, end), all but <base>.log
//   finish   <base>.*.cleaned are renamed to <base>.*; directory synced; `compaction.swap` removed; directory synced
// Producer snapshots and the epoch checkpoint are not touched: what they tell stays true (KAFKA-12520).

namespace troupe::log {

/// Which groups of a finished cleaning still fit the log.
struct swap_choice {
  std::vector<cleaned_group> fit;    ///< for `swap_in_cleaned`
  std::vector<cleaned_group> unfit;  ///< for `drop_cleaned`: a source is gone or the log was truncated meanwhile
  /// Whether the log may take `cleaned_to` over: not when a group was left out, since its old values are still there.
  bool complete() const { return unfit.empty(); }
};

/// Compares the sources with the log's inactive segments of now. Pure.
swap_choice choose_swaps(const cleaned_files& files, const std::vector<segment_facts>& inactive,
                         std::uint64_t generation);

/// Puts `groups` in the place of their sources. Called by the log's owner, who has checked that the sources are still
/// its own and reopens [base, end) afterwards. On an error the directory is what `finish_interrupted_swaps` can mend;
/// the log must go offline or be reopened.
error swap_in_cleaned(disk& on, const std::string& directory, const std::vector<cleaned_group>& groups);

/// Removes the `.cleaned` files of groups that are not wanted any more.
void drop_cleaned(disk& on, const std::string& directory, const std::vector<cleaned_group>& groups);

/// To be called before a log's segments are listed at open: carries committed swaps through and removes all other
/// traces of a cleaning. Idempotent; a swapped segment has no indexes afterwards, they are to be rebuilt. Answers
/// whether there was anything to do.
expected<bool> finish_interrupted_swaps(disk& on, const std::string& directory);

}  // namespace troupe::log

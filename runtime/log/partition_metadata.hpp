#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/base/ids.hpp"

#include <string>

// `partition.metadata`: says which topic the log in a directory belongs to, as topics of one name come and go
// (KIP-516).

namespace troupe::log {

/// The file's content.
std::string encode_partition_metadata(const topic_id& topic);

/// The topic's id as the file in `directory` has it, in base64; empty when there is no such file or it does not tell
/// (it is not synced before the first batch is). Errors: the disk's.
expected<std::string> read_partition_topic(disk& on, const std::string& directory);

}  // namespace troupe::log

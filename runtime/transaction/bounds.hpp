#pragma once

#include <cstddef>

/// Named limits of what clients may make a transaction coordinator keep, beside those that are settings.
namespace troupe::bounds {

/// Transactional ids of one partition of __transaction_state.
constexpr std::size_t transactional_ids_max = 100'000;
/// Of one id, so that it fits into a record.
constexpr std::size_t transactional_id_bytes_max = 4'096;
/// Requests that wait for a producer id.
constexpr std::size_t waiting_for_producer_ids_max = 10'000;
/// Ids that expire, taken out with one batch of records.
constexpr std::size_t expired_ids_per_batch = 1'000;

}  // namespace troupe::bounds

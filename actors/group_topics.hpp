#pragma once

#include "runtime/kafka/errors.hpp"
#include "runtime/metadata/image.hpp"
#include "schema/kafka/offset_commit.hpp"
#include "schema/kafka/offset_delete.hpp"
#include "schema/kafka/offset_fetch.hpp"
#include "schema/kafka/txn_offset_commit.hpp"

/// Which topics requests about offsets mean: newer clients name them by id, older ones by name, and a coordinator wants
/// both, of topics that there are.
namespace troupe::group_topics {

/// Fills in what the request leaves out, and takes topics that there are not out of it into the answer.
kafka::offset_commit_response take_unknown(const metadata::image& in, kafka::offset_commit_request& r,
                                           std::int16_t version);
/// Likewise.
kafka::offset_delete_response take_unknown(const metadata::image& in, kafka::offset_delete_request& r);
/// Likewise; topics that are named and not there any more stay, since nobody has an offset of them.
kafka::offset_fetch_response::group take_unknown(const metadata::image& in, kafka::offset_fetch_request::group& r,
                                                 std::int16_t version);
/// An answer for a client that knows topics by id names those alone that there are.
void name_by_id(const metadata::image& in, kafka::offset_fetch_response::group& told);

/// What is said of one partition of which no offset can be told because of `code`.
template <class Partition>
Partition without_offset(std::int32_t index, kafka::error_code code) {
  Partition out;
  out.partition_index = index;
  out.committed_offset = -1;
  out.metadata = "";
  out.error_code = kafka::code_of(code);
  return out;
}

/// Every partition that `r` names, refused with `code`; answers to OffsetCommit know no error of the whole.
kafka::offset_commit_response all_refused(const kafka::offset_commit_request& r, kafka::error_code code);

/// A TxnOffsetCommit and its answer in the shape of an OffsetCommit's.
kafka::offset_commit_request as_commit(const kafka::txn_offset_commit_request& r);
kafka::txn_offset_commit_response as_transactional(const kafka::offset_commit_response& told);

/// A request from before several groups could be asked for at once, as one of today.
kafka::offset_fetch_request::group as_group(const kafka::offset_fetch_request& r);
/// Puts the answer where such a client looks for it.
void as_one_group(kafka::offset_fetch_response& out, kafka::offset_fetch_response::group told, std::int16_t version);

}  // namespace troupe::group_topics

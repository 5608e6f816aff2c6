// ListOffsets, OffsetForLeaderEpoch, DeleteRecords: one question to each partition named.
#include "actors/api/partition_calls.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/kafka/delete_records.hpp"
#include "schema/kafka/list_offsets.hpp"
#include "schema/kafka/offset_for_leader_epoch.hpp"
#include "schema/partition.capnp.h"

#include <caf/all.hpp>

namespace troupe::api {

namespace {

/// Asks each partition that a request names and answers when all have. `Api` says how the request, the question, the
/// answer and the response of one API look.
template <class Api>
void ask_each(session_port& in, const call& what, kafka::reader& body) {
  typename Api::request r;
  if (!in.decode(what, body, r))
    return;
  auto response = std::make_shared<typename Api::response>();
  auto answers = std::make_shared<fan_in>([&in, what, response] { in.reply(what, *response); });
  const auto view = in.view();
  response->topics.resize(r.topics.size());
  for (std::size_t t = 0; t < r.topics.size(); ++t) {
    Api::name(response->topics[t]) = Api::name(r.topics[t]);
    response->topics[t].partitions.resize(r.topics[t].partitions.size());
    for (std::size_t p = 0; p < r.topics[t].partitions.size(); ++p) {
      const auto& asked = r.topics[t].partitions[p];
      auto at = [response, t, p]() -> auto& { return response->topics[t].partitions[p]; };
      Api::index(at()) = Api::index(asked);
      auto found = find_partition(*view, Api::name(r.topics[t]), {}, Api::index(asked), Api::from(r));
      if (found.code == kafka::error_code::none)
        found.code = Api::check(asked, what.version);
      if (found.code != kafka::error_code::none) {
        Api::refuse(at(), found.code);
        continue;
      }
      ask_partition<typename Api::answer>(
        in, found.replica, Api::question(asked, r), answers, [at](const auto& m) { Api::fill(at(), *m); },
        [at](const caf::error& why) { Api::refuse(at(), code_of(why)); });
    }
  }
  answers->arrived();
}

/// Tools that compare replicas ask with this id.
constexpr std::int32_t debugging_replica = -2;

struct list_offsets_api {
  using request = kafka::list_offsets_request;
  using response = kafka::list_offsets_response;
  using answer = wire<schema::PartitionOffset>;

  static auto& name(auto& topic) { return topic.name; }
  static auto& index(auto& partition) { return partition.partition_index; }

  /// The special times came one by one.
  static kafka::error_code check(const request::partition& p, std::int16_t version) {
    const bool known = p.timestamp >= -2 || (p.timestamp == -3 && version >= 7) || (p.timestamp == -4 && version >= 8)
                       || (p.timestamp == -5 && version >= 9) || (p.timestamp == -6 && version >= 11);
    return known ? kafka::error_code::none : kafka::error_code::unsupported_version;
  }
  static bool as_replica(const request& r) { return r.replica_id == debugging_replica; }
  static serving from(const request& r) { return as_replica(r) ? serving::any_replica : serving::leader; }
  static auto question(const request::partition& p, const request& r) {
    wire_builder<schema::PartitionOffsetQuery> b;
    b->setAsReplica(as_replica(r));
    b->setCommittedOnly(r.isolation_level == read_committed);
    b->setTimestampMs(p.timestamp);
    b->setLeaderEpoch(p.current_leader_epoch);
    return std::move(b).freeze();
  }
  static void fill(response::partition& out, schema::PartitionOffset::Reader m) {
    out.offset = m.getOffset();
    out.timestamp = m.getTimestampMs();
    out.leader_epoch = m.getLeaderEpoch();
  }
  static void refuse(response::partition& out, kafka::error_code code) {
    out.error_code = static_cast<std::int16_t>(code);
  }
};

struct epoch_end_api {
  using request = kafka::offset_for_leader_epoch_request;
  using response = kafka::offset_for_leader_epoch_response;
  using answer = wire<schema::PartitionEpochEnd>;

  static auto& name(auto& topic) { return topic.topic; }
  static auto& index(auto& partition) { return partition.partition; }
  static kafka::error_code check(const request::partition_query&, std::int16_t) { return kafka::error_code::none; }
  static serving from(const request&) { return serving::leader; }
  static auto question(const request::partition_query& p, const request&) {
    wire_builder<schema::PartitionEpochQuery> b;
    b->setEpoch(p.leader_epoch);
    b->setLeaderEpoch(p.current_leader_epoch);
    return std::move(b).freeze();
  }
  static void fill(response::partition_result& out, schema::PartitionEpochEnd::Reader m) {
    out.leader_epoch = m.getEpoch();
    out.end_offset = m.getEndOffset();
  }
  static void refuse(response::partition_result& out, kafka::error_code code) {
    out.error_code = static_cast<std::int16_t>(code);
  }
};

struct delete_records_api {
  using request = kafka::delete_records_request;
  using response = kafka::delete_records_response;
  using answer = wire<schema::PartitionTrimmed>;

  static auto& name(auto& topic) { return topic.name; }
  static auto& index(auto& partition) { return partition.partition_index; }
  static kafka::error_code check(const request::partition&, std::int16_t) { return kafka::error_code::none; }
  static serving from(const request&) { return serving::leader; }
  static auto question(const request::partition& p, const request& r) {
    wire_builder<schema::PartitionTrim> b;
    b->setBeforeOffset(p.offset);
    b->setTimeoutMs(r.timeout_ms);
    return std::move(b).freeze();
  }
  static void fill(response::partition& out, schema::PartitionTrimmed::Reader m) {
    out.low_watermark = m.getLowWatermark();
  }
  static void refuse(response::partition& out, kafka::error_code code) {
    out.low_watermark = -1;
    out.error_code = static_cast<std::int16_t>(code);
  }
};

}  // namespace

void list_offsets(session_port& in, const call& what, kafka::reader& body) {
  ask_each<list_offsets_api>(in, what, body);
}

void offset_for_leader_epoch(session_port& in, const call& what, kafka::reader& body) {
  ask_each<epoch_end_api>(in, what, body);
}

void delete_records(session_port& in, const call& what, kafka::reader& body) {
  ask_each<delete_records_api>(in, what, body);
}

}  // namespace troupe::api

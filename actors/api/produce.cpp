#include "actors/api/internal_topics.hpp"
#include "actors/api/leader_hints.hpp"
#include "actors/api/partition_calls.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/kafka/produce.hpp"
#include "schema/partition.capnp.h"

#include <caf/all.hpp>

#include <algorithm>

namespace troupe::api {

namespace {

using kafka::produce_request;
using kafka::produce_response;
using schema::PartitionAppend;
using schema::PartitionAppended;

/// One produce request under way.
struct produce_call {
  produce_response response;
  /// Where the answer of each partition goes.
  produce_response::partition& slot(std::size_t topic, std::size_t partition) {
    return response.responses[topic].partition_responses[partition];
  }
};

void refuse_partition(produce_response::partition& out, kafka::error_code code, std::string text = {}) {
  out.error_code = static_cast<std::int16_t>(code);
  out.base_offset = -1;
  if (!text.empty())
    out.error_message = std::move(text);
}

void name_rejected(produce_response::partition& out, schema::RecordRefusal::Reader m) {
  const auto records = m.getRecords();
  refuse_partition(out, m.getTimestamps() ? kafka::error_code::invalid_timestamp : kafka::error_code::invalid_record,
                   "nothing of the batch was appended, because of " + std::to_string(records.size())
                     + " of its records; the first: " + std::string{records[0].getReason()});
  for (const auto record : records)
    out.record_errors.push_back({record.getIndex(), std::string{record.getReason()}});
}

void accept_partition(produce_response::partition& out, PartitionAppended::Reader m) {
  if (m.hasRefusal())
    return name_rejected(out, m.getRefusal());
  out.base_offset = m.getBaseOffset();
  out.log_append_time_ms = m.getLogAppendTimeMs();
  out.log_start_offset = m.getLogStartOffset();
}

wire<PartitionAppend> append_message(const produce_request& r, std::int16_t version, byte_slice records) {
  constexpr std::int16_t adds_version = 12;  // KIP-890
  wire_builder<PartitionAppend> b;
  if (r.transactional_id) {
    b->setTransactionalId(*r.transactional_id);
    b->setAddsPartition(version >= adds_version);
  }
  b->setRecords(b.attach(std::move(records)));
  b->setAcks(r.acks);
  b->setTimeoutMs(r.timeout_ms);
  return std::move(b).freeze();
}

/// A response with one place for every partition of the request, in its order.
produce_response skeleton(const produce_request& r) {
  produce_response out;
  out.responses.resize(r.topic_data.size());
  for (std::size_t t = 0; t < r.topic_data.size(); ++t) {
    out.responses[t].name = r.topic_data[t].name;
    out.responses[t].topic_id = r.topic_data[t].topic_id;
    out.responses[t].partition_responses.resize(r.topic_data[t].partition_data.size());
    for (std::size_t p = 0; p < r.topic_data[t].partition_data.size(); ++p)
      out.responses[t].partition_responses[p].index = r.topic_data[t].partition_data[p].index;
  }
  return out;
}

/// Why no partition of the request may be written to.
kafka::error_code refusal_of(const produce_request& r) {
  if (r.acks < -1 || r.acks > 1)
    return kafka::error_code::invalid_required_acks;
  return kafka::error_code::none;
}

/// Older clients know no transaction that can only be aborted.
kafka::error_code code_for(std::int16_t version, const caf::error& why) {
  constexpr std::int16_t abortable_version = 11;
  const auto code = code_of(why);
  return code == kafka::error_code::transaction_abortable && version < abortable_version
           ? kafka::error_code::invalid_txn_state : code;
}

/// Clients of Produce below version 7 do not know zstd (KIP-110); nor do the readers that come with them.
bool has_unknown_codec(std::int16_t version, const std::optional<byte_slice>& batch) {
  constexpr std::size_t attributes_low_byte = 22;
  constexpr int codec_mask = 7, zstd = 4;
  return version < 7 && batch && batch->size() > attributes_low_byte
         && (batch->data()[attributes_low_byte] & codec_mask) == zstd;
}

/// A client that awaits no answer learns of a failure by losing its connection, as with Kafka.
std::string first_error(const produce_response& r) {
  for (const auto& topic : r.responses)
    for (const auto& p : topic.partition_responses)
      if (p.error_code != 0)
        return "produce with acks=0 failed for partition " + std::to_string(p.index) + " of " + topic.name + ": "
               + p.error_message.value_or(std::string{kafka::name_of(kafka::error_code{p.error_code})});
  return {};
}

/// Topics that belong to coordinators are not for clients to write to.
bool is_closed_to(session_port& in, const cluster_view& view, const std::string& name, const topic_id& id) {
  if (in.client_id() == admin_client_id)
    return false;
  if (!name.empty())
    return metadata::is_internal(name);
  const auto found = view.image->find_topic(id);
  return found && metadata::is_internal(found->name);
}

void append_all(session_port& in, std::int16_t version, const produce_request& r,
                const std::shared_ptr<produce_call>& call, const std::shared_ptr<fan_in>& answers) {
  const auto view = in.view();
  const auto refused = refusal_of(r);
  for (std::size_t t = 0; t < r.topic_data.size(); ++t) {
    const auto& topic = r.topic_data[t];
    const bool is_closed = is_closed_to(in, *view, topic.name, topic.topic_id);
    for (std::size_t p = 0; p < topic.partition_data.size(); ++p) {
      auto found = refused == kafka::error_code::none
                     ? find_partition(*view, topic.name, topic.topic_id, topic.partition_data[p].index)
                     : found_partition{refused, {}};
      if (has_unknown_codec(version, topic.partition_data[p].records))
        found.code = kafka::error_code::unsupported_compression_type;
      if (is_closed)
        found.code = kafka::error_code::invalid_topic_exception;
      if (found.code != kafka::error_code::none) {
        refuse_partition(call->slot(t, p), found.code);
        continue;
      }
      auto message = append_message(r, version, topic.partition_data[p].records.value_or(byte_slice{}));
      ask_partition<wire<PartitionAppended>>(
        in, found.replica, std::move(message), answers,
        [=](const auto& done) { accept_partition(call->slot(t, p), *done); },
        [=](const caf::error& why) { refuse_partition(call->slot(t, p), code_for(version, why), render(why)); });
    }
  }
}

/// A batch behind one that was refused for want of leadership is refused likewise, although this node may lead by now:
/// told that it is out of order, a producer would begin a new epoch and number anew what the log may have already.
void keep_refusals_in_order(session_port& in, produce_response& out) {
  constexpr auto not_leader = static_cast<std::int16_t>(kafka::error_code::not_leader_or_follower);
  constexpr auto out_of_order = static_cast<std::int16_t>(kafka::error_code::out_of_order_sequence_number);
  constexpr std::size_t remembered_max = 10'000;
  constexpr auto refusal_remembered = std::chrono::seconds{2};
  const auto now = in.context().time.monotonic_now();
  auto& refused = in.refused_leads();
  for (auto& topic : out.responses)
    for (auto& p : topic.partition_responses) {
      if (p.error_code != not_leader && (p.error_code != out_of_order || refused.empty()))
        continue;
      const auto name = topic.name + "/" + to_string(topic.topic_id) + "/" + std::to_string(p.index);
      if (p.error_code == not_leader) {
        if (refused.size() < remembered_max)
          refused[name] = now;
      } else if (const auto at = refused.find(name); at != refused.end() && now - at->second < refusal_remembered) {
        p.error_code = not_leader;
      }
    }
}

/// Only where nothing was appended: what was must be acknowledged.
bool sends_away(session_port& in, std::int16_t version, const produce_response& out) {
  constexpr std::int16_t hints_since = 10;
  if (!had_better_go(in, version, hints_since) || out.responses.empty())
    return false;
  return std::all_of(out.responses.begin(), out.responses.end(), [](const auto& topic) {
    return std::all_of(topic.partition_responses.begin(), topic.partition_responses.end(),
                       [](const auto& p) { return deserves_hint(p.error_code); });
  });
}

void add_hints(session_port& in, produce_response& out) {
  std::optional<leader_hints<produce_response>> hints;
  for (auto& topic : out.responses)
    for (auto& p : topic.partition_responses)
      if (deserves_hint(p.error_code)) {
        if (!hints)
          hints.emplace(in, out);
        hints->hint(p, topic.name, topic.topic_id, partition_index{p.index});
      }
}

}  // namespace

void produce(session_port& in, const call& what, kafka::reader& body) {
  produce_request r;
  if (!in.decode(what, body, r))
    return;
  auto under_way = std::make_shared<produce_call>();
  under_way->response = skeleton(r);
  const bool silent = r.acks == 0;
  auto answers = std::make_shared<fan_in>([&in, what, under_way, silent] {
    if (!silent) {
      if (sends_away(in, what.version, under_way->response))
        return in.let_go(what);
      keep_refusals_in_order(in, under_way->response);
      add_hints(in, under_way->response);
      in.reply(what, under_way->response);
    } else if (const auto why = first_error(under_way->response); !why.empty()) {
      in.refuse(what, why);
    }
  });
  append_all(in, what.version, r, under_way, answers);
  if (silent)
    in.no_reply(what);
  answers->arrived();
}

}  // namespace troupe::api

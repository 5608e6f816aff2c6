#pragma once

#include "runtime/group/deadlines.hpp"
#include "runtime/transaction/effects.hpp"
#include "runtime/transaction/options.hpp"
#include "schema/kafka/describe_transactions.hpp"
#include "schema/kafka/list_transactions.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::transaction {

/// The coordinator of all transactional ids that fall on one partition of __transaction_state, as a state machine over
/// that partition's log. Load it with `replay` and `loaded`; then requests, time, the fate of its batches and of its
/// markers come in, and effects go out. What an id is changes when the record that says so is committed, never before
/// (KAFKA-9666); while one is on its way, other requests about the id are told to come again. One actor owns it.
class coordinator {
 public:
  explicit coordinator(options with);
  coordinator(const coordinator&) = delete;
  coordinator& operator=(const coordinator&) = delete;

  // -- the log ------------------------------------------------------------------------------------------------------

  /// Takes a record of the log in, in the log's order, before `loaded`. Errors: of `read`, for damaged records.
  error replay(const journal_record& record);
  /// The log's end is reached: time-outs begin, what was decided is carried out.
  effects loaded(moment now);
  /// The batch is committed. Call this or `refused` once for each batch, in their order.
  effects committed(ticket of, moment now);
  /// The batch is not in the log and will not be. `why` is for the client.
  effects refused(ticket of, kafka::error_code why, moment now);
  /// This node leads the partition no more: answers all that waits with `why`. Nothing may be called afterwards.
  effects close(kafka::error_code why);

  // -- producers ----------------------------------------------------------------------------------------------------

  /// InitProducerId with a transactional id.
  effects init(const caller& who, const kafka::init_producer_id_request& r, moment now);
  /// Of all versions, with one transaction a request; the partitions exist.
  effects add_partitions(const caller& who, const kafka::add_partitions_to_txn_request& r, moment now);
  /// `offsets`: the partition of __consumer_offsets that the group falls on.
  effects add_offsets(const caller& who, const kafka::add_offsets_to_txn_request& r, const participant& offsets,
                      moment now);
  effects end(const caller& who, const kafka::end_txn_request& r, moment now);

  /// An id that no producer has or had.
  effects give_producer_id(producer_id fresh);
  /// None could be had: those who wait are told to come again.
  effects no_producer_id_for_now();

  // -- markers ------------------------------------------------------------------------------------------------------

  /// These partitions have the marker of the transaction of `epoch`, or are no more.
  effects marked(const std::string& id, producer_id producer, std::int16_t epoch,
                 const std::vector<participant>& partitions, moment now);

  // -- administration -----------------------------------------------------------------------------------------------

  kafka::describe_transactions_response::transaction_state describe(const std::string& id) const;
  /// Those that the filters let through. `matches`: what the pattern of the request says of an id.
  template <class Matches>
  void list(const kafka::list_transactions_request& filter, moment now, Matches matches,
            std::vector<kafka::list_transactions_response::transaction_state>& out) const;
  std::size_t size() const { return all_.size(); }

  // -- time ---------------------------------------------------------------------------------------------------------

  /// Aborts what has run out of time, forgets ids that were not used for long.
  effects tick(moment now);
  /// When to call `tick`; may be early. None while nothing waits.
  std::optional<monotonic_time> wakes_at() const;

 private:
  /// What follows when a change is in the journal, or is not and why; and so on.
  using outcome = std::function<void(kafka::error_code, effects&)>;
  /// One id, and the state that is on its way into the journal.
  struct entry {
    state now;
    std::optional<state> next;
    bool is_leaving = false;       ///< the record on its way takes it out
    std::vector<outcome> waiting;  ///< the next transaction has come before the last one was complete
    bool is_changing() const { return next || is_leaving; }
    bool is_ending() const { return is_preparing(now.at) || (next && is_preparing(next->at)); }
  };
  struct batch_on_its_way {
    std::vector<std::string> ids;
    outcome then;
  };
  /// Of whom a request says it comes.
  struct claim {
    const std::string& id;
    producer_id producer;
    std::int16_t epoch;
  };

  // coordinator.cpp
  entry* find(const std::string& id);
  const entry* find(const std::string& id) const;
  void append(const std::string& id, state next, outcome then, effects& out);
  void settle(ticket of, kafka::error_code code, moment now, effects& out);
  void apply(const std::string& id, entry& e, moment now, effects& out);
  void send_markers(const std::string& id, const entry& e, effects& out) const;
  void complete_if_marked(const std::string& id, entry& e, moment now, effects& out);
  void expire_ids(moment now, effects& out);
  void go_on_with_ids(effects& out);
  bool may_wait(const std::string& id, entry& e, outcome then, moment now);
  void go_on_waiting(const std::string& id, kafka::error_code code, effects& out);

  // coordinator_requests.cpp
  void begin_init(const caller& who, const kafka::init_producer_id_request& r, moment now, effects& out);
  void init_known(const caller& who, const kafka::init_producer_id_request& r, entry& e, moment now, effects& out);
  void begin_end(const caller& who, const kafka::end_txn_request& r, moment now, effects& out);
  void tell_again(const caller& who, const std::string& id, const entry& e, effects& out);
  void prepare(const caller& who, const kafka::end_txn_request& r, const entry& e, moment now, effects& out);
  bool want_producer_id(outcome then, effects& out);
  void fence(const std::string& id, entry& e, outcome then, moment now, effects& out);
  void begin_add(const claim& who, const std::set<participant>& partitions, std::int16_t client_version,
                 outcome then, bool waits, moment now, effects& out);
  kafka::error_code check(const claim& who, const entry* e) const;
  kafka::error_code verify(const claim& who, const participant& p) const;

  options options_;
  std::map<std::string, entry> all_;
  group::deadlines timeouts_;                ///< of open transactions, by id
  std::optional<monotonic_time> expiry_due_;
  ticket next_ticket_{1};
  std::map<ticket, batch_on_its_way> on_their_way_;
  std::deque<producer_id> fresh_ids_;
  std::deque<outcome> waiting_for_ids_;      ///< go on when there is one
  std::deque<std::pair<monotonic_time, std::string>> waits_;  ///< until when an id's next transaction waits at most
};

template <class Matches>
void coordinator::list(const kafka::list_transactions_request& filter, moment now, Matches matches,
                       std::vector<kafka::list_transactions_response::transaction_state>& out) const {
  const auto wanted = [](const auto& filters, const auto& value) {
    return filters.empty() || std::find(filters.begin(), filters.end(), value) != filters.end();
  };
  for (const auto& [id, e] : all_) {
    const bool is_long = filter.duration_filter < 0
                         || (e.now.started && to_ms(now.wall) - to_ms(*e.now.started) > filter.duration_filter);
    if (wanted(filter.state_filters, std::string{name_of(e.now.at)})
        && wanted(filter.producer_id_filters, e.now.producer.value) && is_long && matches(id))
      out.push_back({id, e.now.producer.value, std::string{name_of(e.now.at)}});
  }
}

}  // namespace troupe::transaction

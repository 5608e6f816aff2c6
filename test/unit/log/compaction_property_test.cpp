#include "compaction_fixture.hpp"

#include "runtime/posix/disk.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>

// Compaction against a model that knows everything: random logs, clocks, rules and limits; after each pass every batch
// and record is compared, and what a reader of the whole log would know is unchanged.

using namespace troupe;
using namespace troupe::log;
using namespace troupe::log::test;

namespace {

struct model_record {
  std::int64_t at;
  simple_record content;
};

struct model_batch {
  std::int64_t base, last, producer;
  std::optional<std::int64_t> horizon;
  std::vector<model_record> records;
};

class model {
 public:
  std::vector<model_batch> batches;
  std::map<std::int64_t, std::int64_t> last_of_producer;

  // One pass over [first_dirty, to), said plainly.
  void compact(std::int64_t first_dirty, std::int64_t to, std::int64_t now, std::int64_t retention) {
    const auto collected = collected_to(first_dirty, to);
    if (collected == first_dirty)
      return;
    std::map<std::string, std::int64_t> latest;
    for (const auto& batch : batches)
      for (const auto& record : batch.records)
        if (record.at < collected && record.content.key)
          latest[*record.content.key] = record.at;
    for (auto& batch : batches)
      clean(batch, latest, collected, now, retention);
    std::erase_if(batches,
                  [&](const model_batch& batch) { return batch.records.empty() && !needed(batch, collected); });
  }

  std::string text() const {
    std::ostringstream text;
    for (const auto& batch : batches) {
      text << batch.base << ".." << batch.last << " producer " << batch.producer << " horizon "
           << batch.horizon.value_or(-1) << '\n';
      for (const auto& r : batch.records)
        text << "  " << r.at << " at " << r.content.timestamp_ms << ' ' << r.content.key.value_or("null") << ' '
             << r.content.value.value_or("null") << '\n';
    }
    return text.str();
  }

 private:
  std::int64_t collected_to(std::int64_t first_dirty, std::int64_t to) const {
    auto reached = first_dirty;
    for (const auto& batch : batches) {
      if (batch.base >= to || batch.last < first_dirty)
        continue;
      reached = std::min(batch.last + 1, to);
    }
    return reached;
  }

  static void clean(model_batch& batch, const std::map<std::string, std::int64_t>& latest, std::int64_t collected,
                    std::int64_t now, std::int64_t retention) {
    std::erase_if(batch.records, [&](const model_record& r) {
      if (r.at >= collected)
        return false;
      if (!r.content.key || latest.at(*r.content.key) != r.at)
        return true;
      return !r.content.value && batch.horizon && now >= *batch.horizon;
    });
    const auto tombstones =
        std::any_of(batch.records.begin(), batch.records.end(), [](const model_record& r) { return !r.content.value; });
    if (batch.records.empty())
      batch.horizon.reset();
    else if (tombstones && !batch.horizon && batch.last < collected)
      batch.horizon = now + retention;
  }

  bool needed(const model_batch& batch, std::int64_t collected) const {
    const auto tail = last_of_producer.find(batch.producer);
    return batch.base >= collected || batch.last + 1 == collected
           || (tail != last_of_producer.end() && tail->second == batch.last);
  }
};

// What is in the files, in the model's words.
model read_back(bytes_view bytes) {
  model found;
  batch_run run{bytes};
  for (auto batch = must(run.next()); batch; batch = must(run.next())) {
    BOOST_REQUIRE(batch->check_crc());
    must_succeed(batch->check_header());
    model_batch m{batch->base_offset().value, batch->last_offset().value, batch->producer().value, {}, {}};
    if (const auto horizon = batch->delete_horizon())
      m.horizon = to_ms(*horizon);
    const auto plain = must(unpacked_records::of(*batch, 1 << 24));
    record_run records{plain};
    for (auto r = must(records.next()); r; r = must(records.next())) {
      const auto text = [](const nullable_bytes& b) {
        return b ? std::optional{std::string{as_text(*b)}} : std::nullopt;
      };
      m.records.push_back(
          {m.base + r->offset_delta, {text(r->key), text(r->value), batch->base_timestamp_ms() + r->timestamp_delta}});
    }
    found.batches.push_back(std::move(m));
  }
  return found;
}

class run_of_one_seed {
 public:
  explicit run_of_one_seed(std::uint64_t seed) : random_(seed) {
    keys_ = 1 + pick(60);
    rules_.min_cleanable_ratio = -1;
    rules_.delete_retention = std::chrono::milliseconds{pick(2) ? 50 : 5000};
    rules_.segment_bytes_max = pick(3) ? 2000 : 200;
    rules_.index_interval_bytes = 100;
    rules_.min_lag = std::chrono::milliseconds{pick(3) ? 0 : 20};
  }

  void go() {
    for (int i = 0; i < 120; ++i) {
      now_ += static_cast<std::int64_t>(pick(5));
      append();
      if (pick(6) == 0)
        log_.roll();
      if (pick(15) == 0)
        compact();
    }
    log_.roll();
    for (int i = 0; i < 20 && log_.cleaned_to < log_.end(); ++i)
      compact();
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }

  void append() {
    std::vector<simple_record> records;
    const auto at = log_.end().value;
    for (std::size_t n = 1 + pick(5); n > 0; --n) {
      simple_record r{"key-" + std::to_string(pick(keys_)), std::to_string(random_() % 100'000),
                      now_ - static_cast<std::int64_t>(pick(3))};
      if (pick(5) == 0)
        r.value.reset();
      if (pick(40) == 0)
        r.key.reset();
      records.push_back(r);
    }
    batch_fields fields{.compression = static_cast<codec>(pick(5))};
    if (pick(2)) {
      const auto producer = static_cast<std::int64_t>(pick(4));
      fields.producer = producer_id{producer};
      fields.producer_epoch = 0;
      fields.base_sequence = 0;
    }
    const auto last = log_.append(records, fields).value;
    model_batch m{at, last, fields.producer.value, {}, {}};
    for (std::size_t i = 0; i < records.size(); ++i)
      m.records.push_back({at + static_cast<std::int64_t>(i), records[i]});
    model_.batches.push_back(std::move(m));
    if (fields.producer != no_producer_id)
      model_.last_of_producer[fields.producer.value] = last;
  }

  void compact() {
    log_.producers.clear();
    for (const auto& [producer, last] : model_.last_of_producer)
      log_.producers.push_back({producer_id{producer}, offset{last}});
    // A stable end is the start of a batch; a small map ends a pass wherever it is full.
    log_.stable_end = pick(3) ? offset{INT64_MAX} : offset{model_.batches[pick(model_.batches.size())].base};
    const auto before = log_.table();
    const auto first_dirty = measure_dirtiness(log_.input(), rules_, from_ms(now_)).first_dirty.value;
    if (!plan_compaction(log_.input(), rules_, from_ms(now_)))
      return;
    const auto files = log_.compact(rules_, from_ms(now_), pick(2) ? 0 : 1 << 20);
    model_.compact(first_dirty, files.cleaned_to.value, now_, rules_.delete_retention.count());
    auto found = read_back(log_.bytes());
    forget_placeholder(found);
    BOOST_REQUIRE_EQUAL(found.text(), model_.text());
    BOOST_REQUIRE((log_.inactive().empty() || log_.inactive().front().base == offset{0}));
    BOOST_REQUIRE((log_.table() == before));
    for (const auto& group : files.groups)
      if (group.size_bytes > 0)
        BOOST_REQUIRE_EQUAL(index_fault(*on_, directory_.path().string(), group.replaces.base()), "");
  }

  // The model knows of no segments, so not of the empty batch that keeps a first one alive.
  void forget_placeholder(model& found) const {
    if (found.batches.empty() || !found.batches.front().records.empty())
      return;
    if (model_.batches.empty() || model_.batches.front().base != found.batches.front().base)
      found.batches.erase(found.batches.begin());
  }

  std::mt19937_64 random_;
  std::size_t keys_ = 1;
  compaction_rules rules_;
  std::int64_t now_ = 1000;
  temporary_directory directory_;
  std::unique_ptr<disk> on_ = posix::make_posix_disk();
  segments log_{*on_, directory_.path().string()};
  model model_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(compaction_against_a_model)

BOOST_AUTO_TEST_CASE(random_logs_keep_exactly_what_the_model_keeps) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      run_of_one_seed{seed}.go();
    }
}

BOOST_AUTO_TEST_SUITE_END()

#include "runtime/log/aborted.hpp"

#include "runtime/log/big_endian.hpp"

#include <algorithm>

namespace troupe::log {

namespace {

constexpr std::int16_t entry_version = 0;

namespace field {
constexpr std::size_t version = 0, producer = 2, first = 10, last = 18, stable = 26;
}  // namespace field

bool ends_before(const aborted_transaction& one, offset at) {
  return one.last < at;
}

}  // namespace

bool aborted_transactions::add(const aborted_transaction& one) {
  const auto at = std::lower_bound(all_.begin(), all_.end(), one.last, ends_before);
  if (at != all_.end() && at->last == one.last)
    return false;
  all_.insert(at, one);
  return true;
}

std::vector<aborted_transaction> aborted_transactions::between(offset from, offset to) const {
  std::vector<aborted_transaction> out;
  for (auto one = std::lower_bound(all_.begin(), all_.end(), from, ends_before); one != all_.end(); ++one) {
    if (one->first < to)
      out.push_back(*one);
    if (one->stable >= to)
      break;
  }
  return out;
}

std::span<const aborted_transaction> aborted_transactions::ended_in(offset from, offset to) const {
  const auto first = std::lower_bound(all_.begin(), all_.end(), from, ends_before);
  const auto last = std::lower_bound(first, all_.end(), to, ends_before);
  return {first, last};
}

void aborted_transactions::erase(offset from, offset to) {
  const auto first = std::lower_bound(all_.begin(), all_.end(), from, ends_before);
  all_.erase(first, std::lower_bound(first, all_.end(), to, ends_before));
}

std::vector<std::uint8_t> encode_aborted(std::span<const aborted_transaction> entries) {
  std::vector<std::uint8_t> out(entries.size() * aborted_transactions::entry_bytes);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto entry = std::span{out}.subspan(i * aborted_transactions::entry_bytes);
    store_i16(entry, field::version, entry_version);
    store_i64(entry, field::producer, entries[i].producer.value);
    store_i64(entry, field::first, entries[i].first.value);
    store_i64(entry, field::last, entries[i].last.value);
    store_i64(entry, field::stable, entries[i].stable.value);
  }
  return out;
}

std::vector<aborted_transaction> decode_aborted(bytes_view content) {
  std::vector<aborted_transaction> out;
  for (std::size_t at = 0; at + aborted_transactions::entry_bytes <= content.size();
       at += aborted_transactions::entry_bytes) {
    const auto entry = content.subspan(at, aborted_transactions::entry_bytes);
    const aborted_transaction one{producer_id{load_i64(entry, field::producer)}, offset{load_i64(entry, field::first)},
                                  offset{load_i64(entry, field::last)}, offset{load_i64(entry, field::stable)}};
    const bool sound = load_i16(entry, field::version) == entry_version && one.producer.value >= 0
                       && one.first >= offset{0} && one.first < one.last && (out.empty() || out.back().last < one.last);
    if (!sound)
      break;
    out.push_back(one);
  }
  return out;
}

}  // namespace troupe::log

#include "runtime/log/record.hpp"

#include "runtime/log/compression.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/varint.hpp"

namespace troupe::log {

namespace {

error corrupt(const char* what) {
  return make_error(errc::corrupt_batch, std::string{"corrupt record: "} + what);
}

bool take_nullable(varint_reader& from, nullable_bytes& part) {
  std::int32_t size = 0;
  if (!from.take(size))
    return false;
  if (size < 0) {
    part.reset();
    return true;
  }
  bytes_view bytes;
  if (!from.take(static_cast<std::size_t>(size), bytes))
    return false;
  part = bytes;
  return true;
}

bool take_header(varint_reader& from, header_view& header) {
  nullable_bytes key;
  if (!take_nullable(from, key) || !key)  // a header's key cannot be null
    return false;
  header.key = *key;
  return take_nullable(from, header.value);
}

// Empty error when the record's payload is sound.
error parse(bytes_view payload, record_view& record) {
  varint_reader in{payload};
  bytes_view attributes;  // no bit of a record's attributes has a meaning
  if (!in.take(std::size_t{1}, attributes) || !in.take(record.timestamp_delta) || !in.take(record.offset_delta))
    return corrupt("it ends inside its first fields");
  if (!take_nullable(in, record.key) || !take_nullable(in, record.value))
    return corrupt("key or value reaches beyond its end");
  if (!in.take(record.header_count) || record.header_count < 0)
    return corrupt("its header count is missing or negative");
  record.header_bytes = in.left();
  header_view skipped;
  for (std::int32_t i = 0; i < record.header_count; ++i)
    if (!take_header(in, skipped))
      return corrupt("a header reaches beyond its end");
  if (!in.left().empty())
    return corrupt("bytes are left after its last header");
  return {};
}

}  // namespace

std::vector<header_view> record_view::headers() const {
  std::vector<header_view> all;
  varint_reader in{header_bytes};
  header_view header;
  for (std::int32_t i = 0; i < header_count && take_header(in, header); ++i)
    all.push_back(header);
  return all;
}

expected<unpacked_records> unpacked_records::of(const batch_view& batch, std::size_t max_bytes) {
  const auto packed = batch.compression();
  if (!packed)
    return make_error(errc::unsupported_compression, "compression codec "
                                                         + std::to_string(batch.attributes() & attribute::codec_mask)
                                                         + " is not one of Kafka's (0 to 4)");
  unpacked_records records;
  records.count_ = batch.record_count();
  records.borrowed_ = batch.records();
  // A batch that compaction left empty has no compressed stream either, whatever its attributes say.
  if (*packed == codec::none || batch.records().empty())
    return records;
  auto plain = decompress(*packed, batch.records(), max_bytes);
  if (!plain)
    return plain.error();
  records.borrowed_ = {};
  records.owned_ = std::move(*plain);
  return records;
}

expected<std::optional<record_view>> record_run::next() {
  if (count_ <= 0) {
    if (!left_.empty() || count_ < 0)
      return corrupt("the batch's record count does not match its bytes");
    return std::optional<record_view>{};
  }
  varint_reader in{left_};
  std::int32_t size = 0;
  bytes_view payload;
  if (!in.take(size) || size < 0 || !in.take(static_cast<std::size_t>(size), payload))
    return corrupt("it is longer than what is left of the batch");
  record_view record;
  if (auto wrong = parse(payload, record))
    return wrong;
  record.encoded = left_.first(left_.size() - in.left().size());
  left_ = in.left();
  --count_;
  return std::optional<record_view>{record};
}

}  // namespace troupe::log

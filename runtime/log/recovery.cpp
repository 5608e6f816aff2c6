#include "runtime/log/recovery.hpp"

#include "runtime/base/mutation.hpp"
#include "runtime/log/batch_file_reader.hpp"
#include "runtime/log/errors.hpp"

namespace troupe::log {

namespace {

bool tells_of_bytes(const error& e) {
  return is_error(e, errc::corrupt_batch) || is_error(e, errc::unsupported_format)
         || is_error(e, errc::incomplete_batch) || is_error(e, errc::unsupported_compression);
}

error out_of_place(const std::string& path, std::uint64_t position, offset found, offset expected_base) {
  return make_error(errc::corrupt_batch, path + " at byte " + std::to_string(position)
                                           + ": the batch there has base offset " + std::to_string(found.value)
                                           + " where " + std::to_string(expected_base.value) + " is due");
}

}  // namespace

expected<verdict> verify_segment(log_home& home, segment& in, offset expected_base, bool gaps_allowed,
                                 std::int64_t index_interval_bytes) {
  auto data = in.data(home);
  if (!data)
    return data.error();
  const bool trusts = mutation("M35") && in.indexes(home, index_interval_bytes);
  if (!trusts)
    if (auto failed = in.start_indexes(home))
      return failed;
  const auto path = home.path(in.base(), suffix::log);
  batch_file_reader reader{*data, path, 0, in.size_bytes()};
  verdict found{0, expected_base, {}};
  while (true) {
    const auto batch = reader.next();
    if (!batch) {
      if (!tells_of_bytes(batch.error()))
        return batch.error();
      found.fault = batch.error();
      return found;
    }
    if (!*batch)
      return found;
    const auto base = (*batch)->base_offset();
    if (base < found.end || (base != found.end && !gaps_allowed)) {
      found.fault = out_of_place(path, reader.batch_position(), base, found.end);
      return found;
    }
    const auto head = batch_head::decode((*batch)->bytes(), reader.batch_position());
    if (!head || head->last - in.base() > relative_offset_max) {
      found.fault = head ? out_of_place(path, reader.batch_position(), base, found.end) : head.error();
      return found;
    }
    if (!trusts)
      in.open_indexes()->note(*head, index_interval_bytes);
    found.good_bytes = head->end_position();
    found.end = head->next();
  }
}

}  // namespace troupe::log

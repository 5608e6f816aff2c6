#include "runtime/kafka/request.hpp"

#include <limits>

namespace troupe::kafka {

error make_error(errc code, std::string text) {
  return domain_error(error_domain::kafka, static_cast<std::uint8_t>(code), std::move(text));
}

expected<request> open_request(byte_slice frame) {
  request out{{}, nullptr, reader{frame}};
  reader ahead{std::move(frame)};  // the header's version depends on the two numbers it begins with
  std::int16_t key = 0;
  std::int16_t version = 0;
  ahead.read(key, "request_header.request_api_key");
  ahead.read(version, "request_header.request_api_version");
  if (!ahead.ok())
    return make_error(errc::malformed, "malformed request: " + ahead.failure());
  out.about = find_api(key);
  if (!out.about)
    return make_error(errc::unknown_api, "no API with key " + std::to_string(key) + " is served here; clients learn "
                                         "from ApiVersions what is");
  out.header.decode(out.body, out.about->request_header_version(version));
  if (!out.body.ok())
    return make_error(errc::malformed, "malformed " + std::string{out.about->name} + " request: " + out.body.failure());
  return out;
}

error check_version(const request& from) {
  if (from.version_is_served())
    return {};
  const auto& api = *from.about;
  return make_error(errc::unsupported_version,
                    std::string{api.name} + " request of version " + std::to_string(from.version())
                      + ": versions " + std::to_string(api.min_version) + " to " + std::to_string(api.max_version)
                      + " are served; clients learn from ApiVersions which");
}

error check_read(const reader& from, const char* message) {
  if (from.ok())
    return {};
  return make_error(errc::malformed, std::string{"malformed "} + message + ": " + from.failure());
}

writer begin_response(std::int32_t correlation_id, std::int16_t header_version, std::size_t expected_bytes) {
  writer out{expected_bytes};
  out.write(std::int32_t{0});
  response_header{correlation_id}.encode(out, header_version);
  return out;
}

writer begin_request(const request_header& header, std::int16_t header_version) {
  writer out;
  out.write(std::int32_t{0});
  header.encode(out, header_version);
  return out;
}

expected<std::vector<chunk>> finish_frame(writer&& frame) {
  const auto body_bytes = frame.size_bytes() - sizeof(std::int32_t);
  if (body_bytes > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    frame.fail("a frame above 2 GiB");
  if (!frame.ok())
    return make_error(errc::unencodable, "message cannot be sent: it contains " + std::string{frame.failure()});
  frame.patch(0, static_cast<std::int32_t>(body_bytes));
  return std::move(frame).finish();
}

}  // namespace troupe::kafka

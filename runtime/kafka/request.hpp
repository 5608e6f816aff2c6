#pragma once

#include "runtime/base/error.hpp"
#include "runtime/kafka/codec.hpp"
#include "runtime/kafka/table.hpp"

#include "schema/kafka/headers.hpp"

/// Frames of the client protocol: from a received frame to a request struct, from a response struct to the bytes of its
/// frame, and the same from the client's side. Frames are taken without their length and given with it.
namespace troupe::kafka {

/// Why a frame is refused.
enum class errc : std::uint8_t {
  malformed = 1,        ///< header or body cannot be read; the connection should be closed
  unknown_api,          ///< the key is not served; the connection should be closed
  unsupported_version,  ///< the API is served, this version is not
  unencodable,          ///< the message has no form in this version, such as a string too long for it
};
error make_error(errc code, std::string text);

/// A received request whose body was not looked at yet.
struct request {
  request_header header;
  const api* about = nullptr;  ///< never null in a value that `open_request` returned
  reader body;

  std::int16_t version() const { return header.request_api_version; }
  /// False means: ApiVersions is answered in version 0 with error 35; for all else the connection is closed.
  bool version_is_served() const { return about->serves(version()); }
};

/// Reads the header of `frame`, which keeps its buffer alive. Errors: `malformed`, `unknown_api`. A version that is not
/// served is no error yet, for ApiVersions has an answer to it.
expected<request> open_request(byte_slice frame);

/// `unsupported_version` unless version `version` of the API is served.
error check_version(const request& from);
/// The error for a message whose reader failed; nothing when it is fine. Bytes that follow the last field are left
/// alone, as Kafka does: librdkafka sends some behind its Metadata requests (2.11 asking for all topics).
error check_read(const reader& from, const char* message);

/// Reads the body as `Request`, which must be the type for `from.about->key`. Errors: `unsupported_version`,
/// `malformed` (naming the field).
template <class Request>
expected<Request> decode_body(request& from) {
  if (auto problem = check_version(from))
    return problem;
  Request out;
  out.decode(from.body, from.version());
  if (auto problem = check_read(from.body, Request::api_name))
    return problem;
  return out;
}

/// Starts a frame: room for the length, then the header.
writer begin_response(std::int32_t correlation_id, std::int16_t header_version, std::size_t expected_bytes);
writer begin_request(const request_header& header, std::int16_t header_version);
/// Fills in the length and gives the frame away. Errors: `unencodable`.
expected<std::vector<chunk>> finish_frame(writer&& frame);

/// The header version that the response to `Response::api_key` has.
template <class Response>
constexpr std::int16_t response_header_version(std::int16_t version) {
  return Response::api_key != api_versions_key && version >= Response::flexible_from ? 1 : 0;
}

/// The whole frame of a response in `version`, ready for the socket. Long byte fields and records are spliced in, not
/// copied. `expected_bytes` sizes the buffer for the rest. Errors: `unencodable`.
template <class Response>
expected<std::vector<chunk>> response_frame(std::int32_t correlation_id, std::int16_t version, const Response& response,
                                            std::size_t expected_bytes = 512) {
  auto out = begin_response(correlation_id, response_header_version<Response>(version), expected_bytes);
  response.encode(out, version);
  return finish_frame(std::move(out));
}

/// The whole frame of a request, for clients. Errors: `unencodable`.
template <class Request>
expected<std::vector<chunk>> request_frame(std::int32_t correlation_id, std::int16_t version,
                                           std::optional<std::string> client_id, const Request& request) {
  request_header header{Request::api_key, version, correlation_id, std::move(client_id)};
  auto out = begin_request(header, version >= Request::flexible_from ? 2 : 1);
  request.encode(out, version);
  return finish_frame(std::move(out));
}

/// A received response, for clients.
template <class Response>
struct decoded_response {
  std::int32_t correlation_id = 0;
  Response body;
};

/// Reads a response frame to a request that was sent in `version`. Errors: `malformed`.
template <class Response>
expected<decoded_response<Response>> decode_response(byte_slice frame, std::int16_t version) {
  reader from{std::move(frame)};
  response_header header;
  header.decode(from, response_header_version<Response>(version));
  decoded_response<Response> out{header.correlation_id, {}};
  out.body.decode(from, version);
  from.expect_end(Response::api_name);
  if (auto problem = check_read(from, Response::api_name))
    return problem;
  return out;
}

}  // namespace troupe::kafka

#pragma once

#include "runtime/base/error.hpp"
#include "runtime/kafka/request.hpp"
#include "runtime/wire/builder.hpp"
#include "schema/coordinator.capnp.h"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

/// What coordinators are asked and answer, in and out of its Cap'n Proto envelope. Used by their actors.
namespace troupe {

/// The body of a request, which must be of the API that `Request` is of. Errors: `malformed`, naming the field.
template <class Request>
expected<Request> decoded(const wire<schema::CoordinatorRequest>& m) {
  kafka::reader in{std::get<byte_slice>(m.attachment(m->getBody()))};
  Request r;
  r.decode(in, m->getApiVersion());
  if (auto problem = kafka::check_read(in, Request::api_name))
    return problem;
  return r;
}

/// Errors: `unencodable` where the response has no form in `version`.
template <class Response>
expected<wire<schema::CoordinatorReply>> encoded(const Response& response, std::int16_t version) {
  kafka::writer out;
  response.encode(out, version);
  if (!out.ok())
    return kafka::make_error(kafka::errc::unencodable, std::string{out.failure()});
  wire_builder<schema::CoordinatorReply> b;
  b->setBody(b.attach(flatten(std::move(out).finish())));
  return std::move(b).freeze();
}

}  // namespace troupe

#include "actors/api/handler.hpp"
#include "runtime/kafka/table.hpp"
#include "schema/kafka/api_versions.hpp"

#include <algorithm>
#include <cctype>

namespace troupe::api {

namespace {

kafka::api_versions_response served() {
  kafka::api_versions_response out;
  for (const auto& api : kafka::served_apis())
    out.api_keys.push_back({api.key, api.advertised_min, api.max_version});
  return out;
}

/// KIP-511: letters, digits, '-' and '.', with a letter or digit at both ends.
bool is_software_name(const std::string& text) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0; };
  return !text.empty() && plain(text.front()) && plain(text.back())
         && std::all_of(text.begin(), text.end(), [&](unsigned char c) { return plain(c) || c == '-' || c == '.'; });
}

}  // namespace

void api_versions(session_port& in, const call& what, kafka::reader& body) {
  kafka::api_versions_request r;
  if (!in.decode(what, body, r))
    return;
  auto response = served();
  if (what.version >= 3
      && (!is_software_name(r.client_software_name) || !is_software_name(r.client_software_version))) {
    response.api_keys.clear();
    response.error_code = static_cast<std::int16_t>(kafka::error_code::invalid_request);
  }
  in.reply(what, response);
}

void api_versions_unsupported(session_port& in, const call& what) {
  kafka::api_versions_response response;
  response.error_code = static_cast<std::int16_t>(kafka::error_code::unsupported_version);
  const auto* own = kafka::find_api(kafka::api_versions_key);
  response.api_keys.push_back({own->key, own->advertised_min, own->max_version});
  auto oldest = what;
  oldest.version = 0;
  in.reply(oldest, response);
}

}  // namespace troupe::api

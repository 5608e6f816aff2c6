#include "actors/api/handler.hpp"
#include "runtime/kafka/table.hpp"
#include "runtime/metadata/features.hpp"
#include "runtime/metadata/image.hpp"
#include "schema/kafka/api_versions.hpp"

#include <algorithm>
#include <cctype>

namespace troupe::api {

namespace {

kafka::api_versions_response served(session_port& in) {
  kafka::api_versions_response out;
  for (const auto& api : kafka::served_apis())
    out.api_keys.push_back({api.key, api.advertised_min, api.max_version});
  for (const auto& f : metadata::known_features())
    out.supported_features.push_back({std::string{f.name}, f.min_level, f.max_level});
  // Features are a part of the metadata: their epoch is how far this node has applied those.
  const auto image = in.view()->image;
  out.finalized_features_epoch = image->applied_index();
  for (const auto& [name, level] : image->features())
    if (level > 0)
      out.finalized_features.push_back({name, level, level});
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
  auto response = served(in);
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

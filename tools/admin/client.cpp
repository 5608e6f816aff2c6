#include "tools/admin/client.hpp"

#include "runtime/kafka/errors.hpp"
#include "runtime/posix/socket.hpp"
#include "tools/admin/address.hpp"

namespace troupe::tools {

namespace {

constexpr std::int16_t greeting_version = 3;

}  // namespace

deadline client::share_of(deadline until) const {
  const auto now = std::chrono::steady_clock::now();
  return until <= now ? now : now + (until - now) / std::max<long>(1, static_cast<long>(how_.bootstrap.size()));
}

void client::give_up_node() {
  line_.reset();
  next_ = (next_ + 1) % how_.bootstrap.size();
}

error client::greet(const endpoint& node, deadline until) {
  auto line = connection::open(node, until);
  if (!line)
    return line.error();
  const kafka::api_versions_request hello{"troupe", "1"};
  auto frame = kafka::request_frame(++correlation_, greeting_version, "troupe", hello);
  if (!frame)
    return frame.error();
  auto answer = line->exchange(std::move(*frame), until);
  if (!answer)
    return answer.error();
  auto told = kafka::decode_response<kafka::api_versions_response>(std::move(*answer), greeting_version);
  if (!told || told->correlation_id != correlation_)
    return with_context(posix::to_text(node), complaint("does not speak Kafka's protocol, or an old version of it"));
  versions_.clear();
  for (const auto& api : told->body.api_keys)
    versions_[api.api_key] = {api.min_version, api.max_version};
  line_ = std::move(*line);
  return {};
}

error client::connect(deadline until) {
  if (line_)
    return {};
  std::string why;
  for (std::size_t tried = 0; tried < how_.bootstrap.size(); ++tried) {
    auto problem = greet(how_.bootstrap[next_], share_of(until));
    if (!problem)
      return {};
    why += (why.empty() ? "" : "; ") + render(problem);
    next_ = (next_ + 1) % how_.bootstrap.size();
  }
  return make_error(transport_errc::unreachable,
                    "no node answers (" + why + "); check that the cluster runs and the address is right");
}

expected<bool> client::serves(std::int16_t api_key) {
  if (auto problem = connect(std::chrono::steady_clock::now() + how_.timeout))
    return problem;
  return versions_.contains(api_key);
}

expected<std::int16_t> client::choose(std::int16_t key, const char* name, std::int16_t oldest,
                                      std::int16_t newest) const {
  const auto found = versions_.find(key);
  if (found == versions_.end())
    return complaint("the node does not serve " + std::string{name} + "; it may be of an older version");
  const auto version = std::min(newest, found->second.last);
  if (version < std::max(oldest, found->second.first))
    return complaint("this command and the node have no version of " + std::string{name} + " in common; use the " +
                     "command of the same version as the node");
  return version;
}

error refusal(std::string_view what, std::int16_t code, const std::optional<std::string>& said) {
  if (code == 0)
    return {};
  const auto known = static_cast<kafka::error_code>(code);
  const auto words = said && !said->empty() ? *said : std::string{kafka::message_of(known)};
  return complaint(std::string{what} + ": " + std::string{kafka::name_of(known)} + ": " + words);
}

}  // namespace troupe::tools

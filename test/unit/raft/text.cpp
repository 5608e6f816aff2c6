// What happens, in the words of scripts.
#include "world.hpp"

namespace troupe::raft::test {

namespace {

std::string state_of(const view& now) {
  const auto term = std::to_string(now.term);
  switch (now.role) {
    case role::leader:
      return "leads term " + term;
    case role::prospective:
      return "prospective";
    case role::candidate:
      return "candidate of term " + term;
    case role::follower:
      break;
  }
  return now.leader == nobody ? "follows nobody in term " + term
                              : "follows " + to_string(now.leader) + " in term " + term;
}

std::string range(std::int64_t first, std::int64_t last) {
  return std::to_string(first) + (first == last ? "" : "-" + std::to_string(last));
}

std::string body_text(const vote_request& r, std::size_t, std::size_t) {
  return (r.pre ? "prevote " : r.handed_over ? "vote handed over " : "vote ") + text_of(r.last);
}
std::string body_text(const vote_reply& r, std::size_t, std::size_t) {
  const std::string out = (r.granted ? "yes" : "no") + std::string{r.pre ? " (pre)" : ""};
  return r.leader == nobody ? out : out + " leader " + to_string(r.leader);
}
std::string body_text(const append_request& r, std::size_t count, std::size_t) {
  const auto first = r.prev.index + 1;
  return (count == 0 ? "heartbeat" : "append " + range(first, first + static_cast<std::int64_t>(count) - 1))
         + " after " + text_of(r.prev) + " commit " + std::to_string(r.commit);
}
std::string body_text(const append_reply& r, std::size_t, std::size_t) {
  return r.accepted ? "has " + std::to_string(r.match) : "lacks, perhaps from " + text_of(r.hint);
}
std::string body_text(const snapshot_request& r, std::size_t, std::size_t size) {
  return "snapshot " + text_of(r.at) + " from " + std::to_string(r.offset) + (size > 0 && r.last ? " last" : "");
}
std::string body_text(const snapshot_reply& r, std::size_t, std::size_t) {
  return "wants " + text_of(r.at) + " from " + std::to_string(r.next_offset);
}
std::string body_text(const subscribe_request& r, std::size_t, std::size_t) {
  return "subscribe " + text_of(r.last);
}
std::string body_text(const subscribe_reply& r, std::size_t, std::size_t) {
  return "leader " + to_string(r.leader);
}
std::string body_text(const timeout_now&, std::size_t, std::size_t) {
  return "timeout-now";
}

/// `text` to one more receiver: lists of equal messages are one message to many.
void tell(std::vector<std::pair<std::string, std::string>>& said, const member& to, const std::string& text) {
  const auto receiver = to == nobody ? std::string{"anybody"} : to_string(to);
  if (!said.empty() && said.back().second == text)
    said.back().first += "+" + receiver;
  else
    said.emplace_back(receiver, text);
}

}  // namespace

std::string text_of(entry_id at) {
  return std::to_string(at.index) + "/" + std::to_string(at.term);
}

std::string text_of(const message& m, std::size_t entry_count, std::size_t piece_bytes) {
  return std::visit([&](const auto& body) { return body_text(body, entry_count, piece_bytes); }, m.body);
}

std::string text_of(const voter_set& voters) {
  std::string out;
  for (const auto& v : voters)
    out += (out.empty() ? "" : "+") + to_string(v.id);
  return out;
}

std::string text_of(const effects& e, const view& now) {
  std::string out;
  const auto add = [&](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
  if (e.persist)
    add("persist " + std::to_string(e.persist->term)
        + (e.persist->voted_for.value < 0 ? "" : " vote " + std::to_string(e.persist->voted_for.value)));
  if (e.changed)
    add(state_of(now));
  if (e.truncate_from)
    add("cut " + std::to_string(*e.truncate_from));
  if (e.append_received)
    add("take " + range(e.append_received->from, e.append_received->until - 1));
  if (e.append_own)
    add("own " + text_of(*e.append_own));
  if (e.keep_piece)
    add("keep " + std::to_string(e.keep_piece->offset) + "+" + std::to_string(e.keep_piece->size));
  if (e.install)
    add("install " + text_of(*e.install));
  std::vector<std::pair<std::string, std::string>> said;
  for (const auto& m : e.send)
    tell(said, m.to, text_of(m));
  for (const auto& order : e.appends) {
    const auto first = std::get<append_request>(order.request.body).prev.index + 1;
    tell(said, order.request.to, text_of(order.request, static_cast<std::size_t>(order.until - first)));
  }
  for (const auto& order : e.snapshots)
    tell(said, order.request.to, text_of(order.request));
  for (const auto& [to, text] : said)
    add(">" + to + " " + text);
  if (e.commit)
    add("commit " + std::to_string(*e.commit));
  return out;
}

}  // namespace troupe::raft::test

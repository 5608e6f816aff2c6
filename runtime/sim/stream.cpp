#include "runtime/sim/stream.hpp"

#include "runtime/authority/disk.hpp"

#include <algorithm>
#include <cstring>

namespace troupe::sim {

namespace {

/// What the process holds; letting go of it closes the stream.
class handle_of_stream final : public connection {
 public:
  explicit handle_of_stream(std::shared_ptr<stream_end> end) : end_(std::move(end)) {}
  ~handle_of_stream() override { end_->close(); }

  void start(std::shared_ptr<stream_reader> reader) override { end_->start(std::move(reader)); }
  std::size_t send(std::vector<chunk> parts) override { return end_->send(std::move(parts)); }
  void resume_reading() override { end_->resume_reading(); }
  void close() override { end_->close(); }
  const endpoint& local() const override { return end_->local(); }
  const endpoint& peer() const override { return end_->peer(); }

 private:
  std::shared_ptr<stream_end> end_;
};

std::string to_text(const endpoint& e) {
  return e.host + ":" + std::to_string(e.port);
}

}  // namespace

stream_end::stream_end(network_state& in, host& at, endpoint local, endpoint peer)
  : keep_(in.shared_from_this()),
    in_(in),
    at_(at),
    number_(++in.last_number),
    local_(std::move(local)),
    peer_(std::move(peer)) {}

void stream_end::join(const std::shared_ptr<stream_end>& a, const std::shared_ptr<stream_end>& b) {
  for (const auto& [one, two] : {std::pair{a, b}, std::pair{b, a}}) {
    one->other_ = two;
    one->other_host_ = &two->at_;
    one->way_ = &one->in_.between(one->at_, two->at_);
    one->peer_called_ = &one->in_.names.of_text(to_text(one->peer_));
    one->at_.ends.emplace(one->number_, one);
  }
}

std::shared_ptr<connection> stream_end::handle() {
  return std::make_shared<handle_of_stream>(shared_from_this());
}

const host* stream_end::peer_host() const {
  return other_host_;
}

// -- what the process does ----------------------------------------------------------------------------------------

void stream_end::start(std::shared_ptr<stream_reader> reader) {
  in_.call_soon(at_, [self = shared_from_this(), reader = std::move(reader)]() mutable {
    if (self->has_ended_)
      return reader->closed(self->ended_why_);
    self->reader_ = std::move(reader);
    self->is_reading_ = true;
    self->deliver();
  });
}

std::size_t stream_end::send(std::vector<chunk> parts) {
  if (has_ended_ || is_closing_ || at_.is_silenced())
    return 0;
  for (auto& part : parts)
    if (size_of(part) > 0)
      queue_.push_back(std::move(part));
  pump();
  const auto left = queued_bytes();
  wants_drained_ = left > 0;
  return left;
}

void stream_end::resume_reading() {
  in_.call_soon(at_, [self = shared_from_this()] {
    self->is_reading_ = self->reader_ != nullptr;
    self->deliver();
  });
}

void stream_end::close() {
  in_.call_soon(at_, [self = shared_from_this()] {
    self->is_closing_ = true;
    if (self->queue_.empty())
      self->finish();
  });
}

std::size_t stream_end::queued_bytes() const {
  std::size_t total = 0;
  for (const auto& part : queue_)
    total += size_of(part);
  return total;
}

// -- sending ------------------------------------------------------------------------------------------------------

/// Hands the system as much of the queue as it has room for.
void stream_end::pump() {
  take_acknowledgements();
  while (!has_ended_ && !queue_.empty() && under_way_ < network::window_bytes) {
    auto bytes = cut_piece(network::window_bytes - under_way_);
    if (!bytes)
      return break_both(render(bytes.error()));
    if (in_.random.chance(in_.resets_per_million))
      return break_both("connection reset on the way");
    under_way_ += bytes->size();
    transmit({piece::kind::data, std::move(*bytes)});
  }
  if (has_ended_)
    return;
  if (!queue_.empty())
    return await_acknowledgement();
  if (std::exchange(wants_drained_, false))
    in_.let_hear(at_, [self = shared_from_this()] {
      if (self->reader_ && !self->has_ended_)
        self->reader_->drained();
    });
  if (is_closing_)
    finish();
}

/// The next bytes to leave, as many as chance will have; parts of files are read now.
expected<byte_slice> stream_end::cut_piece(std::size_t most) {
  const auto queued = queued_bytes();
  const auto kind = in_.random.below(10);
  const std::size_t drawn = kind == 0 ? 1 + in_.random.below(32)
                          : kind < 3 ? 1 + in_.random.below(queued)
                                     : 1 + in_.random.below(64 * 1024);
  const auto size = std::min({drawn, most, queued});
  if (auto* slice = std::get_if<byte_slice>(&queue_.front()); slice && slice->size() >= size) {
    auto piece = slice->sub(0, size);
    *slice = slice->sub(size, slice->size() - size);
    if (slice->empty())
      queue_.pop_front();
    return piece;
  }
  return take(size);
}

/// The first `size` bytes of what is queued, in one piece.
expected<byte_slice> stream_end::take(std::size_t size) {
  unique_buffer buffer{size};
  for (auto room = buffer.span(); !room.empty();) {
    auto& front = queue_.front();
    const auto count = std::min(room.size(), size_of(front));
    if (auto* slice = std::get_if<byte_slice>(&front)) {
      std::memcpy(room.data(), slice->data(), count);
      *slice = slice->sub(count, slice->size() - count);
    } else {
      auto& region = std::get<file_region>(front);
      const auto read = region.source->read(region.position, room.first(count));
      if (!read)
        return read.error();
      if (*read < count)
        return make_error(transport_errc::io, "the file ends inside of what is to be sent");
      region.position += count;
      region.size -= count;
    }
    if (size_of(front) == 0)
      queue_.pop_front();
    room = room.subspan(count);
  }
  return std::move(buffer).freeze(size);
}

/// In order: what comes after something that waits has to wait as well.
void stream_end::transmit(piece p) {
  if (!waiting_.empty() || way_->is_blocked())
    waiting_.push_back(std::move(p));
  else
    fly(std::move(p));
}

void stream_end::release() {
  while (!waiting_.empty() && !way_->is_blocked()) {
    fly(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  if (has_ended_ && waiting_.empty())
    forget();
}

void stream_end::fly(piece p) {
  last_arrival_ = std::max(last_arrival_, in_.arrival(*way_, p.bytes.size()));
  in_.events.at(last_arrival_, [self = shared_from_this(), p = std::move(p)] { self->land(p); });
}

/// A piece that was sent from here has come to the other host. Where its system knows no such connection any more, it
/// says so.
void stream_end::land(const piece& p) {
  if (!other_host_->is_on)
    return;
  if (const auto to = other_.lock(); to && !to->has_ended_)
    return to->arrive(p);
  auto& back = in_.between(*other_host_, at_);
  if (p.what == piece::kind::data && !back.is_blocked())
    in_.events.at(in_.arrival(back, 0), [self = shared_from_this()] {
      if (self->at_.is_on && !self->has_ended_)
        self->arrive({piece::kind::reset, {}});
    });
}

// -- receiving ----------------------------------------------------------------------------------------------------

void stream_end::arrive(piece p) {
  switch (p.what) {
    case piece::kind::data:
      in_.told.received(*at_.called, p.bytes.size(), *peer_called_);
      in_.told.content(p.bytes);
      arrived_.push_back(std::move(p.bytes));
      break;
    case piece::kind::end: end_arrived_ = true; break;
    case piece::kind::reset: return end(transport_errc::closed_by_peer, "connection reset by " + to_text(peer_));
  }
  if (std::exchange(will_deliver_, true))
    return;
  in_.let_hear(at_, [self = shared_from_this()] {
    self->will_deliver_ = false;
    self->deliver();
  });
}

void stream_end::deliver() {
  while (reader_ && is_reading_ && !has_ended_ && !arrived_.empty())
    if (!give_reader())
      return;
  if (reader_ && is_reading_ && !has_ended_ && end_arrived_)
    end(transport_errc::closed_by_peer, "closed by " + to_text(peer_));
}

/// One read. False when the reader wants no more for now.
bool stream_end::give_reader() {
  auto& front = arrived_.front();
  const auto reader = reader_;
  const auto room = reader->prepare();
  const auto count = std::min(room.size(), front.size());
  std::memcpy(room.data(), front.data(), count);
  front = front.sub(count, front.size() - count);
  if (front.empty())
    arrived_.pop_front();
  acknowledge(count);
  is_reading_ = reader->commit(count);
  return is_reading_;
}

void stream_end::acknowledge(std::size_t bytes) {
  const auto back = other_.lock();
  if (!back)
    return;
  back->note_acknowledgement(in_.arrival(*way_, 0), bytes);
}

void stream_end::note_acknowledgement(virtual_time when, std::size_t bytes) {
  acknowledged_.emplace_back(acknowledged_.empty() ? when : std::max(when, acknowledged_.back().first), bytes);
  if (!queue_.empty())
    await_acknowledgement();
}

void stream_end::take_acknowledgements() {
  for (; !acknowledged_.empty() && acknowledged_.front().first <= in_.now; acknowledged_.pop_front())
    under_way_ -= acknowledged_.front().second;
}

/// Only who has more to send than there is room for is woken by them.
void stream_end::await_acknowledgement() {
  if (acknowledged_.empty() || std::exchange(awaits_acknowledgement_, true))
    return;
  in_.events.at(acknowledged_.front().first, [self = shared_from_this()] {
    self->awaits_acknowledgement_ = false;
    self->pump();
  });
}

// -- the end ------------------------------------------------------------------------------------------------------

/// Everything has left the process: says so to the other side.
void stream_end::finish() {
  if (has_ended_)
    return;
  transmit({piece::kind::end, {}});
  end(transport_errc::closed_by_peer, "closed here");
}

void stream_end::orphan() {
  reader_.reset();
  queue_.clear();
  arrived_.clear();
  if (has_ended_)
    return;
  // A reset is sent where the process left bytes unread; it is lost when the path is cut, an orderly end is not.
  const bool is_reset = in_.random.below(2) == 0;
  if (!is_reset)
    transmit({piece::kind::end, {}});
  else if (way_->is_cut)
    waiting_.clear();
  else
    transmit({piece::kind::reset, {}});
  end(transport_errc::closed_by_peer, "the process has ended");
}

void stream_end::vanish() {
  reader_.reset();
  queue_.clear();
  arrived_.clear();
  waiting_.clear();
  has_ended_ = true;
}

void stream_end::break_both(const std::string& why) {
  const auto keep = shared_from_this();
  if (const auto other = other_.lock(); other && other->at_.is_on)
    other->end(transport_errc::closed_by_peer, why);
  end(transport_errc::closed_by_peer, why);
}

void stream_end::end(transport_errc code, const std::string& why) {
  if (has_ended_)
    return;
  has_ended_ = true;
  ended_why_ = make_error(code, why);
  in_.tell(at_, "connection with " + to_text(peer_) + ": " + why);
  queue_.clear();
  arrived_.clear();
  if (auto reader = std::move(reader_))
    in_.let_hear(at_, [reader = std::move(reader), because = ended_why_] { reader->closed(because); });
  if (waiting_.empty())
    forget();
}

/// The system needs not remember this end any more.
void stream_end::forget() {
  at_.ends.erase(number_);
}

}  // namespace troupe::sim

#include "runtime/net/tls_connection.hpp"

#include "runtime/authority/disk.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/net/tls_session.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace troupe::net {

namespace {

/// What owner and transport share. Two locks, taken in this order: `reading_` makes the calls to the owner's reader one
/// at a time, as they may come from whoever resumes it; `lock_` guards the session, which both directions use. Closing
/// the stream below may call `closed` at once: never under `lock_`, and `reading_` lets its own thread in again.
class tls_stream final : public stream_reader, public std::enable_shared_from_this<tls_stream> {
 public:
  tls_stream(std::shared_ptr<connection> raw, tls_session session)
    : raw_(std::move(raw)), session_(std::move(session)), buffer_(bounds::tls_read_bytes) {}

  const connection& raw() const { return *raw_; }

  void start(std::shared_ptr<stream_reader> reader) {
    {
      std::lock_guard guard{reading_};
      reader_ = std::move(reader);
    }
    {
      std::lock_guard guard{lock_};
      session_.advance();
      flush();
    }
    raw_->start(shared_from_this());
  }

  std::size_t send(std::vector<chunk> parts) {
    const auto queued = take(std::move(parts));
    close_if_over();
    return queued;
  }

  void close() {
    {
      std::lock_guard guard{lock_};
      session_.finish();
      flush();
    }
    raw_->close();
  }

  void resume() {
    bool wants_more = true;
    {
      std::lock_guard reading{reading_};
      if (std::exchange(is_paused_, false))
        wants_more = deliver();
    }
    if (!close_if_over() && wants_more)
      raw_->resume_reading();
  }

  // -- from the transport -----------------------------------------------------------------------------------------

  std::span<std::uint8_t> prepare() override { return buffer_.span(); }

  bool commit(std::size_t count) override {
    const auto keep = shared_from_this();
    const bool wants_more = take(count);
    return !close_if_over() && wants_more;
  }

  void drained() override {
    {
      std::lock_guard guard{lock_};
      if (!early_.empty() || !std::exchange(owes_drained_, false))
        return;
    }
    std::lock_guard reading{reading_};
    if (reader_)
      reader_->drained();
  }

  void closed(const error& why) override {
    std::lock_guard reading{reading_};
    error reason = why;
    {
      std::lock_guard guard{lock_};
      is_broken_ = true;
      early_.clear();
      if (failure_)
        reason = failure_;
    }
    if (auto reader = std::exchange(reader_, nullptr))
      reader->closed(reason);
  }

 private:
  std::size_t take(std::vector<chunk> parts) {
    std::lock_guard guard{lock_};
    if (is_broken_)
      return 0;
    if (!session_.is_established()) {
      for (const auto& part : parts)
        early_bytes_ += size_of(part);
      for (auto& part : parts)
        early_.push_back(std::move(part));
      owes_drained_ = true;
      return early_bytes_;
    }
    const auto queued = encrypt(std::move(parts));
    owes_drained_ = owes_drained_ || queued > 0;
    return queued;
  }

  bool take(std::size_t count) {
    std::lock_guard reading{reading_};
    bool drained = false;
    {
      std::lock_guard guard{lock_};
      if (is_broken_)
        return true;
      if (auto why = session_.receive(buffer_.span().first(count)))
        return give_up(why);
      flush();
      if (session_.is_established() && !early_.empty()) {
        early_bytes_ = 0;
        drained = encrypt(std::exchange(early_, {})) == 0 && std::exchange(owes_drained_, false);
      }
    }
    if (drained && reader_)
      reader_->drained();
    return deliver();
  }

  /// Under `lock_`. How many bytes wait for the socket.
  std::size_t flush() {
    auto out = session_.take_output();
    if (out.empty())
      return 0;
    std::vector<chunk> parts;
    parts.emplace_back(std::move(out));
    return raw_->send(std::move(parts));
  }

  /// Under `lock_`.
  std::size_t encrypt(std::vector<chunk> parts) {
    for (const auto& part : parts)
      if (auto failed = encrypt(part)) {
        give_up(failed);
        return 0;
      }
    return flush();
  }

  error encrypt(const chunk& part) {
    if (const auto* bytes = std::get_if<byte_slice>(&part))
      return session_.write(*bytes);
    const auto& region = std::get<file_region>(part);
    unique_buffer piece{std::min<std::size_t>(region.size, bounds::tls_file_piece_bytes)};
    for (std::size_t done = 0; done < region.size;) {
      const auto wanted = std::min(region.size - done, piece.size());
      auto got = region.source->read(region.position + done, piece.span().first(wanted));
      if (!got)
        return got.error();
      if (*got == 0)
        return make_error(transport_errc::io, "a file is shorter than what was to be sent of it");
      if (auto failed = session_.write(piece.span().first(*got)))
        return failed;
      done += *got;
    }
    return {};
  }

  /// Under `lock_`: the other end hears why, and the reader when the stream below has closed.
  bool give_up(const error& why) {
    failure_ = why;
    is_broken_ = true;
    is_over_ = true;
    early_.clear();
    flush();
    return false;
  }

  /// Not under `lock_`. True when the stream below was closed.
  bool close_if_over() {
    {
      std::lock_guard guard{lock_};
      if (!std::exchange(is_over_, false))
        return false;
    }
    raw_->close();
    return true;
  }

  /// Under `reading_`: gives the reader all there is. False when it wants no more for now.
  bool deliver() {
    while (const auto reader = reader_) {
      const auto into = reader->prepare();
      std::size_t count = 0;
      {
        std::lock_guard guard{lock_};
        if (is_broken_)
          return false;
        auto got = session_.read(into);
        if (!got)
          return give_up(got.error());
        count = *got;
        if (count == 0 && session_.is_over())
          is_over_ = true;
      }
      if (count == 0)
        return true;
      if (!reader->commit(count)) {
        is_paused_ = true;
        return false;
      }
    }
    return true;
  }

  const std::shared_ptr<connection> raw_;

  std::recursive_mutex reading_;
  std::shared_ptr<stream_reader> reader_;
  bool is_paused_ = false;

  std::mutex lock_;
  tls_session session_;
  std::vector<chunk> early_;  ///< to be sent when the handshake is over
  std::size_t early_bytes_ = 0;
  bool owes_drained_ = false;
  bool is_broken_ = false;
  bool is_over_ = false;  ///< the stream below is to be closed
  error failure_;

  unique_buffer buffer_;  ///< encrypted bytes as they come; the transport's thread only
};

/// What the owner holds; letting go of it closes the stream.
class tls_connection final : public connection {
 public:
  explicit tls_connection(std::shared_ptr<tls_stream> stream) : stream_(std::move(stream)) {}
  ~tls_connection() override { stream_->close(); }

  void start(std::shared_ptr<stream_reader> reader) override { stream_->start(std::move(reader)); }
  std::size_t send(std::vector<chunk> parts) override { return stream_->send(std::move(parts)); }
  void resume_reading() override { stream_->resume(); }
  void close() override { stream_->close(); }
  const endpoint& local() const override { return stream_->raw().local(); }
  const endpoint& peer() const override { return stream_->raw().peer(); }

 private:
  std::shared_ptr<tls_stream> stream_;
};

}  // namespace

std::shared_ptr<connection> secure_server(std::shared_ptr<connection> stream, std::shared_ptr<const tls_context> by) {
  return std::make_shared<tls_connection>(
    std::make_shared<tls_stream>(std::move(stream), tls_session::server(std::move(by))));
}

std::shared_ptr<connection> secure_client(std::shared_ptr<connection> stream, std::shared_ptr<const tls_context> by,
                                          const std::string& host) {
  return std::make_shared<tls_connection>(
    std::make_shared<tls_stream>(std::move(stream), tls_session::client(std::move(by), host)));
}

}  // namespace troupe::net

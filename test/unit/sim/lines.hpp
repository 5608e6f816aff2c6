#pragma once

#include "runtime/authority/transport.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

/// Plain code at the end of a simulated connection: takes texts, keeps what it hears.
namespace troupe::sim::test {

/// Reads into a buffer of `room` bytes; stops reading after each read while `reads_left` is used up.
struct text_reader final : stream_reader {
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(4096);
  std::string text;
  std::vector<std::size_t> reads;  ///< sizes
  std::size_t reads_left = ~std::size_t{0};
  int drains = 0;
  bool is_closed = false;
  std::string closed_why;
  std::function<void()> on_read = [] {};

  std::span<std::uint8_t> prepare() override { return buffer; }
  bool commit(std::size_t count) override {
    text.append(reinterpret_cast<const char*>(buffer.data()), count);
    reads.push_back(count);
    --reads_left;
    on_read();
    return reads_left > 0;
  }
  void drained() override { ++drains; }
  void closed(const error& why) override {
    is_closed = true;
    closed_why = render(why);
  }
};

/// An established connection with its reader.
struct line {
  std::shared_ptr<connection> stream;
  std::shared_ptr<text_reader> reader = std::make_shared<text_reader>();

  explicit line(std::shared_ptr<connection> established) : stream(std::move(established)) {}
  void start() { stream->start(reader); }
  std::size_t send(const std::string& text) {
    return stream->send({chunk{byte_slice::copy_of(as_bytes(text))}});
  }
};

/// Keeps what it accepts, started at once unless told otherwise.
struct door final : acceptor {
  std::vector<line> lines;
  bool starts = true;
  void accepted(std::shared_ptr<connection> incoming) override {
    lines.emplace_back(std::move(incoming));
    if (starts)
      lines.back().start();
  }
  void exhausted(const error&) override {}
};

/// Keeps how a dial turned out.
struct caller final : dialler {
  std::unique_ptr<line> established;
  std::string failed_why;
  bool has_ended() const { return established || !failed_why.empty(); }
  void connected(std::shared_ptr<connection> outgoing) override {
    established = std::make_unique<line>(std::move(outgoing));
    established->start();
  }
  void failed(const error& why) override { failed_why = render(why); }
};

}  // namespace troupe::sim::test

#include "actors/link_reader.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/net/framer.hpp"

#include <caf/all.hpp>

namespace troupe {

namespace {

class link_reader final : public stream_reader {
 public:
  link_reader(std::weak_ptr<connection> stream, caf::actor owner, std::shared_ptr<session_flow> flow,
              std::shared_ptr<link_tie> tie)
    : stream_(std::move(stream)),
      owner_(std::move(owner)),
      flow_(std::move(flow)),
      tie_(std::move(tie)),
      framer_(bounds::link_frame_bytes_max) {}

  std::span<std::uint8_t> prepare() override { return framer_.prepare(); }

  bool commit(std::size_t count) override {
    link_frames arrived;
    if (auto refused = framer_.commit(count, arrived.frames)) {
      broken_ = refused;
      if (auto stream = stream_.lock())
        stream->close();
      return false;
    }
    if (arrived.frames.empty())
      return true;
    std::size_t bytes = 0;
    for (const auto& frame : arrived.frames)
      bytes += frame.size();
    const bool go_on = flow_->take(bytes, arrived.frames.size());
    caf::anon_send(owner_, std::move(arrived));
    return go_on;
  }

  void drained() override { caf::anon_send(owner_, link_drained{}); }

  void closed(const error& why) override {
    tie_->cut();
    caf::anon_send(owner_, link_closed{broken_ ? broken_ : why});
    owner_ = nullptr;
  }

 private:
  std::weak_ptr<connection> stream_;
  caf::actor owner_;
  std::shared_ptr<session_flow> flow_;
  std::shared_ptr<link_tie> tie_;
  net::framer framer_;
  error broken_;
};

}  // namespace

std::shared_ptr<stream_reader> make_link_reader(std::weak_ptr<connection> stream, caf::actor owner,
                                                std::shared_ptr<session_flow> flow, std::shared_ptr<link_tie> tie) {
  return std::make_shared<link_reader>(std::move(stream), std::move(owner), std::move(flow), std::move(tie));
}

}  // namespace troupe

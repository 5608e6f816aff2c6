#include "runtime/log/compression.hpp"

#include "runtime/log/big_endian.hpp"
#include "runtime/log/errors.hpp"

#include <lz4frame.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <memory>

namespace troupe::log {

namespace {

using byte_vector = std::vector<std::uint8_t>;

constexpr std::size_t first_output_bytes = 16 * 1024;
constexpr std::size_t xerial_block_bytes = 32 * 1024;
constexpr std::size_t xerial_header_bytes = 16;
constexpr std::array<std::uint8_t, xerial_header_bytes> xerial_header = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0,
                                                                         0,    0,   0,   1,   0,   0,   0,   1};

error failed(codec with, const std::string& what) {
  return make_error(errc::corrupt_batch, std::string{to_string(with)} + ": " + what);
}

error cut_short(codec with) {
  return failed(with, "the compressed records end early");
}

/// Output that grows with what comes, up to its limit.
class bounded_output {
 public:
  bounded_output(codec with, std::size_t packed_size, std::size_t limit) : with_(with), limit_(limit) {
    bytes_.resize(std::min(limit, std::max(first_output_bytes, 2 * packed_size)));
  }

  /// Where to write next; makes room when there is none. Empty when the limit is reached.
  std::span<std::uint8_t> room() {
    if (used_ == bytes_.size() && used_ < limit_)
      bytes_.resize(std::min(limit_, std::max(first_output_bytes, 2 * used_)));
    return std::span{bytes_}.subspan(used_);
  }
  void advance(std::size_t n) { used_ += n; }

  /// Room for exactly `n` more, for decoders that need it in one piece; the caller has made sure that `n` is honest.
  error reserve(std::size_t n) {
    if (n > limit_ - used_)
      return over_limit();
    if (bytes_.size() - used_ < n)
      bytes_.resize(std::min(limit_, std::max(used_ + n, 2 * used_)));
    return {};
  }

  error over_limit() const {
    return make_error(errc::output_limit, std::string{to_string(with_)} + ": the records are larger than "
                                              + std::to_string(limit_) + " bytes when unpacked");
  }
  byte_vector take() && {
    bytes_.resize(used_);
    return std::move(bytes_);
  }

 private:
  codec with_;
  std::size_t limit_;
  byte_vector bytes_;
  std::size_t used_ = 0;
};

// A full output does not tell whether more would come: one byte of scratch makes every decoder say so.
class output_window {
 public:
  explicit output_window(bounded_output& out) : out_(out), room_(out.room()) {
    if (room_.empty())
      room_ = scratch_;
  }
  std::span<std::uint8_t> room() const { return room_; }
  /// Takes over `n` written bytes; false when they went beyond the limit.
  bool commit(std::size_t n) {
    if (room_.data() == scratch_.data())
      return n == 0;
    out_.advance(n);
    return true;
  }

 private:
  bounded_output& out_;
  std::array<std::uint8_t, 1> scratch_{};
  std::span<std::uint8_t> room_;
};

// -- gzip ------------------------------------------------------------------------------------------------------------

constexpr int gzip_window_bits = 15 + 16;  // zlib's way of asking for the gzip wrapping

uInt chunk_of(std::size_t n) {
  return static_cast<uInt>(std::min<std::size_t>(n, std::numeric_limits<uInt>::max()));
}

expected<byte_vector> unpack_gzip(bytes_view packed, std::size_t limit) {
  z_stream z{};
  if (inflateInit2(&z, gzip_window_bits) != Z_OK)
    return failed(codec::gzip, "no memory");
  const std::unique_ptr<z_stream, int (*)(z_streamp)> closer{&z, inflateEnd};
  bounded_output out{codec::gzip, packed.size(), limit};
  while (true) {
    output_window window{out};
    const auto given = chunk_of(packed.size());
    z.next_in = const_cast<Bytef*>(packed.data());
    z.avail_in = given;
    z.next_out = window.room().data();
    z.avail_out = chunk_of(window.room().size());
    const auto asked = z.avail_out;
    const auto status = inflate(&z, Z_NO_FLUSH);
    packed = packed.subspan(given - z.avail_in);
    if (!window.commit(asked - z.avail_out))
      return out.over_limit();
    if (status == Z_STREAM_END) {
      if (packed.empty())
        return std::move(out).take();
      if (inflateReset(&z) != Z_OK)  // a gzip stream may have several members
        return failed(codec::gzip, "reset");
    } else if (status == Z_BUF_ERROR || (status == Z_OK && packed.empty() && z.avail_out != 0)) {
      return cut_short(codec::gzip);
    } else if (status != Z_OK) {
      return failed(codec::gzip, z.msg ? z.msg : "not a gzip stream");
    }
  }
}

expected<byte_vector> pack_gzip(int level, bytes_view plain) {
  constexpr int memory_level = 8;
  z_stream z{};
  if (deflateInit2(&z, level, Z_DEFLATED, gzip_window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
    return failed(codec::gzip, "cannot start with level " + std::to_string(level));
  const std::unique_ptr<z_stream, int (*)(z_streamp)> closer{&z, deflateEnd};
  byte_vector packed(deflateBound(&z, plain.size()));
  z.next_in = const_cast<Bytef*>(plain.data());
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = packed.data();
  z.avail_out = static_cast<uInt>(packed.size());
  if (deflate(&z, Z_FINISH) != Z_STREAM_END)
    return failed(codec::gzip, "cannot compress");
  packed.resize(z.total_out);
  return packed;
}

// -- snappy ----------------------------------------------------------------------------------------------------------

bool starts_xerial(bytes_view packed) {
  return packed.size() >= xerial_header_bytes
         && std::equal(xerial_header.begin(), xerial_header.begin() + 8, packed.begin());
}

error unpack_snappy_block(bytes_view block, bounded_output& out) {
  // No element of the format makes more than 64 bytes out of three: a bolder claim is a lie, refused before any
  // reserve.
  constexpr std::size_t ratio_max = 22;
  const auto* in = reinterpret_cast<const char*>(block.data());
  std::size_t size = 0;
  if (snappy_uncompressed_length(in, block.size(), &size) != SNAPPY_OK || size > block.size() * ratio_max)
    return failed(codec::snappy, "not a snappy block");
  if (auto full = out.reserve(size))
    return full;
  if (size == 0)
    return snappy_validate_compressed_buffer(in, block.size()) == SNAPPY_OK ? error{}
                                                                            : failed(codec::snappy, "corrupt block");
  if (snappy_uncompress(in, block.size(), reinterpret_cast<char*>(out.room().data()), &size) != SNAPPY_OK)
    return failed(codec::snappy, "corrupt block");
  out.advance(size);
  return {};
}

expected<byte_vector> unpack_snappy(bytes_view packed, std::size_t limit) {
  bounded_output out{codec::snappy, packed.size(), limit};
  if (!starts_xerial(packed)) {
    if (auto wrong = unpack_snappy_block(packed, out))
      return wrong;
    return std::move(out).take();
  }
  while (!packed.empty()) {
    if (starts_xerial(packed)) {  // streams may stand one behind the other
      packed = packed.subspan(xerial_header_bytes);
      continue;
    }
    if (packed.size() < 4)
      return cut_short(codec::snappy);
    const auto size = load_i32(packed, 0);
    packed = packed.subspan(4);
    if (size < 0 || static_cast<std::size_t>(size) > packed.size())
      return cut_short(codec::snappy);
    if (auto wrong = unpack_snappy_block(packed.first(static_cast<std::size_t>(size)), out))
      return wrong;
    packed = packed.subspan(static_cast<std::size_t>(size));
  }
  return std::move(out).take();
}

expected<byte_vector> pack_snappy(bytes_view plain) {
  byte_vector packed{xerial_header.begin(), xerial_header.end()};
  while (!plain.empty()) {
    const auto block = plain.first(std::min(plain.size(), xerial_block_bytes));
    const auto start = packed.size();
    auto size = snappy_max_compressed_length(block.size());
    packed.resize(start + 4 + size);
    if (snappy_compress(reinterpret_cast<const char*>(block.data()), block.size(),
                        reinterpret_cast<char*>(packed.data() + start + 4), &size)
        != SNAPPY_OK)
      return failed(codec::snappy, "cannot compress");
    store_i32(packed, start, static_cast<std::int32_t>(size));
    packed.resize(start + 4 + size);
    plain = plain.subspan(block.size());
  }
  return packed;
}

// -- lz4 -------------------------------------------------------------------------------------------------------------

expected<byte_vector> unpack_lz4(bytes_view packed, std::size_t limit) {
  LZ4F_dctx* made = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)))
    return failed(codec::lz4, "no memory");
  const std::unique_ptr<LZ4F_dctx, LZ4F_errorCode_t (*)(LZ4F_dctx*)> context{made, LZ4F_freeDecompressionContext};
  bounded_output out{codec::lz4, packed.size(), limit};
  while (true) {
    output_window window{out};
    auto produced = window.room().size();
    auto consumed = packed.size();
    const auto hint =
        LZ4F_decompress(context.get(), window.room().data(), &produced, packed.data(), &consumed, nullptr);
    if (LZ4F_isError(hint))
      return failed(codec::lz4, LZ4F_getErrorName(hint));
    packed = packed.subspan(consumed);
    if (!window.commit(produced))
      return out.over_limit();
    if (hint == 0 && packed.empty())
      return std::move(out).take();
    if (produced == 0 && consumed == 0)
      return cut_short(codec::lz4);
  }
}

int lz4_library_level(int level) {
  // Kafka's clients map their default, 9, to the quick compressor (KIP-390 kept it so).
  constexpr int kafka_default = 9, library_max = 12;
  return level == kafka_default ? 0 : std::min(level, library_max);
}

expected<byte_vector> pack_lz4(int level, bytes_view plain) {
  LZ4F_preferences_t how{};
  how.frameInfo.blockSizeID = LZ4F_max64KB;
  how.frameInfo.blockMode = LZ4F_blockIndependent;  // Java's reader refuses linked blocks
  how.compressionLevel = lz4_library_level(level);
  byte_vector packed(LZ4F_compressFrameBound(plain.size(), &how));
  const auto size = LZ4F_compressFrame(packed.data(), packed.size(), plain.data(), plain.size(), &how);
  if (LZ4F_isError(size))
    return failed(codec::lz4, LZ4F_getErrorName(size));
  packed.resize(size);
  return packed;
}

// -- zstd ------------------------------------------------------------------------------------------------------------

// Whether a frame of the published format (RFC 8878) may begin here. The library also reads the formats from before it,
// which nobody sends, and reserves for them whatever window they ask for.
bool starts_zstd_frame(bytes_view packed) {
  constexpr std::array<std::uint8_t, 4> frame = {0x28, 0xB5, 0x2F, 0xFD}, skippable = {0x50, 0x2A, 0x4D, 0x18};
  const auto start = packed.first(std::min(packed.size(), frame.size()));
  if (std::equal(start.begin(), start.end(), frame.begin()))
    return true;
  return (start[0] & 0xF0) == skippable[0] && std::equal(start.begin() + 1, start.end(), skippable.begin() + 1);
}

expected<byte_vector> unpack_zstd(bytes_view packed, std::size_t limit) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context{ZSTD_createDCtx(), ZSTD_freeDCtx};
  if (!context)
    return failed(codec::zstd, "no memory");
  // The window is reserved as the frame asks for it, before any output: no more than the limit, but what clients use in
  // any case (8 MiB; their strongest levels ask for 128 MiB).
  constexpr int window_log_min = 23, window_log_max = 27;
  const auto window_log = std::clamp(static_cast<int>(std::bit_width(limit)) - 1, window_log_min, window_log_max);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, window_log);
  bounded_output out{codec::zstd, packed.size(), limit};
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  for (bool frame_starts = true;;) {
    if (frame_starts && !starts_zstd_frame(packed.subspan(in.pos)))
      return failed(codec::zstd, "not a zstd frame");
    output_window window{out};
    ZSTD_outBuffer to{window.room().data(), window.room().size(), 0};
    const auto before = in.pos;
    const auto hint = ZSTD_decompressStream(context.get(), &to, &in);
    if (ZSTD_isError(hint))
      return failed(codec::zstd, ZSTD_getErrorName(hint));
    if (!window.commit(to.pos))
      return out.over_limit();
    if (hint == 0 && in.pos == in.size)
      return std::move(out).take();
    if (to.pos == 0 && in.pos == before)
      return cut_short(codec::zstd);
    frame_starts = hint == 0;
  }
}

expected<byte_vector> pack_zstd(int level, bytes_view plain) {
  byte_vector packed(ZSTD_compressBound(plain.size()));
  const auto size = ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), level);
  if (ZSTD_isError(size))
    return failed(codec::zstd, ZSTD_getErrorName(size));
  packed.resize(size);
  return packed;
}

}  // namespace

expected<byte_vector> compress(codec with, const compression_levels& levels, bytes_view plain) {
  // Batches are bounded by their 31-bit length; this keeps the libraries' own integer types safe.
  if (plain.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    return make_error(errc::batch_too_large, "cannot compress " + std::to_string(plain.size()) + " bytes as one batch");
  switch (with) {
    case codec::gzip:
      return pack_gzip(levels.gzip, plain);
    case codec::snappy:
      return pack_snappy(plain);
    case codec::lz4:
      return pack_lz4(levels.lz4, plain);
    case codec::zstd:
      return pack_zstd(levels.zstd, plain);
    case codec::none:
      break;
  }
  return byte_vector{plain.begin(), plain.end()};
}

expected<byte_vector> decompress(codec with, bytes_view packed, std::size_t max_output_bytes) {
  if (packed.empty() && with != codec::none)
    return cut_short(with);
  switch (with) {
    case codec::gzip:
      return unpack_gzip(packed, max_output_bytes);
    case codec::snappy:
      return unpack_snappy(packed, max_output_bytes);
    case codec::lz4:
      return unpack_lz4(packed, max_output_bytes);
    case codec::zstd:
      return unpack_zstd(packed, max_output_bytes);
    case codec::none:
      break;
  }
  if (packed.size() > max_output_bytes)
    return bounded_output{with, 0, max_output_bytes}.over_limit();
  return byte_vector{packed.begin(), packed.end()};
}

}  // namespace troupe::log

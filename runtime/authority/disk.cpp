#include "runtime/authority/disk.hpp"

#include "runtime/base/mutation.hpp"

namespace troupe {

error make_error(disk_errc code, std::string text) {
  return domain_error(error_domain::disk, static_cast<std::uint8_t>(code), std::move(text));
}

error replace_file(disk& on, const std::string& path, bytes_view content) {
  const auto temporary = path + ".tmp";
  if (auto err = on.remove_all(temporary))
    return err;
  {
    auto out = on.open(temporary, open_mode::create);
    if (!out)
      return out.error();
    if (auto err = (*out)->write(0, std::span{&content, 1}))
      return err;
    if (auto err = mutation("M34") ? error{} : (*out)->sync())
      return err;
  }
  if (auto err = on.rename(temporary, path))
    return err;
  return on.sync_directory(parent_path(path));
}

expected<std::vector<std::uint8_t>> read_file(disk& on, const std::string& path, std::size_t max_bytes) {
  auto in = on.open(path, open_mode::read);
  if (!in)
    return in.error();
  auto size = (*in)->size();
  if (!size)
    return size.error();
  if (*size > max_bytes)
    return make_error(disk_errc::io, path + ": " + std::to_string(*size) + " bytes, more than the "
                                       + std::to_string(max_bytes) + " that such a file may have");
  std::vector<std::uint8_t> content(*size);
  auto count = (*in)->read(0, content);
  if (!count)
    return count.error();
  content.resize(*count);
  return content;
}

std::string parent_path(const std::string& path) {
  auto slash = path.find_last_of('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace troupe

/// The folder of compiled objects: private to its user, checked on the opened files, bounded in size.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace leapgraph::symbolic {

/// An open file descriptor.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  File& operator=(File&& other) noexcept;
  ~File();
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// $XDG_CACHE_HOME/leapgraph or ~/.cache/leapgraph. Usable only when it is a folder (no symbolic link) of mode 0700
/// owned by this user.
class CompileCache {
 public:
  /// Opens the folder, making it where it is missing; nothing when it cannot be used safely.
  /// Files that were not used for longest are removed when all together are longer than `max_bytes`.
  static std::optional<CompileCache> open(std::int64_t max_bytes = std::int64_t{256} << 20);

  /// The object stored under `key` whose source is exactly `source`, opened. Beside the object lies its source, which
  /// ends with the object's length and hash: what does not fit is as good as absent.
  std::optional<File> find(const std::string& key, const std::string& source) const;
  /// A path in the folder for an object on its way to `store`; another at each call.
  std::string temporary_path(const std::string& key) const;
  /// Stores the object at `object_path` (from `temporary_path`) together with its source, each written to a temporary
  /// name and renamed.
  std::optional<File> store(const std::string& key, const std::string& source, const std::string& object_path) const;
  const std::string& path() const { return path_; }

 private:
  CompileCache(std::string path, File folder, std::int64_t max_bytes)
      : path_(std::move(path)), folder_(std::move(folder)), max_bytes_(max_bytes) {}
  void trim() const;

  std::string path_;
  File folder_;
  std::int64_t max_bytes_;
};

}  // namespace leapgraph::symbolic

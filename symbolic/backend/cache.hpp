/// The folder of compiled objects: private to its user, checked on the opened files, bounded in size.
#pragma once

#include <optional>
#include <string>

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
  static std::optional<CompileCache> open();

  /// The object stored under `key` whose source is exactly `source`, opened.
  std::optional<File> find(const std::string& key, const std::string& source) const;
  /// Stores the object at `object_path` (a file in `path()`) together with its source, each written to a temporary name
  /// and renamed.
  std::optional<File> store(const std::string& key, const std::string& source, const std::string& object_path) const;
  const std::string& path() const { return path_; }

 private:
  CompileCache(std::string path, File folder) : path_(std::move(path)), folder_(std::move(folder)) {}
  void trim() const;

  std::string path_;
  File folder_;
};

}  // namespace leapgraph::symbolic

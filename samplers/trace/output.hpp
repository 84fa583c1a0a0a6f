/// A file that appears under its name whole or not at all, with its room on the disk taken before it is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace leapgraph::samplers {

/// A temporary file beside `path` that `publish` turns into it. Nothing is left behind when it is destroyed before.
class NewFile {
 public:
  /// Takes `bytes` of disk. Throws TraceError: cannot_create, or io with the bytes needed and free.
  NewFile(std::string path, std::int64_t bytes);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  const std::string& temporary_path() const { return temporary_; }
  int descriptor() const { return descriptor_; }
  /// Takes the room again, after the file was truncated.
  void reserve(std::int64_t bytes);
  /// Makes the file no longer than `bytes`.
  void cut(std::int64_t bytes);
  /// To disk, to its name, and the name to disk. Without `overwrite` a file that turned up since is kept: kind exists.
  void publish(bool overwrite);
  /// The open file, for the caller to close; only after `publish`.
  int release();

 private:
  std::string path_;
  std::string temporary_;
  int descriptor_ = -1;
  bool published_ = false;
};

/// All of `bytes` at `offset`, or TraceError of kind io that names `path`.
void write_at(int descriptor, const void* data, std::size_t bytes, std::int64_t offset, const std::string& path);
void read_at(int descriptor, void* data, std::size_t bytes, std::int64_t offset, const std::string& path);
/// Everything written so far reaches the disk.
void sync(int descriptor, const std::string& path);

}  // namespace leapgraph::samplers

/// Making, filling and naming an output file by the calls of POSIX.
#include "leapgraph/samplers/trace/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>

#include "leapgraph/samplers/trace.hpp"

namespace leapgraph::samplers {
namespace {

using Kind = TraceError::Kind;

std::string reason(int error) { return std::strerror(error); }

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string base_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Hidden, beside the output, with a name nobody can have prepared a link for; the open is exclusive in any case.
std::string temporary_name(const std::string& path) {
  std::random_device random;
  return fmt::format("{}/.{}.{:08x}{:08x}.tmp", folder_of(path), base_of(path).substr(0, 200), random(), random());
}

[[noreturn]] void no_room(const std::string& path, std::int64_t needed, int error) {
  struct statvfs disk {};
  if (statvfs(folder_of(path).c_str(), &disk) != 0) {
    throw TraceError(Kind::io, fmt::format("{}: no room for the trace's {} bytes: {}", path, needed, reason(error)));
  }
  const auto available = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  throw TraceError(Kind::io, fmt::format("{}: the trace needs {} bytes and {} has {} bytes available ({})", path,
                                         needed, folder_of(path), available, reason(error)));
}

bool is_full(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

// 0 or an errno. Where the file system cannot allocate, glibc writes a byte to every block instead.
int allocate(int descriptor, std::int64_t bytes) {
  int error = 0;
  do {
    error = posix_fallocate(descriptor, 0, bytes);
  } while (error == EINTR);
  return error;
}

// Renames without replacing; by a second link where the file system has no such call. 0 or an errno.
int name_if_free(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (link(from.c_str(), to.c_str()) != 0) return errno;
  unlink(from.c_str());
  return 0;
}

}  // namespace

void check_output(const std::string& path, bool overwrite) {
  if (path.empty() || path.back() == '/') {
    throw TraceError(Kind::cannot_create, fmt::format("'{}' is not the name of a file", path));
  }
  const std::string folder = folder_of(path);
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) {
    const int error = errno;
    throw TraceError(Kind::cannot_create,
                     fmt::format("{}: the folder {} cannot be used: {}", path, folder, reason(error)));
  }
  if (!S_ISDIR(status.st_mode)) {
    throw TraceError(Kind::cannot_create, fmt::format("{}: {} is not a folder", path, folder));
  }
  if (stat(path.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) {
      throw TraceError(Kind::cannot_create, fmt::format("{} is there already and is not a regular file", path));
    }
    if (!overwrite)
      throw TraceError(Kind::exists, fmt::format("{} exists; it is not overwritten unless asked for", path));
  } else if (errno != ENOENT) {
    const int error = errno;
    throw TraceError(Kind::cannot_create, fmt::format("{}: {}", path, reason(error)));
  } else if (lstat(path.c_str(), &status) == 0 && !overwrite) {
    throw TraceError(Kind::exists, fmt::format("{} exists, a link that leads nowhere", path));
  }
  if (faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    const int error = errno;
    throw TraceError(Kind::cannot_create,
                     fmt::format("{}: the folder {} is not writable: {}", path, folder, reason(error)));
  }
}

NewFile::NewFile(std::string path, std::int64_t bytes) : path_(std::move(path)) {
  for (int attempt = 0; descriptor_ < 0; ++attempt) {
    temporary_ = temporary_name(path_);
    descriptor_ = open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    const int error = errno;
    if (descriptor_ >= 0 || (error == EEXIST && attempt < 100)) continue;
    if (is_full(error)) no_room(path_, bytes, error);
    throw TraceError(Kind::cannot_create,
                     fmt::format("{}: no file can be made in {}: {}", path_, folder_of(path_), reason(error)));
  }
  try {
    reserve(bytes);
  } catch (...) {
    close(descriptor_);
    unlink(temporary_.c_str());
    throw;
  }
}

NewFile::~NewFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!published_) unlink(temporary_.c_str());
}

void NewFile::reserve(std::int64_t bytes) {
  // What can never fit is not tried: the attempt would fill the disk for all others.
  struct statvfs disk {};
  struct stat file {};
  if (fstatvfs(descriptor_, &disk) == 0 && disk.f_blocks > 0 && fstat(descriptor_, &file) == 0) {
    const double free = static_cast<double>(disk.f_bfree) * static_cast<double>(disk.f_frsize);
    if (static_cast<double>(bytes) > free + 512.0 * static_cast<double>(file.st_blocks)) no_room(path_, bytes, ENOSPC);
  }
  const int error = allocate(descriptor_, bytes);
  if (is_full(error)) no_room(path_, bytes, error);
  if (error != 0)
    throw TraceError(Kind::io, fmt::format("{}: cannot take {} bytes of disk: {}", path_, bytes, reason(error)));
}

void NewFile::cut(std::int64_t bytes) {
  struct stat status {};
  if (fstat(descriptor_, &status) != 0 || (status.st_size > bytes && ftruncate(descriptor_, bytes) != 0)) {
    const int error = errno;
    throw TraceError(Kind::io, fmt::format("{}: cannot be cut to {} bytes: {}", path_, bytes, reason(error)));
  }
}

void NewFile::publish(bool overwrite) {
  sync(descriptor_, path_);
  int error = 0;
  if (!overwrite) {
    error = name_if_free(temporary_, path_);
  } else if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    error = errno;
  }
  if (error == EEXIST)
    throw TraceError(Kind::exists, fmt::format("{} exists; it is not overwritten unless asked for", path_));
  if (error != 0) throw TraceError(Kind::cannot_create, fmt::format("{}: {}", path_, reason(error)));
  published_ = true;
  // The name survives a loss of power only when its folder is on disk too. A folder that cannot be opened or synced
  // (some network file systems) costs that guarantee, not the trace.
  const int folder = open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
}

int NewFile::release() {
  const int descriptor = descriptor_;
  descriptor_ = -1;
  return descriptor;
}

void write_at(int descriptor, const void* data, std::size_t bytes, std::int64_t offset, const std::string& path) {
  const char* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = pwrite(descriptor, from, bytes, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int error = written < 0 ? errno : ENOSPC;
      throw TraceError(Kind::io,
                       fmt::format("{}: cannot write {} bytes at {}: {}", path, bytes, offset, reason(error)));
    }
    from += written;
    offset += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

void read_at(int descriptor, void* data, std::size_t bytes, std::int64_t offset, const std::string& path) {
  char* to = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t got = pread(descriptor, to, bytes, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      const std::string why = got < 0 ? reason(errno) : "the file ends";
      throw TraceError(Kind::io, fmt::format("{}: cannot read {} bytes at {}: {}", path, bytes, offset, why));
    }
    to += got;
    offset += got;
    bytes -= static_cast<std::size_t>(got);
  }
}

void sync(int descriptor, const std::string& path) {
  if (fsync(descriptor) != 0) {
    const int error = errno;
    throw TraceError(Kind::io, fmt::format("{}: cannot be written to disk: {}", path, reason(error)));
  }
}

}  // namespace leapgraph::samplers

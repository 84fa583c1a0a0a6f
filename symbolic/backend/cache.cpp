/// The folder of compiled objects.
#include "leapgraph/symbolic/backend/cache.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <vector>

namespace leapgraph::symbolic {

namespace {

constexpr std::size_t max_object_bytes = 256 << 20;
constexpr int keep_fresh_seconds = 24 * 60 * 60;  // a used object's time is renewed at most this often

bool is_private(int descriptor, mode_t kind) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 && (status.st_mode & S_IFMT) == kind && status.st_uid == geteuid() &&
         (status.st_mode & 077) == 0;
}

std::optional<std::string> read_all(int descriptor, std::size_t limit) {
  std::string text;
  char chunk[1 << 16];
  while (true) {
    const ssize_t got = ::read(descriptor, chunk, sizeof chunk);
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
    text.append(chunk, static_cast<std::size_t>(got));
    if (text.size() > limit) return std::nullopt;
  }
}

bool write_all(int descriptor, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(descriptor, text.data() + done, text.size() - done);
    if (wrote < 0) return false;
    done += static_cast<std::size_t>(wrote);
  }
  return true;
}

/// The last line of a stored source: length and FNV-1a hash of its object.
std::optional<std::string> seal_of(int object) {
  const std::optional<std::string> bytes = read_all(object, max_object_bytes);
  if (!bytes) return std::nullopt;
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : *bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return "/* object: " + std::to_string(bytes->size()) + " bytes, hash " + std::to_string(hash) + " */\n";
}

std::string cache_root() {
  if (const char* root = std::getenv("XDG_CACHE_HOME"); root != nullptr && root[0] == '/') return root;
  if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/') return std::string(home) + "/.cache";
  return "";
}

}  // namespace

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<CompileCache> CompileCache::open(std::int64_t max_bytes) {
  const std::string root = cache_root();
  if (root.empty()) return std::nullopt;
  std::error_code ignored;
  std::filesystem::create_directories(root, ignored);
  const std::string path = root + "/leapgraph";
  ::mkdir(path.c_str(), 0700);
  File folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.descriptor() < 0 || !is_private(folder.descriptor(), S_IFDIR)) return std::nullopt;
  return CompileCache(path, std::move(folder), max_bytes);
}

std::optional<File> CompileCache::find(const std::string& key, const std::string& source) const {
  const File text(::openat(folder_.descriptor(), (key + ".c").c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (text.descriptor() < 0 || !is_private(text.descriptor(), S_IFREG)) return std::nullopt;
  File object(::openat(folder_.descriptor(), (key + ".so").c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (object.descriptor() < 0 || !is_private(object.descriptor(), S_IFREG)) return std::nullopt;
  const std::optional<std::string> seal = seal_of(object.descriptor());
  if (!seal || read_all(text.descriptor(), source.size() + seal->size()) != source + *seal) return std::nullopt;
  struct stat status {};
  if (fstat(object.descriptor(), &status) == 0 && std::time(nullptr) - status.st_mtime > keep_fresh_seconds) {
    ::futimens(object.descriptor(), nullptr);
    ::futimens(text.descriptor(), nullptr);
  }
  return object;
}

std::string CompileCache::temporary_path(const std::string& key) const {
  static std::atomic<int> next{0};
  return path_ + "/" + key + "." + std::to_string(::getpid()) + "." + std::to_string(next.fetch_add(1)) + ".tmp";
}

std::optional<File> CompileCache::store(const std::string& key, const std::string& source,
                                        const std::string& object_path) const {
  const std::string text_path = temporary_path(key);
  ::chmod(object_path.c_str(), 0600);
  const bool written = [&] {
    const File object(::open(object_path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    const std::optional<std::string> seal = object.descriptor() < 0 ? std::nullopt : seal_of(object.descriptor());
    const File text(::open(text_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    return seal && text.descriptor() >= 0 && write_all(text.descriptor(), source + *seal);
  }();
  const std::string name = path_ + "/" + key;
  if (!written || ::rename(object_path.c_str(), (name + ".so").c_str()) != 0 ||
      ::rename(text_path.c_str(), (name + ".c").c_str()) != 0) {
    ::unlink(object_path.c_str());
    ::unlink(text_path.c_str());
    return std::nullopt;
  }
  trim();
  return find(key, source);
}

void CompileCache::trim() const {
  struct Entry {
    std::string name;
    std::int64_t bytes;
    std::time_t used;
  };
  std::vector<Entry> entries;
  std::int64_t total = 0;
  DIR* listing = ::opendir(path_.c_str());
  if (listing == nullptr) return;
  while (const dirent* item = ::readdir(listing)) {
    struct stat status {};
    if (::fstatat(folder_.descriptor(), item->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
      continue;
    entries.push_back({item->d_name, status.st_size, status.st_mtime});
    total += status.st_size;
  }
  ::closedir(listing);
  if (total <= max_bytes_) return;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  for (const Entry& entry : entries) {
    if (total <= max_bytes_ / 4 * 3) break;
    if (::unlinkat(folder_.descriptor(), entry.name.c_str(), 0) == 0) total -= entry.bytes;
  }
}

}  // namespace leapgraph::symbolic

/// Runs the C compiler on emitted source and loads the result.
#include "leapgraph/symbolic/backend/cpu.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "leapgraph/symbolic/backend/cache.hpp"
#include "leapgraph/symbolic/error.hpp"
#include "leapgraph/symbolic/runtime/variant.hpp"

extern char** environ;

namespace leapgraph::symbolic {

namespace {

/// Part of every key: emitted source of another version may have another ABI.
constexpr std::string_view version = "leapgraph " LEAPGRAPH_VERSION;

std::string find_in_path(const std::string& name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : "";
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    const std::string candidate = fmt::format("{}/{}", rest.substr(0, end), name);
    if (candidate.front() == '/' && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return "";
}

/// FNV-1a, 128 bits in two lanes. It names files in a folder of our own, where the source itself is compared.
std::string key_of(std::initializer_list<std::string_view> parts) {
  std::uint64_t a = 0xcbf29ce484222325ULL, b = 0x84222325cbf29ce4ULL;
  for (std::string_view part : parts) {
    for (const char c : part) {
      a = (a ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
      b = (b ^ static_cast<unsigned char>(c)) * 0x10000000233ULL;
    }
    a = (a ^ 0xff) * 0x100000001b3ULL;
    b = (b ^ 0xff) * 0x10000000233ULL;
  }
  return fmt::format("{:016x}{:016x}", a, b);
}

/// The loader counts users of an object by its file: nobody lets go of one while somebody looks which one it got.
std::mutex loader_mutex;

/// A private folder for one compilation, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const char* root = std::getenv("TMPDIR");
    path_ = fmt::format("{}/leapgraph-XXXXXX", root != nullptr && root[0] == '/' ? root : "/tmp");
    if (::mkdtemp(path_.data()) == nullptr)
      throw GraphError(fmt::format("cannot make a temporary folder at {}: {}", path_, std::strerror(errno)));
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    for (const char* name : {"code.c", "code.so", "messages"}) ::unlink((path_ + "/" + name).c_str());
    ::rmdir(path_.c_str());
  }
  std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

void write_file(const std::string& path, const std::string& text) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(file.descriptor(), text.data() + done, text.size() - done);
    if (wrote < 0) throw GraphError(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
    done += static_cast<std::size_t>(wrote);
  }
}

std::string first_lines(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 2000> text{};
  const ssize_t got = ::read(file.descriptor(), text.data(), text.size());
  return got <= 0 ? "" : std::string(text.data(), static_cast<std::size_t>(got));
}

void run_compiler(const Compiler& compiler, const TemporaryFolder& folder, const std::string& object) {
  std::vector<std::string> words{compiler.path};
  words.insert(words.end(), compiler.flags.begin(), compiler.flags.end());
  for (const std::string& word : {folder.file("code.c"), std::string("-o"), object, runtime_variant_path(),
                                  std::string("-lmvec"), std::string("-lm")})
    words.push_back(word);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, folder.file("messages").c_str(), O_WRONLY | O_CREAT, 0600);
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, compiler.path.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw GraphError(fmt::format("cannot run {}: {}", compiler.path, std::strerror(failed)));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    ::unlink(object.c_str());
    throw GraphError(
        fmt::format("{} could not compile the emitted code: {}", compiler.path, first_lines(folder.file("messages"))));
  }
}

void* open_object(const std::string& path) {
  // Its own libraries come first, so that the runtime variant for this processor is found before the one this library
  // links.
#if defined(__SANITIZE_ADDRESS__)
  constexpr int scope = 0;  // sanitizers cannot work with such objects
#else
  constexpr int scope = RTLD_DEEPBIND;
#endif
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | scope);
  if (handle == nullptr) throw GraphError(fmt::format("cannot load compiled code: {}", ::dlerror()));
  return handle;
}

/// Emitted code names the runtime variant for this processor, which the loader knows once it is loaded.
void load_runtime() {
  static std::once_flag once;
  std::call_once(once, [] {
    const std::string path = runtime_variant_path();
    if (::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr)
      throw GraphError(fmt::format("cannot load {}: {}", path, ::dlerror()));
  });
}

}  // namespace

std::optional<Compiler> find_compiler() {
  std::string path;
  if (const char* chosen = std::getenv("LEAPGRAPH_CC"); chosen != nullptr && chosen[0] != '\0') {
    path = std::string_view(chosen) == "none" ? "" : find_in_path(chosen);
  } else {
    for (const char* name : {"gcc", "clang", "cc"})
      if (path.empty()) path = find_in_path(name);
  }
  if (path.empty()) return std::nullopt;
  char* resolved = ::realpath(path.c_str(), nullptr);
  const std::string real = resolved == nullptr ? path : resolved;
  std::free(resolved);
  struct stat status {};
  if (::stat(real.c_str(), &status) != 0) return std::nullopt;
  Compiler compiler{
      path, fmt::format("{} {} {}.{}", real, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec), {}};
  compiler.flags = {"-std=gnu11", "-O3",   "-fno-math-errno", "-fno-trapping-math",   "-ffp-contract=off",
                    "-fwrapv",    "-fPIC", "-shared",         "-fvisibility=default", "-w"};
  if (const std::string level = processor_level(); !level.empty()) compiler.flags.push_back("-march=" + level);
  if (real.find("clang") != std::string::npos)
    compiler.flags.push_back("-fveclib=libmvec");
  else  // A choice between computed values stays one: moved into its sides, calls would keep loops from vectorising.
    compiler.flags.insert(compiler.flags.end(), {"-fopenmp-simd", "-fno-tree-sink", "-fno-thread-jumps"});
  return compiler;
}

LoadedObject::~LoadedObject() {
  const std::lock_guard lock(loader_mutex);
  ::dlclose(handle_);
}

void* LoadedObject::symbol(const std::string& name) const {
  void* found = ::dlsym(handle_, name.c_str());
  if (found == nullptr) throw InternalError("compiled code lacks the symbol " + name);
  return found;
}

namespace {

/// An object of the cache. The loader knows it by the name of our descriptor. A file that is loaded already keeps the
/// name that it has, which is free for other files once the first one to load it is done: such files are copied.
std::shared_ptr<const LoadedObject> load(File object) {
  const std::string name = fmt::format("/proc/self/fd/{}", object.descriptor());
  {
    const std::lock_guard lock(loader_mutex);
    void* handle = open_object(name);
    link_map* map = nullptr;
    if (::dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map->l_name == name)
      return std::make_shared<const LoadedObject>(handle, std::move(object));
    ::dlclose(handle);
  }
  const TemporaryFolder folder;
  std::error_code failed;
  std::filesystem::copy_file(name, folder.file("code.so"), failed);
  if (failed)
    throw GraphError(fmt::format("cannot copy an object to {}: {}", folder.file("code.so"), failed.message()));
  return std::make_shared<const LoadedObject>(open_object(folder.file("code.so")));
}

}  // namespace

std::shared_ptr<const LoadedObject> load_source(const std::string& source, const Compiler& compiler, bool use_cache) {
  load_runtime();
  std::string flags;
  for (const std::string& flag : compiler.flags) flags += flag + " ";
  const std::string key = key_of({source, compiler.identity, flags, version});
  const std::optional<CompileCache> cache = use_cache ? CompileCache::open() : std::nullopt;
  if (cache)
    if (std::optional<File> object = cache->find(key, source)) {
      // A file that cannot be loaded (a full disk, a copied folder) is made anew.
      try {
        return load(std::move(*object));
      } catch (const GraphError&) {
      }
    }
  const TemporaryFolder folder;
  write_file(folder.file("code.c"), source);
  if (!cache) {
    run_compiler(compiler, folder, folder.file("code.so"));
    return std::make_shared<const LoadedObject>(open_object(folder.file("code.so")));
  }
  const std::string object = cache->temporary_path(key);
  run_compiler(compiler, folder, object);
  if (std::optional<File> stored = cache->store(key, source, object)) return load(std::move(*stored));
  run_compiler(compiler, folder, folder.file("code.so"));
  return std::make_shared<const LoadedObject>(open_object(folder.file("code.so")));
}

}  // namespace leapgraph::symbolic

/// Compiles emitted C and loads it into this process.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "leapgraph/symbolic/backend/cache.hpp"

namespace leapgraph::symbolic {

/// The C compiler of this machine and how it is called.
struct Compiler {
  std::string path;      ///< resolved
  std::string identity;  ///< path, size and time of the executable: changes with the version
  std::vector<std::string> flags;
};

/// gcc, else clang, else cc from PATH (or LEAPGRAPH_CC, which may be "none"). Looked up at each call, cheaply.
std::optional<Compiler> find_compiler();

/// A loaded shared object; symbols stay valid as long as it lives.
class LoadedObject {
 public:
  /// `file`, where given, stays open: the loader knows an object by the name of its descriptor, which must not be
  /// reused meanwhile.
  explicit LoadedObject(void* handle, std::optional<File> file = std::nullopt)
      : handle_(handle), file_(std::move(file)) {}
  LoadedObject(const LoadedObject&) = delete;
  LoadedObject& operator=(const LoadedObject&) = delete;
  ~LoadedObject();
  /// Throws InternalError when there is no such symbol.
  void* symbol(const std::string& name) const;

 private:
  void* handle_;
  std::optional<File> file_;
};

/// The object of `source`: from the cache where it holds it, else compiled. Throws GraphError with the compiler's words
/// when it fails.
std::shared_ptr<const LoadedObject> load_source(const std::string& source, const Compiler& compiler, bool use_cache);

}  // namespace leapgraph::symbolic

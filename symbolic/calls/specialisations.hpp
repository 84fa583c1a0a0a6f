/// A graph and what it was compiled to, for each combination of shapes that it was called with.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "leapgraph/symbolic/compile.hpp"

namespace leapgraph::symbolic {

/// A graph compiled for one combination of shapes, with what calls look at beside the code.
struct Specialisation {
  struct Output {
    Type type;
    std::int64_t bytes;
    std::vector<int> extents;  ///< empty: the length of every axis is exact
  };

  explicit Specialisation(CompiledFunction function, std::vector<std::int64_t> lengths);
  /// Whether the first `count` outputs are scalars of 8 bytes at most.
  bool has_short_scalars(std::size_t count) const { return count <= short_scalars; }

  CompiledFunction compiled;
  std::vector<std::int64_t> lengths;  ///< of all axes of all inputs
  bool is_native;
  std::int64_t workspace_bytes;
  std::size_t extent_count;
  std::vector<const void*> data;
  std::vector<Output> outputs;
  std::size_t short_scalars = 0;
  std::unique_ptr<const Specialisation> older;
};

/// Append-only: specialisations stay where they are as long as the code lives, and are found without a lock.
class Specialisations {
 public:
  Specialisations(Graph graph, const CompileOptions& options) : graph_(std::move(graph)), options_(options) {}
  ~Specialisations();
  Specialisations(const Specialisations&) = delete;
  Specialisations& operator=(const Specialisations&) = delete;

  const Graph& graph() const { return graph_; }
  const CompileOptions& options() const { return options_; }
  /// The one for inputs of these shapes, compiled if need be.
  const Specialisation& find(const std::vector<const Shape*>& shapes);
  /// One with room for what a call of `small` lacked.
  const Specialisation& larger(const Specialisation& small, const RuntimeError& error);
  std::size_t count() const;

  static bool fits(const Specialisation& specialisation, const std::vector<const Shape*>& shapes) {
    const std::int64_t* length = specialisation.lengths.data();
    for (const Shape* shape : shapes)
      for (const std::int64_t other : *shape)
        if (*length++ != other) return false;
    return true;
  }

 private:
  const Specialisation* known(const std::vector<const Shape*>& shapes) const;
  const Specialisation& keep(CompiledFunction function, std::vector<std::int64_t> lengths);

  const Graph graph_;
  const CompileOptions options_;
  mutable std::mutex mutex_;  ///< held to compile and to add
  std::atomic<const Specialisation*> newest_ = nullptr;
};

}  // namespace leapgraph::symbolic

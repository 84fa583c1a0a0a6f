/// Finding and making specialisations.
#include "leapgraph/symbolic/calls/specialisations.hpp"

#include <algorithm>

#include "leapgraph/symbolic/rewrite/specialize.hpp"

namespace leapgraph::symbolic {

Specialisation::Specialisation(CompiledFunction function, std::vector<std::int64_t> of_inputs)
    : compiled(std::move(function)),
      lengths(std::move(of_inputs)),
      is_native(compiled.is_native()),
      workspace_bytes(compiled.workspace_bytes()),
      extent_count(compiled.extent_count()) {
  for (const Array& array : compiled.data()) data.push_back(array.raw());
  for (std::size_t i = 0; i < compiled.outputs().size(); ++i) {
    Output output{compiled.outputs()[i], 0, {}};
    if (is_native) {
      output.bytes = element_count(output.type.shape) * info(output.type.dtype).bytes;
      const std::vector<int>& extents = compiled.extents()[i];
      if (std::any_of(extents.begin(), extents.end(), [](int extent) { return extent >= 0; })) output.extents = extents;
    }
    if (is_native && short_scalars == i && output.type.shape.empty() && output.bytes <= 8) ++short_scalars;
    outputs.push_back(std::move(output));
  }
}

Specialisations::~Specialisations() {
  // One by one: a long list must not be destroyed recursively.
  std::unique_ptr<const Specialisation> next(newest_.load());
  while (next) next = std::move(const_cast<Specialisation&>(*next).older);
}

const Specialisation* Specialisations::known(const std::vector<const Shape*>& shapes) const {
  for (const Specialisation* s = newest_.load(std::memory_order_acquire); s != nullptr; s = s->older.get())
    if (fits(*s, shapes)) return s;
  return nullptr;
}

const Specialisation& Specialisations::find(const std::vector<const Shape*>& shapes) {
  if (const Specialisation* found = known(shapes)) return *found;
  const std::lock_guard lock(mutex_);
  if (const Specialisation* found = known(shapes)) return *found;
  std::vector<Shape> all;
  std::vector<std::int64_t> lengths;
  for (const Shape* shape : shapes) {
    all.push_back(*shape);
    lengths.insert(lengths.end(), shape->begin(), shape->end());
  }
  return keep(compile(specialize(graph_, all), options_), std::move(lengths));
}

const Specialisation& Specialisations::larger(const Specialisation& small, const RuntimeError& error) {
  CompiledFunction function = small.compiled.larger(error);
  const std::lock_guard lock(mutex_);
  return keep(std::move(function), small.lengths);
}

const Specialisation& Specialisations::keep(CompiledFunction function, std::vector<std::int64_t> lengths) {
  auto made = std::make_unique<Specialisation>(std::move(function), std::move(lengths));
  made->older.reset(newest_.load(std::memory_order_relaxed));
  const Specialisation* kept = made.release();
  newest_.store(kept, std::memory_order_release);
  return *kept;
}

std::size_t Specialisations::count() const {
  std::vector<const std::vector<std::int64_t>*> seen;
  for (const Specialisation* s = newest_.load(std::memory_order_acquire); s != nullptr; s = s->older.get())
    if (std::none_of(seen.begin(), seen.end(), [s](const auto* lengths) { return *lengths == s->lengths; }))
      seen.push_back(&s->lengths);
  return seen.size();
}

}  // namespace leapgraph::symbolic

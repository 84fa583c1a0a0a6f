/// The intern table, node lifetime, and iterative walks over the graph.
#include "leapgraph/symbolic/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <mutex>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/complex_rules.hpp"
#include "leapgraph/symbolic/ops/node_index.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/print/text.hpp"
#include "leapgraph/symbolic/variables.hpp"

namespace leapgraph::symbolic {

namespace {

template <class... F>
struct overloaded : F... {
  using F::operator()...;
};

std::uint64_t mix(std::uint64_t h, std::uint64_t value) {
  h ^= value + 0x9e3779b97f4a7c15ULL + (h << 6) + (h >> 2);
  h ^= h >> 31;
  return h * 0xbf58476d1ce4e5b9ULL;
}

std::uint64_t hash_of(const Expr& e) {
  return mix(std::bit_cast<std::uintptr_t>(e.node_pointer().get()), static_cast<std::uint64_t>(e.output()));
}

std::uint64_t hash_of(const Type& type) {
  std::uint64_t h = static_cast<std::uint64_t>(type.dtype);
  for (std::int64_t d : type.shape) h = mix(h, static_cast<std::uint64_t>(d));
  return h;
}

std::uint64_t hash_of(const Attribute& attribute) {
  return mix(
      attribute.index(),
      std::visit(overloaded{
                     [](bool v) { return static_cast<std::uint64_t>(v); },
                     [](std::int64_t v) { return static_cast<std::uint64_t>(v); },
                     [](double v) { return std::bit_cast<std::uint64_t>(v); },
                     [](const std::string& v) { return static_cast<std::uint64_t>(std::hash<std::string>()(v)); },
                     [](const std::vector<std::int64_t>& v) {
                       std::uint64_t h = v.size();
                       for (std::int64_t x : v) h = mix(h, static_cast<std::uint64_t>(x));
                       return h;
                     },
                     [](DType v) { return static_cast<std::uint64_t>(v); },
                     [](const Type& v) { return hash_of(v); },
                     [](const Array& v) { return std::bit_cast<std::uint64_t>(v.raw()); },
                     [](const Body& v) {
                       std::uint64_t h = v->inputs.size();
                       for (const Expr& e : v->outputs) h = mix(h, hash_of(e));
                       return h;
                     },
                     [](const std::shared_ptr<SharedStorage>& v) { return std::bit_cast<std::uint64_t>(v.get()); },
                 },
                 attribute));
}

bool equal(const Attribute& a, const Attribute& b) {
  if (a.index() != b.index()) return false;
  if (const auto* x = std::get_if<double>(&a))
    return std::bit_cast<std::uint64_t>(*x) == std::bit_cast<std::uint64_t>(std::get<double>(b));
  if (const auto* x = std::get_if<Array>(&a))
    return x->raw() == std::get<Array>(b).raw() && x->type() == std::get<Array>(b).type();
  if (const auto* x = std::get_if<Body>(&a)) return **x == *std::get<Body>(b);
  return std::visit(
      [&b](const auto& x) -> bool {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, Array>)
          return false;
        else
          return x == std::get<T>(b);
      },
      a);
}

}  // namespace

const Attribute* Attributes::find(std::string_view name) const {
  for (const auto& [key, value] : entries_)
    if (key == name) return &value;
  return nullptr;
}

Attributes Attributes::with(std::string_view name, Attribute value) const {
  Attributes result = *this;
  for (auto& [key, old] : result.entries_)
    if (key == name) {
      old = std::move(value);
      return result;
    }
  result.entries_.emplace_back(name, std::move(value));
  return result;
}

bool Attributes::operator==(const Attributes& other) const {
  if (entries_.size() != other.entries_.size()) return false;
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].first != other.entries_[i].first || !equal(entries_[i].second, other.entries_[i].second))
      return false;
  return true;
}

std::uint64_t Attributes::hash() const {
  std::uint64_t h = entries_.size();
  for (const auto& [key, value] : entries_) h = mix(mix(h, std::hash<std::string_view>()(key)), hash_of(value));
  return h;
}

std::string to_string(const Attribute& attribute) {
  return std::visit(
      overloaded{
          [](bool v) { return std::string(v ? "true" : "false"); },
          [](std::int64_t v) { return std::to_string(v); },
          [](double v) { return fmt::format("{}", v); },
          [](const std::string& v) { return v; },
          [](const std::vector<std::int64_t>& v) { return to_string(v); },
          [](DType v) { return std::string(info(v).name); },
          [](const Type& v) { return to_string(v); },
          [](const Array& v) { return to_string(v.type()); },
          [](const Body& v) { return fmt::format("body({} -> {})", v->inputs.size(), v->outputs.size()); },
          [](const std::shared_ptr<SharedStorage>&) { return std::string("shared"); },
      },
      attribute);
}

// --- Places ---

namespace {

std::string_view folder_of(const std::source_location& place) {
  const std::string_view file = place.file_name();
  return file.substr(0, file.rfind('/') + 1);
}

thread_local const std::source_location* made_at = nullptr;
thread_local const BuiltAt* built_at = nullptr;

std::source_location place_in_force(const std::source_location& place, const Exprs& inputs) {
  if (made_at != nullptr) return *made_at;
  if (!is_own(place)) return place;
  if (built_at != nullptr) return built_at->place();
  for (const Expr& e : inputs)
    if (!is_own(e.node().place())) return e.node().place();
  return place;
}

/// What an error says before and after its words about what the library works for.
struct Told {
  std::string before, after;
};
Told told_around() {
  if (made_at != nullptr) return {"", fmt::format(" (made at {})", to_string(*made_at))};
  if (built_at == nullptr) return {};
  return {built_at->op().empty() ? "" : fmt::format("{}: ", built_at->op()),
          fmt::format(" (made at {})", to_string(built_at->place()))};
}

std::string told(const std::string& what) {
  if (what.find("made at ") != std::string::npos) return what;
  const Told around = told_around();
  return (what.starts_with(around.before) ? "" : around.before) + what + around.after;
}

}  // namespace

GraphError::GraphError(const std::string& what) : Error(told(what)) {}

// A place of the library itself tells less than what is in force around it.
MadeAt::MadeAt(const std::source_location& place) : place_(place), before_(made_at) {
  if (!is_own(place)) made_at = &place_;
}
MadeAt::~MadeAt() { made_at = before_; }

BuiltAt::BuiltAt(const std::source_location& place, std::string_view op) : place_(place), op_(op), before_(built_at) {
  if (!is_own(place)) built_at = this;
}
BuiltAt::~BuiltAt() { built_at = before_; }

bool is_own(const std::source_location& place) {
  // As the sources of the library are named, and as its headers are.
  static const std::string_view folders[] = {folder_of(std::source_location::current()), folder_of(place_in_header())};
  const std::string_view file = place.file_name();
  // Elements of vectors and lists are converted in the standard library.
  return file.empty() || file.starts_with(folders[0]) || file.starts_with(folders[1]) ||
         file.find("/include/c++/") != std::string_view::npos;
}

std::string to_string(const std::source_location& place) {
  return fmt::format("{}:{}", place.file_name(), place.line());
}

// --- Interning ---

/// The only global: a weak table of all live nodes, in shards with a lock each, so that graphs can be built on several
/// threads.
class InternTable {
 public:
  static InternTable& instance() {
    static auto* table = new InternTable;  // never destroyed: nodes in static storage may outlive everything
    return *table;
  }

  std::shared_ptr<const Node> intern(const Op& op, Exprs inputs, Attributes attributes, std::source_location place) {
    std::uint64_t h = mix(std::bit_cast<std::uintptr_t>(&op), attributes.hash());
    for (const Expr& e : inputs) h = mix(h, hash_of(e));
    Shard& shard = shards_[h % shards_.size()];
    if (!op.effect) {
      const std::lock_guard lock(shard.mutex);
      if (auto found = find(shard, h, op, inputs, attributes)) return found;
    }
    std::unique_ptr<Node> made(new Node);
    made->op_ = &op;
    made->types_ = infer(op, inputs, attributes, place);
    made->inputs_ = std::move(inputs);
    made->attributes_ = std::move(attributes);
    made->hash_ = h;
    made->place_ = place;
    if (op.effect) return {made.release(), destroy_unlisted};
    const std::lock_guard lock(shard.mutex);
    if (auto found = find(shard, h, op, made->inputs_, made->attributes_))
      return found;  // made by another thread meanwhile
    std::shared_ptr<const Node> node(made.release(), destroy);
    shard.nodes.emplace(h, Entry{node.get(), node});
    return node;
  }

  std::size_t size() {
    std::size_t count = 0;
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      count += shard.nodes.size();
    }
    return count;
  }

 private:
  struct Entry {
    const Node* node;
    std::weak_ptr<const Node> weak;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_multimap<std::uint64_t, Entry> nodes;
  };

  static std::shared_ptr<const Node> find(Shard& shard, std::uint64_t h, const Op& op, const Exprs& inputs,
                                          const Attributes& attributes) {
    const auto [first, last] = shard.nodes.equal_range(h);
    for (auto it = first; it != last; ++it)
      if (auto node = it->second.weak.lock())
        if (&node->op() == &op && node->inputs() == inputs && node->attributes() == attributes) return node;
    return nullptr;
  }

  static std::vector<Type> infer(const Op& op, const Exprs& inputs, const Attributes& attributes,
                                 const std::source_location& place) {
    std::vector<Type> types;
    for (const Expr& e : inputs) types.push_back(e.type());
    try {
      if (op.arity >= 0 && static_cast<std::size_t>(op.arity) != inputs.size())
        throw GraphError(fmt::format("takes {} inputs, got {}", op.arity, inputs.size()));
      if (has_complex(inputs)) require_complex_node(op);
      return op.type(types, attributes);
    } catch (const GraphError& error) {
      std::string_view what = error.what();
      const Told around = told_around();
      if (what.starts_with(around.before)) what.remove_prefix(around.before.size());
      if (what.ends_with(around.after)) what.remove_suffix(around.after.size());
      error.rethrow(fmt::format("{}: {} ({}{}made at {})", op.name, what, inputs_text(inputs),
                                inputs.empty() ? "" : "; ", to_string(place)));
      throw;  // not reached
    }
  }

  static void destroy(const Node* node) { InternTable::instance().release(node, true); }
  static void destroy_unlisted(const Node* node) { InternTable::instance().release(node, false); }

  /// Deletes without recursion: inputs that lose their last user are put on a list of this thread and follow in a loop.
  void release(const Node* node, bool listed) {
    using Pending = std::vector<std::pair<const Node*, bool>>;
    // A plain pointer, which outlives the destructors of statics that hold expressions.
    thread_local Pending* pending = nullptr;
    if (pending != nullptr) {
      pending->emplace_back(node, listed);
      return;
    }
    Pending list{{node, listed}};
    pending = &list;
    while (!list.empty()) {
      const auto [next, in_table] = list.back();
      list.pop_back();
      if (in_table) unlist(next);
      delete next;  // drops its inputs, whose deleters push to `list`
    }
    pending = nullptr;
  }

  void unlist(const Node* node) {
    Shard& shard = shards_[node->hash() % shards_.size()];
    const std::lock_guard lock(shard.mutex);
    const auto [first, last] = shard.nodes.equal_range(node->hash());
    for (auto it = first; it != last; ++it)
      if (it->second.node == node) {
        shard.nodes.erase(it);
        return;
      }
  }

  std::array<Shard, 64> shards_;
};

std::size_t interned_nodes() { return InternTable::instance().size(); }

std::shared_ptr<const Node> make_node(const Op& op, Exprs inputs, Attributes attributes, std::source_location place) {
  place = place_in_force(place, inputs);
  return InternTable::instance().intern(op, std::move(inputs), std::move(attributes), place);
}

Expr make(const Op& op, Exprs inputs, Attributes attributes, std::source_location place) {
  if (has_complex(inputs)) {
    const MadeAt at(place_in_force(place, inputs));
    return complex_application({op, inputs, attributes});
  }
  return {make_node(op, std::move(inputs), std::move(attributes), place), 0};
}

std::vector<const Node*> topological_order(std::span<const Expr> outputs) {
  struct Visit {
    const Node* node;
    std::size_t next;  ///< input to look at
  };
  std::vector<const Node*> order;
  NodeIndex seen;
  std::vector<Visit> stack;
  for (const Expr& output : outputs) {
    if (output && seen.insert(&output.node()).second) stack.push_back({&output.node(), 0});
    while (!stack.empty()) {
      Visit& top = stack.back();
      if (top.next == top.node->inputs().size()) {
        order.push_back(top.node);
        stack.pop_back();
        continue;
      }
      const Node* input = &top.node->inputs()[top.next++].node();
      if (seen.insert(input).second) stack.push_back({input, 0});
    }
  }
  return order;
}

void Expr::throw_empty() { throw GraphError("an expression is empty: it was never made, or it was moved from"); }

Exprs outputs_of(const Node& node) {
  const std::shared_ptr<const Node> pointer = node.shared_from_this();
  Exprs outputs;
  for (std::size_t i = 0; i < node.types().size(); ++i) outputs.emplace_back(pointer, static_cast<int>(i));
  return outputs;
}

Exprs rebuild_same(const Node& node, const Exprs& inputs) {
  if (inputs == node.inputs()) return outputs_of(node);
  const MadeAt at(node.place());
  if (node.op().complex != nullptr && has_complex(inputs))
    return {make(node.op(), inputs, node.attributes(), node.place())};
  return outputs_of(*make_node(node.op(), inputs, node.attributes(), node.place()));
}

Exprs rebuild(std::span<const Expr> outputs, const Rebuild& f) {
  const std::vector<const Node*> order = topological_order(outputs);
  const NodeIndex numbers(order);
  Exprs done;  // the outputs of all nodes, one after the other
  done.reserve(order.size());
  std::vector<std::size_t> first(order.size());
  Exprs inputs;
  const auto rebuilt = [&](const Expr& e) -> const Expr& {
    return done[first[numbers.find(&e.node())] + static_cast<std::size_t>(e.output())];
  };
  for (std::size_t i = 0; i < order.size(); ++i) {
    inputs.clear();
    for (const Expr& e : order[i]->inputs()) inputs.push_back(rebuilt(e));
    const MadeAt here(order[i]->place());
    Exprs made = f(*order[i], inputs);
    first[i] = done.size();
    std::move(made.begin(), made.end(), std::back_inserter(done));
  }
  Exprs result;
  for (const Expr& e : outputs) result.push_back(e ? rebuilt(e) : Expr());
  return result;
}

Exprs substitute(std::span<const Expr> outputs, const Substitution& replacements) {
  return rebuild(outputs, [&replacements](const Node& node, const Exprs& inputs) {
    Exprs made = rebuild_same(node, inputs);
    const Exprs old = outputs_of(node);
    for (std::size_t i = 0; i < made.size(); ++i)
      if (const auto it = replacements.find(old[i]); it != replacements.end()) made[i] = it->second;
    return made;
  });
}

Exprs free_inputs(std::span<const Expr> outputs) {
  Exprs found;
  std::unordered_map<const Node*, bool> seen;
  for (const Expr& e : outputs)
    if (e && is_input(e) && seen.emplace(&e.node(), true).second) found.push_back(e);
  for (const Node* node : topological_order(outputs))
    for (const Expr& e : node->inputs())
      if (is_input(e) && seen.emplace(&e.node(), true).second) found.push_back(e);
  return found;
}

Body close(const Graph& graph) {
  Substitution numbered;
  Graph body;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    body.inputs.push_back(parameter(static_cast<std::int64_t>(i), graph.inputs[i].type()));
    numbered.emplace(graph.inputs[i], body.inputs.back());
  }
  for (const Expr& e : free_inputs(graph.outputs))
    if (!numbered.contains(e))
      throw MissingInput(fmt::format("the body uses the variable '{}', which is not among its inputs", name_of(e)));
  body.outputs = substitute(graph.outputs, numbered);
  return std::make_shared<const Graph>(std::move(body));
}

Exprs apply(const Graph& body, std::span<const Expr> arguments) {
  if (arguments.size() != body.inputs.size()) throw InternalError("a body was applied to a wrong number of arguments");
  Substitution replacements;
  for (std::size_t i = 0; i < arguments.size(); ++i) replacements.emplace(body.inputs[i], arguments[i]);
  return substitute(body.outputs, replacements);
}

}  // namespace leapgraph::symbolic

/// The expression graph: immutable, interned nodes, the expressions that point at their outputs, and walks over them.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "leapgraph/symbolic/array.hpp"
#include "leapgraph/symbolic/error.hpp"
#include "leapgraph/symbolic/type.hpp"

namespace leapgraph::symbolic {

struct Op;
struct Graph;
class Node;
class SharedStorage;
class Subscript;

/// One output of a node; what users hold. Copying is cheap, equality is identity of node and output: since equal nodes
/// are one node, `x + y == x + y`. Elementwise comparison is `eq`, `lt`, ... of ops.hpp.
class Expr {
 public:
  Expr() = default;  ///< nothing; used where a gradient or an optional input is absent
  Expr(std::shared_ptr<const Node> node, int output) : node_(std::move(node)), output_(output) {}

  explicit operator bool() const { return node_ != nullptr; }
  /// This and what follows throw GraphError for an Expr that is nothing: never made, or moved from.
  const Node& node() const {
    if (node_ == nullptr) throw_empty();
    return *node_;
  }
  const std::shared_ptr<const Node>& node_pointer() const { return node_; }
  int output() const { return output_; }
  const Op& op() const;
  const Type& type() const;
  DType dtype() const { return type().dtype; }
  const Shape& shape() const { return type().shape; }
  std::int64_t rank() const { return type().rank(); }

  /// x[-1], x[i], x[{_, range(1, None)}]: see `index` (indexing.hpp).
  Expr operator[](const Subscript& items) const;

  bool operator==(const Expr&) const = default;

 private:
  [[noreturn]] static void throw_empty();

  std::shared_ptr<const Node> node_;
  int output_ = 0;
};

using Exprs = std::vector<Expr>;

/// An argument of a builder: an expression or a plain number, with the place in the user's source where it was written.
/// A plain number takes the element type of the other operands (`x + 1.0` with a float32 x is float32); where that
/// cannot hold it, the result is wider (`i + 1.5` with integers i is float64, `b + 300` with an int8 b is int16).
class Operand {
 public:
  Operand(Expr expr, std::source_location place = std::source_location::current())
      : expr_(std::move(expr)), place_(place) {}
  Operand(double value, std::source_location place = std::source_location::current());
  Operand(float value, std::source_location place = std::source_location::current())
      : Operand(static_cast<double>(value), place) {}
  Operand(int value, std::source_location place = std::source_location::current())
      : Operand(static_cast<std::int64_t>(value), place) {}
  Operand(unsigned value, std::source_location place = std::source_location::current())
      : Operand(static_cast<std::int64_t>(value), place) {}
  Operand(long long value, std::source_location place = std::source_location::current())
      : Operand(static_cast<std::int64_t>(value), place) {}
  Operand(std::int64_t value, std::source_location place = std::source_location::current());
  Operand(std::uint64_t value, std::source_location place = std::source_location::current());
  Operand(bool value, std::source_location place = std::source_location::current());
  /// A std::complex.
  template <class Z>
  requires requires(const Z& z) {
    { z.real() } -> std::convertible_to<double>;
    { z.imag() } -> std::convertible_to<double>;
  }
  Operand(const Z& value, std::source_location place = std::source_location::current())
      : Operand(static_cast<double>(value.real()), static_cast<double>(value.imag()), place) {}

  const Expr& expr() const { return expr_; }
  operator const Expr&() const { return expr_; }
  const std::source_location& place() const { return place_; }
  bool is_weak() const { return weak_; }  ///< a plain number

 private:
  Operand(double real, double imaginary, std::source_location place);

  Expr expr_;
  std::source_location place_;
  bool weak_ = false;
};

using Operands = std::vector<Operand>;

/// The closed set of what an attribute can be. Arrays are equal by identity of their buffer, doubles by their bits,
/// bodies by the identity of their expressions, storage of shared variables by its address.
using Attribute = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>, DType, Type, Array,
                               std::shared_ptr<const Graph>, std::shared_ptr<SharedStorage>>;

/// The static parameters of a node, by name; small, kept in the order given by the builder.
class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<std::pair<std::string_view, Attribute>> entries) : entries_(entries) {}

  /// Throws InternalError when there is no such attribute of this type.
  template <class T>
  const T& get(std::string_view name) const {
    const Attribute* found = find(name);
    const T* value = found == nullptr ? nullptr : std::get_if<T>(found);
    if (value == nullptr) throw InternalError("attribute '" + std::string(name) + "' is missing or of another type");
    return *value;
  }
  bool has(std::string_view name) const { return find(name) != nullptr; }
  const Attribute* find(std::string_view name) const;
  /// The same with one entry replaced or added.
  Attributes with(std::string_view name, Attribute value) const;
  const std::vector<std::pair<std::string_view, Attribute>>& entries() const { return entries_; }

  bool operator==(const Attributes& other) const;
  std::uint64_t hash() const;

 private:
  std::vector<std::pair<std::string_view, Attribute>> entries_;  // names are literals of the op families
};

std::string to_string(const Attribute& attribute);

/// An application of an op. Nodes are made by `make` only, never change, and equal ones are one object.
class Node : public std::enable_shared_from_this<Node> {
 public:
  const Op& op() const { return *op_; }
  const Exprs& inputs() const { return inputs_; }
  const Expr& input(std::size_t i) const { return inputs_[i]; }
  const Attributes& attributes() const { return attributes_; }
  template <class T>
  const T& get(std::string_view attribute) const {
    return attributes_.get<T>(attribute);
  }
  const std::vector<Type>& types() const { return types_; }
  std::uint64_t hash() const { return hash_; }
  /// Where the node was first made. Not part of its identity.
  const std::source_location& place() const { return place_; }

 private:
  friend class InternTable;
  Node() = default;
  const Op* op_ = nullptr;
  Exprs inputs_;
  Attributes attributes_;
  std::vector<Type> types_;
  std::uint64_t hash_ = 0;
  std::source_location place_;
};

inline const Op& Expr::op() const { return node().op(); }
inline const Type& Expr::type() const { return node().types()[static_cast<std::size_t>(output_)]; }

/// The node op(inputs, attributes): an existing equal one, or a new one. Runs the op's type rule; throws GraphError
/// naming the op, the types and the place when the inputs do not fit. Inputs are as the op wants them: builders in
/// ops.hpp promote.
std::shared_ptr<const Node> make_node(const Op& op, Exprs inputs, Attributes attributes = {},
                                      std::source_location place = std::source_location::current());
/// While one lives on this thread, nodes are made at `place`, whatever their builders say: what stands for a node after
/// rewriting or differentiating was written where that node was. The innermost counts.
class MadeAt {
 public:
  explicit MadeAt(const std::source_location& place);
  ~MadeAt();
  MadeAt(const MadeAt&) = delete;
  MadeAt& operator=(const MadeAt&) = delete;

 private:
  std::source_location place_;
  const std::source_location* before_;
};

/// All outputs of a node.
Exprs outputs_of(const Node& node);
/// Output 0 of `make_node`.
Expr make(const Op& op, Exprs inputs, Attributes attributes = {},
          std::source_location place = std::source_location::current());

/// A function without free variables but its inputs. As the body of a scan or a call its inputs are `parameter` nodes,
/// numbered and not named, so that equal bodies are equal.
struct Graph {
  Exprs inputs;
  Exprs outputs;
  bool operator==(const Graph&) const = default;
};

using Body = std::shared_ptr<const Graph>;

/// Replaces the inputs of `graph` by numbered parameters. Throws GraphError when an output depends on another input
/// variable, which is then named; `free_inputs` finds those before.
Body close(const Graph& graph);
/// The outputs of a body with `arguments` in the place of its parameters.
Exprs apply(const Graph& body, std::span<const Expr> arguments);
/// Input variables (ops `input` and `parameter`) that `outputs` depend on, in order of first use.
Exprs free_inputs(std::span<const Expr> outputs);

/// Every node that `outputs` depend on, inputs before users, each once. Iterative: depth is not limited by the stack.
std::vector<const Node*> topological_order(std::span<const Expr> outputs);

struct ExprHash {
  std::size_t operator()(const Expr& e) const {
    return std::hash<const void*>()(e.node_pointer().get()) * 31 + static_cast<std::size_t>(e.output());
  }
};
using Substitution = std::unordered_map<Expr, Expr, ExprHash>;

/// `outputs` with expressions replaced; types are inferred anew, so an input may be replaced by one of more definite
/// shape.
Exprs substitute(std::span<const Expr> outputs, const Substitution& replacements);

/// What a rebuild does with a node whose inputs were rebuilt already: its new outputs. `rebuild_same` applies the same
/// op anew.
using Rebuild = std::function<Exprs(const Node& node, const Exprs& inputs)>;
Exprs rebuild_same(const Node& node, const Exprs& inputs);
/// Rebuilds the graph bottom-up, asking `f` for each node. Bodies are left alone.
Exprs rebuild(std::span<const Expr> outputs, const Rebuild& f);

/// Number of nodes alive in the intern table; for tests of leaks.
std::size_t interned_nodes();

// Arithmetic and comparisons; the named functions are in ops.hpp.
Expr operator+(const Operand& a, const Operand& b);
Expr operator-(const Operand& a, const Operand& b);
Expr operator*(const Operand& a, const Operand& b);
Expr operator/(const Operand& a, const Operand& b);
Expr operator%(const Operand& a, const Operand& b);
Expr operator-(const Operand& a);
Expr operator<(const Operand& a, const Operand& b);
Expr operator<=(const Operand& a, const Operand& b);
Expr operator>(const Operand& a, const Operand& b);
Expr operator>=(const Operand& a, const Operand& b);

}  // namespace leapgraph::symbolic

/// THE contract: what an op says about itself. One constant record an op; everything else iterates `all_ops`.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "leapgraph/symbolic/graph.hpp"

namespace leapgraph::symbolic {

/// Types of the outputs from the types of the inputs. Throws GraphError saying what is wrong; `make` adds the op, the
/// types and the place. Elementwise ops get inputs of one element type (builders promote) and broadcast shapes.
using TypeRule = std::vector<Type> (*)(std::span<const Type> inputs, const Attributes& attributes);

/// What a gradient rule sees. `adjoints` has one entry an output; an absent one is an output nobody depends on
/// (`adjoint` is output 0's). `wanted` says of each input whether the caller uses its adjoint: rules that would compute
/// much for an unwanted one (scan, call) leave it out, others need not look.
struct Application {
  const Node& node;
  const Exprs& inputs;
  Exprs outputs;
  Exprs adjoints;
  Expr adjoint;
  Expr output;
  std::vector<bool> wanted = {};
};

/// Reverse rule: one adjoint an input, absent where the input has none (integers, or no dependence). The adjoint of a
/// broadcast input is summed back to its shape by the caller: rules write the mathematics of one element.
using Gradient = Exprs (*)(const Application& a);
/// Forward rule: one tangent an output from one tangent an input (absent: zero).
using Tangent = Exprs (*)(const Node& node, std::span<const Expr> tangents);
/// The reference: outputs from inputs, independent of the emitted code and of runtime/.
using Evaluate = std::vector<Array> (*)(const Node& node, std::span<const Array> inputs);

// --- Lowerings: a closed set. Schedulers and emitters switch on these and never on ops. ---

/// out[i] = code(in0[i], in1[i], ...), broadcast. `code` is a C expression over {0}, {1}, ...; {f} is "f" in float32
/// code, so that "exp{f}({0})" calls expf; {T} is the C element type of the output. It must be free of branches with
/// side effects, so that loops vectorise. "{i}" is the index along attribute "axis" (iota).
struct Elementwise {
  std::string_view code;
  std::string_view cuda = {};  ///< only where it differs
};

enum class Combine { sum, product, maximum, minimum, all, any };

/// out = combine over attribute "axes" (std::vector<int64>), which the output drops. Elements are combined in the
/// output's element type.
struct Reduction {
  Combine combine;
};

/// out[o...] = sum over the other labels of in0[a...] * in1[b...]; labels are small integers, one an axis.
struct ContractionLabels {
  std::vector<std::int64_t> first, second, output;
};
struct Contraction {
  ContractionLabels (*labels)(const Node& node);
};

/// The output is the input's memory read with other strides. Given row-major or strided layout of the input, the layout
/// of the output; `offset` and `strides` count elements. Returns false where no strides express it: the input is copied
/// first.
struct Layout {
  Shape shape;
  std::int64_t offset = 0;
  std::vector<std::int64_t> strides;
};
struct View {
  bool (*layout)(const Node& node, const Layout& input, Layout& output);
};

/// out[i..., r...] = in0[index[i...], r...]: rows of in0 (axis 0) picked by an integer tensor in1 of any rank.
struct Gather {};

enum class ScatterKind {
  add,  ///< in0: values [i..., r...], in1: index [i...]; out[index[i], r] += values[i, r]; out has attribute "length"
        ///< rows
  set_rows,  ///< in0, but out[index[i], r] = values[i, r] with in1: index [i...], in2: values [i..., r...], in this
             ///< order: of equal rows the last stays. Written into the memory of in0 where nobody reads that afterwards
  add_rows,  ///< the same with +=
  window,    ///< each input k is copied to out at the place that `windows` gives; what no input covers is 0
};
struct Scatter {
  ScatterKind kind;
  /// For `window`: layout of the part of the row-major output that input k fills.
  Layout (*window)(const Node& node, std::size_t input) = nullptr;
};

/// Runs one of two closed bodies.
struct Branch {};
/// scan: attributes as ops/scan.cpp says.
struct Loop {};
/// A closed body called as a function (attribute "body").
struct Call {};
/// A precompiled C function over whole row-major arrays: long symbol(const void* const* in, void* const* out, const
/// long* sizes); `sizes` lists what the node's `sizes` member gives. It must not write its inputs. Non-zero return: the
/// call fails, with the check and the value that `routine_failure` (checks.hpp) packs into it.
struct Routine {
  std::string_view symbol;
  std::vector<std::int64_t> (*sizes)(const Node& node) = nullptr;
};
/// Inputs, parameters, constants: bound, not computed.
struct Source {};
/// Never reaches the scheduler: `concrete` (below) replaces it when shapes are known.
struct Abstract {};

using Lowering = std::variant<Source, Abstract, Elementwise, Reduction, Contraction, View, Gather, Scatter, Branch,
                              Loop, Call, Routine>;

/// Interval from which tests draw arguments; `pole` values inside are avoided by tests of derivatives.
struct Domain {
  double low = -2.0;
  double high = 2.0;
};

/// An expression that may have gained leading batch axes: an input or output of a node that `vectorize` rebuilds.
struct Batched {
  Expr value;
  bool varies = true;  ///< with batch axes in front; else one value for the whole batch
};

/// What a batching rule sees: the node, and its inputs with `axes` batch axes in front where they vary, at least one of
/// them. A batch axis along which an input stays the same has length 1.
struct Batch {
  const Node& node;
  std::vector<Batched> inputs;
  std::int64_t axes;
};

/// What a rule for complex numbers sees: an application with at least one complex input, of which no node is made.
struct ComplexApplication {
  const Op& op;
  const Exprs& inputs;
  const Attributes& attributes;
};

struct Op {
  std::string_view name;
  std::string_view summary;  ///< one line, for the documentation
  int arity = 1;             ///< -1: any number
  TypeRule type = nullptr;
  Gradient gradient = nullptr;  ///< absent: asking for it is an error that names the op
  Tangent tangent = nullptr;    ///< absent: derived from `gradient` (double vector-Jacobian product)
  Evaluate evaluate = nullptr;
  Lowering lowering = Source{};
  Domain domain = {};                    ///< of every argument, or
  std::span<const Domain> domains = {};  ///< one an argument
  /// The node in terms of others once its input shapes are known (ops whose work depends on shapes); an absent Expr:
  /// leave it.
  Exprs (*concrete)(const Node& node) = nullptr;
  bool effect = false;  ///< never merged, folded or dropped (print, assert, host call)
  /// Expressions that tests evaluate, differentiate and compile, over fresh inputs; elementwise ops have them made from
  /// their arity.
  Exprs (*examples)() = nullptr;
  /// How the op gains leading batch axes, where its lowering does not say: views, windows, abstract ops, routines.
  /// Rules are in ops/batching.hpp. Absent there: `vectorize` refuses, naming the op.
  std::vector<Batched> (*batched)(const Batch& batch) = nullptr;
  /// The output for complex inputs, in real numbers: `make` asks for it in the place of a node. Rules are in
  /// ops/complex_rules.hpp. Absent: what moves or adds elements does so with both parts, contractions are multiplied
  /// out, loops, calls and branches take complex numbers as they are; other ops refuse them.
  Expr (*complex)(const ComplexApplication& a) = nullptr;
};

/// Every op there is, in the order of the families.
std::span<const Op* const> all_ops();
const Op* find_op(std::string_view name);

template <class L>
const L* lowering_as(const Op& op) {
  return std::get_if<L>(&op.lowering);
}

}  // namespace leapgraph::symbolic

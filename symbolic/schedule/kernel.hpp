/// The loop program that a graph is scheduled into: buffers, loop nests of scalar statements, and the few larger steps.
/// Emitters for C and CUDA read this and nothing before it.
#pragma once

#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "leapgraph/symbolic/checks.hpp"
#include "leapgraph/symbolic/op.hpp"

namespace leapgraph::symbolic {

/// Where the memory of a buffer comes from.
enum class Place {
  input,      ///< in[index]
  output,     ///< out[index]
  extent,     ///< rt->extents[index]: the length that an axis of an output has at run time
  data,       ///< a constant array, passed after the inputs: in[inputs + index]
  workspace,  ///< work + index bytes
  local,      ///< a scalar or a short array of the function itself
  slice       ///< base buffer at iteration * stride: a row of a sequence or of a stacked output
};

struct Buffer {
  Place place = Place::workspace;
  DType dtype = DType::float64;
  std::int64_t size = 0;    ///< elements
  std::int64_t index = 0;   ///< number of the input, output or data array; byte offset in the workspace
  int base = -1;            ///< slice: the buffer it is cut from,
  std::int64_t offset = 0;  ///< where row 0 starts,
  std::int64_t stride = 0;  ///< elements from row to row,
  int loop = -1;            ///< and the loop that counts the rows
};

/// One element of a buffer as a function of the loop indices: offset + sum(strides[axis] * index[axis]), plus, for a
/// gather, a computed row number times its stride.
struct Access {
  int buffer = -1;
  std::int64_t offset = 0;
  std::vector<std::int64_t> strides;  ///< one a loop axis
  int row = -1;                       ///< number of the statement that gives the row, or -1
  std::int64_t row_stride = 0;
  std::int64_t rows = 0;  ///< rows there are; checked at run time unless `row_is_checked`
  bool row_is_checked = false;
  Check check = Check::row;  ///< what a row that is not there means
  int made_at = -1;          ///< in Module::places, for the message when the check fails
};

struct Load {
  Access from;
};
struct Literal {
  double real = 0;
  std::int64_t whole = 0;
};
/// `code` over earlier statements.
struct Compute {
  const Elementwise* code;
  std::vector<int> arguments;
  int index_axis = -1;  ///< loop axis that "{i}" stands for
};

/// A scalar value of the innermost body; refers to earlier ones by number.
struct Statement {
  std::variant<Load, Literal, Compute> what;
  DType dtype;
};

struct Store {
  int value;
  Access to;
};

/// to = combine(to, value), or to + value * factor where a factor is given; `to` has stride 0 along the axes that are
/// reduced.
struct Accumulation {
  Combine combine;
  int value;
  int factor = -1;
  Access to;
  bool scattered = false;  ///< the row is computed: two iterations may meet, and the target was filled before
};

/// A nest of loops around scalar statements.
struct Nest {
  Shape extents;
  std::vector<Statement> statements;
  std::vector<Store> stores;
  std::vector<Accumulation> accumulations;
  /// Buffer of int64 offsets: the last loop runs from offsets[i] to offsets[i + 1], where i is the index of the loop
  /// before it, the first of two. Its extent is then the number of all positions. -1: every loop runs over its extent.
  int segments = -1;
  /// Buffer of the number of iterations of the first loop that are wanted (int64), at most its extent; -1: all.
  int limit = -1;
  std::string origin;  ///< the ops it came from, for the reader of the emitted code
};

/// Fills a buffer with zeros.
struct Fill {
  int buffer;
};

struct RoutineCall {
  const Routine* routine;
  std::vector<int> inputs, outputs;
  std::vector<std::int64_t> sizes;
  int made_at = -1;  ///< in Module::places, for the message when it fails
};

struct Step;
using Steps = std::vector<Step>;

/// for (t = 0; t < steps; ++t) body. Carries live in buffers of their own; `next` is copied to `current` after each
/// iteration.
struct LoopStep {
  struct Carry {
    int current, next;
  };
  int number;  ///< of the loop, which slices refer to
  int steps;   ///< buffer of the run-time length (int64), or -1:
  std::int64_t known_steps = 0;
  std::vector<Carry> carries = {};
  std::vector<Step> body = {};
  // Where the loop ends by itself, and what is checked when its steps are a run-time number:
  int stop = -1;               ///< buffer of the condition (bool); true after an iteration: it was the last. -1: none
  int done = -1;               ///< buffer of the number of iterations done (int64), where there is a condition
  bool must_stop = false;      ///< ending without the condition fails
  std::int64_t limit = -1;     ///< rows of the shortest sequence; -1: no sequence
  std::int64_t capacity = -1;  ///< rows that stacked outputs have; -1: none, or as many as known_steps
  int made_at = -1;            ///< in Module::places
};

struct BranchStep {
  int condition;  ///< buffer
  std::vector<Step> if_true, if_false;
};

/// Function number `function` of the module.
struct CallStep {
  int function;
  std::vector<int> inputs, outputs;
  int workspace = -1;  ///< buffer that the called function works in, or -1
};

struct Step {
  std::variant<Nest, Fill, RoutineCall, LoopStep, BranchStep, CallStep> what;
};

/// Scalar statements, as a measure of how long the emitted code is.
std::size_t statement_count(const Step& step);
std::size_t statement_count(const Steps& steps);

/// A whole function. Buffers are numbered through nested steps.
struct Program {
  std::string name;
  bool exported = false;  ///< callable from outside; bodies that are called are not
  std::vector<Type> inputs, outputs;
  std::vector<Buffer> buffers;
  std::vector<Array> data;
  Steps steps;
  std::int64_t workspace_bytes = 0;
};

/// Functions compiled together; later ones call earlier ones.
struct Module {
  std::vector<Program> functions;
  std::vector<Origin> places;  ///< of nodes with checks at run time
};

}  // namespace leapgraph::symbolic

/// The one evaluator: runs statements and expressions of a typed program on values that are known or symbolic.
///
/// Transformed data run with everything known. The parameters are symbolic, and what depends on them becomes an
/// expression; the rest of the model is still computed here and now, when data are bound: integers, sizes, indices,
/// conditions, and every subexpression that no parameter enters.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "leapgraph/models/library/distribution.hpp"
#include "leapgraph/models/lower/selection.hpp"
#include "leapgraph/models/lower/value.hpp"
#include "leapgraph/models/solvers/program_function.hpp"
#include "leapgraph/models/source.hpp"
#include "leapgraph/models/types/typed_ast.hpp"
#include "leapgraph/symbolic/host_function.hpp"

namespace leapgraph::models::lower {

/// A density that a statement evaluated, to say later why it is not finite.
struct DensityAt {
  const library::Distribution* distribution = nullptr;
  library::Quantity quantity = library::Quantity::log_density;
  symbolic::Exprs arguments = {};
};

/// What one place of the program adds to the log density.
struct Contribution {
  Range range;
  Value value = 0.0;      ///< one number
  std::string text = {};  ///< what stands there, for messages; empty: the program's own text
  std::vector<DensityAt> densities = {};
  std::string reason = {};  ///< what a `reject` says
};

/// A program that is right and asks for what this version cannot do with values that depend on parameters or are drawn.
class Unsupported : public ModelError {
 public:
  using ModelError::ModelError;
};

/// What becomes of loops in which something depends on parameters.
enum class Loops {
  whole,    ///< each statement is one expression over all iterations
  unrolled  ///< each iteration has expressions of its own; for tests, which compare the two
};

class Evaluator {
 public:
  Evaluator(const TypedProgram& program, const Source& source, Loops loops = Loops::whole);

  // --- variables ---

  const Value& value(SymbolId symbol) const { return slot(symbol).value; }
  /// Declares a variable of that shape and gives it a value; it has the symbol's type.
  void declare(SymbolId symbol, symbolic::Shape shape, Value value);
  /// The lengths of a declared variable, arrays first. Throws ModelError for negative sizes.
  symbolic::Shape shape_of_type(const SizedType<Typed>& type, std::string_view variable);

  // --- running ---

  /// Runs the statements of a block. False when one of them rejects: what follows it is not run.
  bool run(const ProgramBlock<Typed>& block);
  Value evaluate(const TypedExpression& expression);

  /// From here on `_rng` functions take numbers from this stream, a symbolic::counter_stream or a variable for one.
  void draw_from(symbolic::Expr stream) {
    stream_ = std::move(stream);
    next_place_ = 0;
  }
  /// What must hold for the values of a draw to be had.
  struct Requirement {
    Range range;
    symbolic::Expr holds;  ///< bool, one
  };
  /// A `print` was passed over, since what it prints is not known.
  bool prints() const { return prints_; }
  const std::vector<Requirement>& requirements() const { return requirements_; }
  void require(Requirement requirement) { requirements_.push_back(std::move(requirement)); }

  /// The log density so far; `add` appends to it.
  const std::vector<Contribution>& contributions() const { return contributions_; }
  /// What the author should know: a loop that had to be unrolled, an element read before it was assigned.
  const std::vector<Diagnostic>& warnings() const { return warnings_; }
  void add(Contribution contribution) { contributions_.push_back(std::move(contribution)); }
  Value target() const;

  // --- complaints; all throw ModelError ---

  [[noreturn]] void fail(Diagnostic diagnostic) const;
  [[noreturn]] void unsupported(Range range, const std::string& what) const;

 private:
  struct Slot {
    Value value = 0.0;
    symbolic::Shape shape = {};  ///< as declared; assigned values must have it
  };
  enum class Flow { next, broken, continued, returned, rejected };

  Slot& slot(SymbolId symbol) { return slots_[static_cast<std::size_t>(symbol)]; }
  const Slot& slot(SymbolId symbol) const { return slots_[static_cast<std::size_t>(symbol)]; }
  const Symbol& symbol(SymbolId id) const { return program_.symbols[static_cast<std::size_t>(id)]; }

  // expression.cpp
  /// The value without a copy where a variable holds it, else through `scratch`.
  const Value& view(const TypedExpression& expression, Value& scratch);
  Value evaluate_call(const TypedExpression& expression, const Call<Typed>& call);
  // call.cpp
  /// Thrown out of an expression whose call of a function rejects, which was noted; ends the block.
  struct Rejection {};
  /// A function of the program, run with these arguments: what it returns, of a tuple the leaves.
  std::vector<Value> call(const UserFunctionUse& use, std::span<const TypedExpression* const> arguments, Range range);
  /// The same with values that have the types of its parameters; `variables` as in Frame.
  std::vector<Value> call(const UserFunctionUse& use, std::vector<Value> arguments, std::vector<bool> variables,
                          Range range);
  void call_statement(const TypedStatement& statement, const CallStatement<Typed>& call);
  Value call_for_value(const UserFunctionUse& use, std::span<const TypedExpression* const> arguments, Range range);
  // solve.cpp, solve_ode.cpp, function_graph.cpp
  class FunctionPieces;
  Value solve(const TypedExpression& expression, const Call<Typed>& call);
  /// The arguments of a solver behind its function.
  struct SolverCall {
    const SolverUse& use;
    Range range;
    std::vector<Value> values = {};
    std::vector<bool> variables = {};
    std::size_t first = 0, last = 0;  ///< what the function is handed on
    library::Tolerances tolerances = {};
    std::vector<symbolic::Array> controls = {};  ///< what the call gives of tolerances and the like
  };
  SolverCall solver_call(const TypedExpression& expression, const Call<Typed>& call, std::size_t own);
  Value solve_ode(library::OdeMethod method, const SolverCall& call);
  Value solve_dae(const SolverCall& call);
  /// The function of differential equations, which are as many as states.
  std::shared_ptr<const solvers::ProgramFunction> rate_function(FunctionPieces& pieces, const SolverCall& call,
                                                                std::size_t states);
  static Value reshaped(const Value& flat, const symbolic::Shape& shape);
  Value solve_integral(library::QuadratureMethod method, const SolverCall& call);
  Value solve_root(library::RootMethod method, const SolverCall& call);
  Value map_shards(const TypedExpression& expression, const Call<Typed>& call);
  /// What a solver computes of the variables and data at the back of `pieces`: known now where these are.
  Value solution(const FunctionPieces& pieces, symbolic::HostMapFunction solver, std::int64_t length, Range range);
  /// Whether Stan differentiates by this: it depends on parameters by its type, whatever its value is.
  bool is_variable(const TypedExpression& expression) const;
  std::vector<bool> variables_of(std::span<const TypedExpression* const> arguments) const;

  bool keeps_all_terms() const { return call_.function != no_function && !call_.unnormalized; }

  Value choose(const TypedExpression& expression, const Ternary<Typed>& choice);
  Value evaluate_binary(const TypedExpression& expression, const Binary<Typed>& binary);
  Value evaluate_indexed(const TypedExpression& expression);
  Value evaluate_elements(const TypedExpression& expression, const std::vector<TypedExpression>& elements);
  Value apply(const FunctionUse& use, std::span<const Value* const> arguments, Range range, std::string_view shown);
  void add_log_jacobian(const FunctionUse& use, std::span<const Value* const> arguments, Range range,
                        std::string_view shown);
  Value density(const DensityUse& use, std::span<const TypedExpression* const> arguments, Range range);
  Value drawn(const TypedExpression& expression, const Call<Typed>& call);
  void require_domains(const library::Distribution& distribution, std::span<const symbolic::Expr> parameters,
                       Range range);
  /// Every value of the program is known: loops just run.
  bool all_is_known() const;
  symbolic::Expr argument(const Value& value, const StanType& type);
  /// A known integer; `what` says which in the complaint.
  std::int64_t integer(const TypedExpression& expression, std::string_view what);
  bool condition(const TypedExpression& expression);

  // indexing.cpp
  class Access;
  /// The row-major position of one element; nothing when the indices pick more than that.
  std::optional<std::int64_t> element(const Access& access, const symbolic::Shape& shape);
  std::vector<Selection> select(const Access& access, const symbolic::Shape& shape);
  Selection select(const Index<Typed>& index, std::int64_t length, std::size_t axis, const Access& access);
  std::int64_t checked_position(std::int64_t index, std::int64_t length, std::size_t axis, Range range,
                                const Access& access) const;
  std::string name_of(const TypedExpression& root) const;

  // statement.cpp
  /// A loop that a statement of its body left in this way ends too, and so does what is around it.
  static bool leaves(Flow flow) { return flow == Flow::returned || flow == Flow::rejected; }
  Flow execute(const TypedStatement& statement);
  Flow execute(const std::vector<TypedStatement>& statements);
  void declaration(const Declaration<Typed>& declaration);
  void assignment(const Assignment<Typed>& assignment, const StatementInfo& info);
  void assign(const TypedExpression& target, Value value, Range value_range);
  Flow message(const Message<Typed>& message, Range range);
  Flow if_else(const TypedStatement& statement);
  Flow loop(const TypedStatement& statement);
  Flow run_loop(const TypedStatement& statement);
  Flow while_loop(const While<Typed>& loop, Range range);
  Flow for_loop(const For<Typed>& loop, Range range);
  Flow for_each(const ForEach<Typed>& loop, Range range);
  /// Refuses a loop that does not seem to end, or is too long to be unrolled.
  void count_iteration(Range range);
  /// "n = 3, k = 1": where the running loops are; empty outside of loops.
  std::string iteration_text() const;
  void contribute(const TypedStatement& statement, const Value& term);
  std::string printed(const Message<Typed>& message);
  void require_shape(const symbolic::Shape& expected, const Value& value, const StanType& type, Range range) const;

  /// A nest of loops, or a branch, in which something depends on parameters: expressed as a whole; loops that cannot be
  /// are unrolled.
  Flow lift(const TypedStatement& nest);
  /// The body of the function that is called, as a whole where it returns under a condition that depends on parameters.
  Flow function_body(const FunctionDefinition<Typed>& function);
  friend class Tracer;
  friend class Equations;

  const TypedProgram& program_;
  const Source& source_;
  std::vector<Slot> slots_;
  BlockKind block_ = BlockKind::Data;
  std::vector<Contribution> contributions_;
  std::vector<DensityAt> densities_;  // of the statement that is running
  /// What expressions stand for while a statement of a loop is expressed for all iterations.
  const std::unordered_map<const TypedExpression*, Value>* bound_ = nullptr;
  /// Random numbers: the stream, the next place in it, and for calls in a loop that is expressed as a whole the
  /// variable of their place and the numbers that they take.
  struct Places {
    symbolic::Expr first;
    std::int64_t taken = 0;
  };
  symbolic::Expr stream_;
  std::int64_t next_place_ = 0;
  std::unordered_map<const TypedExpression*, Places>* places_ = nullptr;
  std::vector<Requirement> requirements_;
  bool prints_ = false;
  std::int64_t iterations_ = 0;  // of all loops of the block so far
  /// Iterations that may still be unrolled, and why there is a limit; none: loops are not being unrolled.
  std::optional<std::int64_t> unrolled_left_;
  std::string unrolled_because_;
  std::vector<Diagnostic> warnings_;
  Loops loops_;
  /// The function of the program that is running, if any, and what it has returned: the leaves of a tuple.
  struct Frame {
    FunctionId function = no_function;
    bool unnormalized = false;
    std::vector<Value> results = {};
    std::vector<bool> variables = {};  ///< of its parameters: `is_variable` of the arguments
  };
  Frame call_;
  int call_depth_ = 0;
  std::unordered_map<FunctionId, int> active_calls_;
  std::vector<SymbolId> loop_variables_;  // of the loops that are running
  /// Functions that solvers were given, by what they were compiled for; copies of the evaluator share them.
  struct ProgramFunctions {
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<const solvers::ProgramFunction>> by_key;
  };
  std::shared_ptr<ProgramFunctions> program_functions_ = std::make_shared<ProgramFunctions>();
  /// Integer containers as reals, beside the original that keeps the buffer's address taken: one copy however often the
  /// model uses it.
  std::unordered_map<const std::byte*, std::pair<symbolic::Array, symbolic::Array>> reals_;
};

}  // namespace leapgraph::models::lower

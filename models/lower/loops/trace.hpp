/// What happened when a nest of loops ran with everything known but the parameters: which statement wrote each element
/// that each statement read, and what was known in each iteration.
///
/// The nest runs once, here and now. Integers, bounds, indices, branches and whatever else no parameter enters are
/// computed as everywhere; of what depends on parameters only the movement is followed. A statement whose values depend
/// on parameters is a `Point`: it keeps its value as one expression over placeholders, and for each time it was
/// executed a row of what these stand for. `equations.hpp` makes whole-array expressions of that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "leapgraph/models/lower/evaluator.hpp"
#include "leapgraph/models/lower/loops/dependence.hpp"

namespace leapgraph::models::lower {

/// Where an element of a variable came from: element `element` of everything that point `point` wrote, its executions
/// one after the other; or one of
struct SourceOf {
  static constexpr std::int32_t before = -1;   ///< the variable's value before the nest, element `element` of it
  static constexpr std::int32_t unset = -2;    ///< declared and never assigned: nan
  static constexpr std::int32_t nothing = -3;  ///< no execution, nobody looks

  std::int32_t point = unset;
  std::int64_t element = 0;
  bool operator==(const SourceOf&) const = default;
};

/// A known value that differs between executions.
struct Leaf {
  symbolic::Expr placeholder;
  std::variant<std::vector<std::int64_t>, std::vector<double>> values;  ///< all elements, execution after execution
};

/// Elements of a variable.
struct Read {
  SymbolId symbol = no_symbol;
  symbolic::Expr placeholder;
  std::vector<SourceOf> sources;  ///< one an element, execution after execution
};

/// The body of a loop, over all its iterations; space 0 is what surrounds the nest, executed once.
struct Space {
  int parent = -1;
  std::vector<std::int64_t> parents;  ///< of each iteration, the one of the parent space in which it took place
  std::int64_t count() const { return static_cast<std::int64_t>(parents.size()); }
};

/// A statement with one combination of sizes.
struct Point {
  const TypedStatement* statement = nullptr;  ///< null for the parts of one that are points themselves
  Range range;
  int space = 0;
  std::vector<std::int64_t> executions;  ///< the iteration of its space in which each took place; increasing
  std::vector<Leaf> leaves;
  std::vector<Read> reads;
  symbolic::Expr value;  ///< of one execution
  std::vector<DensityAt> densities;
  SymbolId target = no_symbol;  ///< what it writes; none: it adds to the log density

  std::int64_t count() const { return static_cast<std::int64_t>(executions.size()); }
  std::int64_t elements() const { return symbolic::element_count(value.shape()); }
};

/// A variable that points write.
struct Followed {
  symbolic::Shape shape;
  std::vector<SourceOf> last;  ///< of each element
  bool outlives = false;       ///< declared before the nest
};

struct Trace {
  std::vector<Space> spaces;
  std::vector<Point> points;
  std::unordered_map<SymbolId, Followed> followed;
};

/// The nest cannot be expressed as a whole: why.
struct NotWhole {
  Range range;
  std::string reason;
};

/// Runs nests of loops. Throws ModelError where the program does, NotWhole where the nest has to be unrolled.
class Tracer {
 public:
  Tracer(Evaluator& evaluator, const TypedStatement& nest);

  /// False when the nest rejects.
  bool run();
  Trace& trace() { return trace_; }
  const Dependence& dependence() const { return dependence_; }

 private:
  using Flow = Evaluator::Flow;

  struct ReadSpec {
    const TypedExpression* expression;
    SymbolId symbol;
  };
  /// A part of an expression that is executed before it, as a point that writes a variable of its own.
  struct Part {
    const TypedExpression* expression;
    SymbolId symbol;
  };
  struct Variant {
    std::vector<std::int64_t> sizes;
    std::size_t point;
  };
  struct Template {
    std::vector<Part> parts;
    std::vector<const TypedExpression*> leaves;
    std::vector<ReadSpec> reads;
    std::vector<Variant> variants;
    std::size_t latest = 0;  // variant
  };
  struct Iteration {
    int space = 0;
    std::int64_t number = 0;
  };
  /// How a point is made of what was collected.
  struct Making {
    const TypedStatement* statement;
    Range range;
    SymbolId target;
    std::function<Value()> value;
  };

  Flow execute(const TypedStatement& statement);
  Flow execute(const std::vector<TypedStatement>& statements);
  Flow branch(const If<Typed>& node);
  Flow for_loop(const TypedStatement& statement, const For<Typed>& loop);
  Flow while_loop(const TypedStatement& statement, const While<Typed>& loop);
  Flow for_each(const TypedStatement& statement, const ForEach<Typed>& loop);
  Flow iteration(int space, const std::function<Flow()>& body);
  void declare(const TypedStatement& statement, const Declaration<Typed>& declaration);
  void assign(const TypedStatement& statement, const Assignment<Typed>& assignment);
  void contribute(const TypedStatement& statement);
  bool condition(const TypedExpression& expression);

  int space_of(const TypedStatement& loop);
  Template& template_of(const void* what);
  void collect(const TypedExpression& expression, Template& into);
  void collect_read(const TypedExpression& expression, SymbolId symbol, Template& into);
  SymbolId run_part(const Part& part);
  void run_choice(const Ternary<Typed>& choice, const Part& part);
  /// Executes a point: notes what its placeholders stand for this time. Its number.
  std::size_t run_point(Template& known, const Making& making);
  std::size_t make_point(Template& known, const Making& making, std::vector<std::int64_t> sizes);
  /// Positions that the expression picks of its variable; the shape of what is picked.
  symbolic::Shape positions_of(const TypedExpression& expression, const symbolic::Shape& shape,
                               std::vector<std::int64_t>& positions);
  const symbolic::Shape& shape_of_variable(SymbolId symbol) const;
  Followed& follow(SymbolId symbol);
  /// The variable of a loop over a container that depends on parameters gets an element.
  void copy(const TypedExpression& container, const std::vector<std::int64_t>& positions, symbolic::Shape shape,
            SymbolId target);
  void write(SymbolId symbol, std::size_t point, std::span<const std::int64_t> positions);
  void set_whole(SymbolId symbol, symbolic::Shape shape, std::size_t point);
  StanType type_of(SymbolId symbol) const;
  void warn_unset(const TypedExpression& expression, SymbolId symbol);

  Evaluator& evaluator_;
  const TypedStatement& nest_;
  Dependence dependence_;
  Trace trace_;
  Iteration now_;
  std::unordered_map<const void*, std::unique_ptr<Template>> templates_;
  std::unordered_map<const void*, int> spaces_;
  std::unordered_set<const TypedExpression*> warned_;
  std::vector<StanType> part_types_;  // of the variables of parts, which come after the program's
  std::unordered_map<const TypedExpression*, SymbolId> part_symbols_;

  // Of the point that is executing: kept between executions to save allocations.
  std::vector<std::int64_t> sizes_;
  std::vector<Value> leaf_values_;
  std::vector<std::vector<std::int64_t>> positions_;
};

}  // namespace leapgraph::models::lower

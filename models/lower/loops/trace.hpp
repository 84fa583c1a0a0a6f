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
  std::vector<Evaluator::Requirement> requirements;  ///< of each execution
  SymbolId target = no_symbol;                       ///< what it writes; none: it adds to the log density

  std::int64_t count() const { return static_cast<std::int64_t>(executions.size()); }
  std::int64_t elements() const { return symbolic::element_count(value.shape()); }
};

/// A variable that points write.
struct Followed {
  symbolic::Shape shape;
  std::vector<SourceOf> last;  ///< of each element
  bool outlives = false;       ///< declared before the nest
  std::size_t masks = 0;       ///< how many masks there were where it was declared
};

struct Trace {
  std::vector<Space> spaces;
  std::vector<Point> points;
  std::unordered_map<SymbolId, Followed> followed;
  std::vector<StanType> part_types;  ///< of variables that hold parts of expressions; numbered after the program's

  StanType type_of(SymbolId symbol, const TypedProgram& program) const {
    const auto s = static_cast<std::size_t>(symbol), own = program.symbols.size();
    return s < own ? program.symbols[s].type : part_types[s - own];
  }
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
    bool whole = false;  ///< the variable itself, whatever the expression is
    bool may_be_unset = false;
    std::vector<const Index<Typed>*> computed = {};  ///< indices that depend on parameters: all their axis is read
  };
  /// A condition that depends on parameters, where what it guards is executed all the same.
  struct Mask {
    const TypedExpression* condition;
    SymbolId symbol;  ///< holds its value, 0 or 1
    bool wanted;
  };
  /// A part of an expression that is executed before it, as a point that writes a variable of its own.
  struct Part {
    const TypedExpression* expression;
    SymbolId symbol;
  };
  struct Variant {
    std::vector<std::int64_t> sizes;
    std::size_t point;
    std::vector<std::int64_t> taken = {};  ///< random numbers, by each of the template's draws
  };
  struct Template {
    std::vector<Part> parts;
    std::vector<const TypedExpression*> leaves;
    std::vector<ReadSpec> reads;
    std::vector<const TypedExpression*>
        draws;  ///< calls of _rng: their places in the stream are leaves after the others
    std::vector<Variant> variants;
    std::size_t latest = 0;  // variant
    /// Integers are sizes or positions that a function needs to know: each combination of them is a variant.
    bool integers_are_sizes = false;
    bool is_new() const {
      return variants.empty() && leaves.empty() && reads.empty() && parts.empty() && draws.empty();
    }
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

  /// A place of the program, in one of the calls that it takes part in.
  struct Key {
    const void* place;
    int context;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<const void*>()(key.place) ^ (static_cast<std::size_t>(key.context) << 20);
    }
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
  void add_to_target(const TypedStatement& statement, SymbolId term);
  bool condition(const TypedExpression& expression);
  /// What a condition that depends on parameters is in this iteration, where data decide that.
  std::optional<bool> known_side(const TypedExpression& condition);
  SymbolId mask_symbol(const TypedExpression& condition);
  void collect_masks(std::size_t from, Template& into);
  /// `value` where the masks hold, else `otherwise`.
  Value masked(std::size_t from, const Value& value, const Value& otherwise);
  void refuse_dependent(const TypedExpression& expression, std::string_view what) const;

  int space_of(const TypedStatement& loop);
  Template& template_of(const void* what);
  /// A variable of its own for the value of a part.
  void add_part(const TypedExpression& expression, Template& into);
  void run_call(const UserFunctionUse& use, const std::vector<const TypedExpression*>& arguments, const void* site,
                std::vector<SymbolId> results);
  /// Variables are made anew with the values of expressions, all of which are computed first.
  void bind(const std::vector<SymbolId>& symbols, const std::vector<const TypedExpression*>& values);
  /// Whatever asks for the size of a variable sees this.
  void set_size(SymbolId symbol, const symbolic::Shape& shape);
  void call_statement(const TypedStatement& statement);
  void collect(const TypedExpression& expression, Template& into);
  void collect_read(const TypedExpression& expression, SymbolId symbol, Template& into);
  void run_part(const Part& part);
  void run_side(const TypedExpression& side, const Part& part);
  void give_back(const Return<Typed>& node);
  /// Executes a point: notes what its placeholders stand for this time. Its number.
  std::size_t run_point(Template& known, const Making& making);
  std::size_t run_prepared(Template& known, const Making& making);  // after its parts
  std::size_t make_point(Template& known, const Making& making, std::vector<std::int64_t>& taken);
  /// Positions that the expression picks of its variable; the shape of what is picked.
  symbolic::Shape positions_of(const ReadSpec& spec, const symbolic::Shape& shape,
                               std::vector<std::int64_t>& positions);
  Value pick_computed(const ReadSpec& spec, const symbolic::Expr& all);
  const symbolic::Shape& shape_of_variable(SymbolId symbol) const;
  Followed& follow(SymbolId symbol);
  /// The variable of a loop over a container that depends on parameters gets an element.
  void copy(const TypedExpression& container, const std::vector<std::int64_t>& positions, symbolic::Shape shape,
            SymbolId target);
  void write(SymbolId symbol, std::size_t point, std::span<const std::int64_t> positions);
  void set_whole(SymbolId symbol, symbolic::Shape shape, std::size_t point);
  StanType type_of(SymbolId symbol) const { return trace_.type_of(symbol, evaluator_.program_); }
  void warn_unset(const TypedExpression& expression, SymbolId symbol);

  Evaluator& evaluator_;
  const TypedStatement& nest_;
  Dependence dependence_;
  Trace trace_;
  Iteration now_;
  std::vector<Mask> masks_;
  std::unordered_map<Key, std::unique_ptr<Template>, KeyHash> templates_;
  std::unordered_map<Key, int, KeyHash> spaces_;
  std::unordered_map<Key, int, KeyHash> contexts_;  // of the calls of functions, which are run where they are called
  int context_ = 0, contexts_deep_ = 0;
  std::vector<SymbolId> results_;  // the leaves of what the running function returns go there; none: it is not wanted
  std::unordered_set<const TypedExpression*> warned_;
  std::unordered_map<Key, SymbolId, KeyHash> part_symbols_;

  // Of the point that is executing: kept between executions to save allocations.
  std::vector<std::int64_t> sizes_;
  std::vector<Value> leaf_values_;
  std::vector<std::vector<std::int64_t>> positions_;
  std::vector<symbolic::Shape> read_shapes_;
};

}  // namespace leapgraph::models::lower

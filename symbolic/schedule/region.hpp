/// One straight stretch of a program - a function, or the body of a loop or a branch - while it is being scheduled.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>

#include "leapgraph/symbolic/schedule/extents.hpp"
#include "leapgraph/symbolic/schedule/inplace.hpp"
#include "leapgraph/symbolic/schedule/kernel.hpp"

namespace leapgraph::symbolic {

class ModuleBuilder;

/// Memory that holds a tensor: a buffer read with strides.
struct Placed {
  int buffer = -1;
  Layout layout;
};

Layout row_major_layout(const Shape& shape);
bool is_row_major(const Layout& layout);

/// A value of the region: computed by a member of a group, given from outside, or a literal.
struct Value {
  Type type;
  int group = -1;            ///< where it is computed; -1: available from the start
  bool in_register = false;  ///< members of the same group may use it without memory
  bool needs_buffer = false;
  bool is_carry = false;  ///< of a loop, which reads and writes it at every step
  std::optional<Array> literal = {};
  int memory = -1;     ///< the value whose memory it takes over, or -1
  int last_read = -1;  ///< of its memory: the last group that reads it
  int buffer = -1;
  Layout layout = {};  ///< of its buffer
};

/// An expression is a value, or a view of one.
struct Ref {
  int value = -1;
  Layout layout;
  bool is_view = false;
};

/// One node's share of a group.
struct Member {
  enum class Kind { elementwise, reduction, contraction, gather, scatter_add, set_rows, add_rows, copy };
  Kind kind;
  const Node* node;  ///< none for a copy
  std::vector<Ref> inputs = {};
  /// Whether input k, computed in the same nest, is the element at the same loop indices; otherwise it is read from
  /// memory.
  std::vector<bool> aligned = {};
  std::vector<std::int64_t> labels = {};  ///< contraction: what each loop axis stands for
  int output = -1;                        ///< the value it computes, or for a copy the value whose buffer it writes
  Layout target = {};                     ///< copy: where in that buffer
};

/// Members that share a nest of loops, or one node with a step of its own.
struct Group {
  Shape space;
  int limit = -1;  ///< value that tells how many positions of the first axis are wanted; -1: all
  std::vector<Member> members = {};
  const Node* opaque = nullptr;
  std::vector<Ref> opaque_inputs = {};
  std::vector<int> opaque_outputs = {};
  std::vector<int> initial_carries = {};  ///< loop: values that the initial carries were copied to
};

/// Schedules the nodes between what is given and what is wanted.
class Region {
 public:
  Region(ModuleBuilder& module, Program& program) : module_(module), program_(program) {}

  /// Makes `e` known: as memory, or as another region's literal.
  void give(const Expr& e, const Placed& placed);
  void give_literal(const Expr& e, const Array& value);
  /// Asks for `e` to be stored there when the region is done.
  struct Wanted {
    Expr expr;
    Placed placed;
  };
  Steps schedule(std::span<const Wanted> wanted);
  /// The same by a plan that was made for it.
  Steps schedule(std::span<const Wanted> wanted, InPlacePlan plan);
  /// What may be written in place on the way to `outputs`, which include all that must be intact at the end; of the
  /// given values `writable` may be written over.
  InPlacePlan plan_for(std::span<const Expr> outputs, std::span<const Expr> writable) const;

 private:
  // fuse.cpp: groups
  void plan(const Node& node);
  void plan_view(const Node& node, const View& view);
  void plan_update(const Node& node, Member::Kind kind);
  void plan_windows(const Node& node, const Scatter& scatter);
  void plan_opaque(const Node& node);
  void plan_member(const Node& node, Member member, const Shape& space, bool in_register);
  void plan_contraction(const Node& node, const Contraction& contraction);
  int limit_of(const Node& node, const Member& member) const;
  int earliest_group(const Member& member, const Shape& space, int limit = -1) const;
  int find_or_add_group(int earliest, const Shape& space, int limit = -1);
  void join(int group, Member member);
  int add_value(Type type, int group, bool in_register);
  int take_over(const Ref& ref, const Type& type);
  /// The value that owns the memory of value `number`.
  Value& memory_of(int number);
  void copy_to(const Ref& source, int value, const Layout& target);
  Ref contiguous(const Ref& ref);
  Ref in_memory(const Ref& ref);
  Ref reference(const Expr& e) const { return refs_.at(e); }

  // nest.cpp: nests
  Nest build_nest(const Group& group);

  // schedule.cpp: steps
  void assign_buffers();
  Steps build_steps();
  int whole_buffer(const Ref& ref);
  Step build_opaque(const Group& group);
  Step build_loop(const Group& group);
  void build_ending(const Group& group, LoopStep& loop, std::vector<Wanted>& wanted);
  Step build_branch(const Group& group);

  friend class NestBuilder;

  ModuleBuilder& module_;
  Program& program_;
  std::vector<Value> values_;
  std::vector<Group> groups_;
  InPlacePlan in_place_;
  std::vector<int> filled_;  ///< values whose buffers start as zeros
  std::unordered_map<Expr, Ref, ExprHash> refs_;
};

/// What regions share: the program's buffers, the functions of called bodies, the numbers of loops.
class ModuleBuilder {
 public:
  explicit ModuleBuilder(Module& module) : module_(module) {}

  int schedule_function(const std::string& name, const Graph& graph, std::size_t extents = 0);
  int function_of(const Body& body);
  int new_loop() { return loops_++; }
  /// Extents of values that are wanted in part; added to those known so far.
  void know_extents(const Extents& extents);
  const Extents& extents() const { return extents_; }
  /// Number in Module::places of where a node was made; its attribute "note" says more. `names_itself`:
  /// what its checks say names the op.
  int number_of(const Node& node, bool names_itself = false);
  std::int64_t workspace_bytes(int function) const {
    return module_.functions[static_cast<std::size_t>(function)].workspace_bytes;
  }
  const std::vector<Array>& data(int function) const {
    return module_.functions[static_cast<std::size_t>(function)].data;
  }

 private:
  Module& module_;
  int loops_ = 0;
  int body_names_ = 0;
  std::vector<std::pair<Body, int>> bodies_;
  Extents extents_;
};

int add_buffer(Program& program, Buffer buffer);
int add_temporary(Program& program, DType dtype, std::int64_t size);
int add_data(Program& program, const Array& array);

/// Drops the copies of carries whose next value can be written over the old one.
void write_carries_in_place(Program& program);

/// Turns sums by constant indices into sums over segments.
void invert_indices(Program& program);

/// Moves the local buffers of a long function to the workspace, so that emitters can cut it into parts.
void spill_locals(Program& program);

/// Gives every workspace buffer its offset; buffers whose lifetimes do not meet share memory.
void plan_workspace(Program& program);

}  // namespace leapgraph::symbolic

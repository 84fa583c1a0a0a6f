/// Variables by element type and rank, and the names of their axes.
#include "leapgraph/symbolic/variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <unordered_map>
#include <utility>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"

namespace leapgraph::symbolic {

namespace {

struct RankInfo {
  Rank rank;
  std::string_view name;
  std::size_t axes;
  std::int64_t unit = -1;  ///< the axis of length 1
};

constexpr std::array<RankInfo, 10> ranks{{
    {Rank::scalar, "scalar", 0},
    {Rank::vector, "vector", 1},
    {Rank::matrix, "matrix", 2},
    {Rank::row, "row", 2, 0},
    {Rank::col, "col", 2, 1},
    {Rank::tensor3, "tensor3", 3},
    {Rank::tensor4, "tensor4", 4},
    {Rank::tensor5, "tensor5", 5},
    {Rank::tensor6, "tensor6", 6},
    {Rank::tensor7, "tensor7", 7},
}};

const RankInfo& info(Rank rank) { return ranks[static_cast<std::size_t>(rank)]; }

/// Theano's letters.
constexpr std::array<std::pair<DType, std::string_view>, 8> letters{{
    {DType::int8, "b"},
    {DType::int16, "w"},
    {DType::int32, "i"},
    {DType::int64, "l"},
    {DType::float32, "f"},
    {DType::float64, "d"},
    {DType::complex64, "c"},
    {DType::complex128, "z"},
}};

std::int64_t next_id() {
  static std::atomic<std::int64_t> next{0};
  return next.fetch_add(1);
}

/// The names of the axes as one attribute: "N,D". Absent where no axis has one.
std::string joined_names(const Dimensions& dimensions, const std::string& variable) {
  std::string text;
  bool any = false;
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const std::string& name = dimensions[i].name;
    if (name.find(',') != std::string::npos)
      throw ShapeError(fmt::format("variable '{}': the name '{}' of a dimension has a comma", variable, name));
    any = any || !name.empty();
    text += (i == 0 ? "" : ",") + name;
  }
  return any ? text : "";
}

Expr variable_of(Type type, std::string name, const std::string& names, const Where& place) {
  Attributes attributes{{"type", std::move(type)}, {"name", std::move(name)}, {"id", next_id()}};
  if (!names.empty()) attributes = attributes.with("dimensions", names);
  return make(input_op, {}, std::move(attributes), place);
}

}  // namespace

Expr input(Type type, std::string name, Where place) {
  return variable_of(std::move(type), std::move(name), "", place);
}

Expr retyped(const Expr& old, Type type) {
  const Attribute* names = old.node().attributes().find("dimensions");
  return variable_of(std::move(type), name_of(old), names == nullptr ? "" : std::get<std::string>(*names),
                     old.node().place());
}

Type VariableType::type() const {
  Type result{dtype, Shape(info(rank).axes, unknown)};
  if (info(rank).unit >= 0) result.shape[static_cast<std::size_t>(info(rank).unit)] = 1;
  return result;
}

std::string VariableType::name() const {
  for (const auto& [with_letter, letter] : letters)
    if (with_letter == dtype) return fmt::format("{}{}", letter, info(rank).name);
  return fmt::format("{}_{}", symbolic::info(dtype).name, info(rank).name);
}

Expr VariableType::operator()(std::string name, Where place) const { return input(type(), std::move(name), place); }

Expr VariableType::operator()(std::string name, const Dimensions& dimensions, Where place) const {
  Type made = type();
  if (dimensions.size() != made.shape.size())
    throw ShapeError(fmt::format("variable '{}': a {} has {} axes, got {} dimensions (made at {}:{})", name,
                                 this->name(), made.shape.size(), dimensions.size(), place.file_name(), place.line()));
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    if (dimensions[i].length == unknown) continue;
    if (made.shape[i] != unknown && made.shape[i] != dimensions[i].length)
      throw ShapeError(fmt::format("variable '{}': axis {} of a {} has length {}, got {} (made at {}:{})", name, i,
                                   this->name(), made.shape[i], dimensions[i].length, place.file_name(), place.line()));
    if (dimensions[i].length < 0)
      throw NegativeLength(fmt::format("variable '{}': axis {} has the negative length {} (made at {}:{})", name, i,
                                       dimensions[i].length, place.file_name(), place.line()));
    made.shape[i] = dimensions[i].length;
  }
  const std::string names = joined_names(dimensions, name);
  return variable_of(std::move(made), std::move(name), names, place);
}

Expr variable(DType dtype, Rank rank, std::string name, Where place) {
  return VariableType{dtype, rank}(std::move(name), place);
}

Expr variable(DType dtype, const Dimensions& dimensions, std::string name, Where place) {
  Type type{dtype, {}};
  for (const Dimension& dimension : dimensions) type.shape.push_back(dimension.length);
  const std::string names = joined_names(dimensions, name);
  return variable_of(std::move(type), std::move(name), names, place);
}

std::span<const VariableType> all_variable_types() {
  static const std::vector<VariableType> all = [] {
    std::vector<VariableType> result;
    for (const auto& [dtype, letter] : letters)
      for (const RankInfo& row : ranks) result.push_back({dtype, row.rank});
    return result;
  }();
  return all;
}

std::string rank_text(const Type& type) {
  // Rows and columns come after matrices, and say more.
  const RankInfo* found = nullptr;
  for (const RankInfo& row : ranks)
    if (row.axes == type.shape.size() && (row.unit < 0 || (type.shape[static_cast<std::size_t>(row.unit)] == 1 &&
                                                           type.shape[static_cast<std::size_t>(1 - row.unit)] != 1)))
      found = &row;
  if (found == nullptr) return fmt::format("{} tensor{}", info(type.dtype).name, type.rank());
  return fmt::format("{} {}", info(type.dtype).name, found->name);
}

std::vector<std::string> dimension_names(const Expr& variable) {
  const Attribute* attribute = variable.node().attributes().find("dimensions");
  if (&variable.op() != &input_op || attribute == nullptr) return {};
  std::vector<std::string> names(1);
  for (const char c : std::get<std::string>(*attribute)) {
    if (c == ',')
      names.emplace_back();
    else
      names.back() += c;
  }
  return names;
}

namespace {

using Names = std::vector<std::string>;

/// Names of the axes of an output, from those of the inputs.
Names handed_on(const Node& node, const std::vector<Names>& inputs) {
  Names result(node.types()[0].shape.size());
  if (lowering_as<Elementwise>(node.op()) != nullptr) {
    for (std::size_t k = 0; k < inputs.size(); ++k)
      for (std::size_t i = 0; i < std::min(inputs[k].size(), result.size()); ++i) {
        const std::size_t from = inputs[k].size() - 1 - i, to = result.size() - 1 - i;
        if (result[to].empty() && node.input(k).shape()[from] != 1) result[to] = inputs[k][from];
      }
  } else if (lowering_as<Reduction>(node.op()) != nullptr && !inputs[0].empty()) {
    const Axes& axes = node.get<Axes>("axes");
    std::size_t to = 0;
    for (std::size_t axis = 0; axis < inputs[0].size(); ++axis)
      if (std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(axis)) == axes.end())
        result[to++] = inputs[0][axis];
  } else if (&node.op() == &transpose_op && !inputs[0].empty()) {
    const Axes& permutation = node.get<Axes>("permutation");
    for (std::size_t axis = 0; axis < result.size(); ++axis)
      result[axis] = inputs[0][static_cast<std::size_t>(permutation[axis])];
  } else if (const auto* contraction = lowering_as<Contraction>(node.op())) {
    const ContractionLabels labels = contraction->labels(node);
    const std::vector<std::int64_t>* sides[] = {&labels.first, &labels.second};
    for (std::size_t axis = 0; axis < result.size(); ++axis)
      for (std::size_t k = 0; k < 2; ++k)
        for (std::size_t from = 0; from < inputs[k].size(); ++from)
          if ((*sides[k])[from] == labels.output[axis] && result[axis].empty()) result[axis] = inputs[k][from];
  }
  const bool none = std::all_of(result.begin(), result.end(), [](const std::string& name) { return name.empty(); });
  return none ? Names() : result;
}

}  // namespace

std::vector<std::string> names_handed_on(const Expr& e) {
  if (e.node().inputs().empty()) return dimension_names(e);
  std::unordered_map<const Node*, Names> done;
  for (const Node* node : topological_order(std::span(&e, 1))) {
    if (node->inputs().empty()) {
      done.emplace(node, dimension_names(outputs_of(*node)[0]));
      continue;
    }
    std::vector<Names> inputs;
    for (const Expr& input : node->inputs())
      inputs.push_back(input.node().types().size() == 1 ? done.at(&input.node()) : Names());
    done.emplace(node, node->types().size() == 1 ? handed_on(*node, inputs) : Names());
  }
  return done.at(&e.node());
}

std::string named_text(const Type& type, const std::vector<std::string>& names) {
  if (names.empty() || names.size() != type.shape.size()) return to_string(type);
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string length = type.shape[i] == unknown ? "?" : std::to_string(type.shape[i]);
    text += fmt::format("{}{}{}{}", text.empty() ? "" : ", ", names[i], names[i].empty() ? "" : "=", length);
  }
  return fmt::format("{}[{}]", info(type.dtype).name, text);
}

void require_one_length_a_name(std::span<const Expr> variables, std::span<const Shape> shapes) {
  std::map<std::string, std::pair<std::int64_t, std::size_t>> seen;  // name -> length, and the variable that had it
  for (std::size_t i = 0; i < variables.size(); ++i) {
    const std::vector<std::string> names = dimension_names(variables[i]);
    for (std::size_t axis = 0; axis < std::min(names.size(), shapes[i].size()); ++axis) {
      if (names[axis].empty()) continue;
      const auto [first, is_new] = seen.emplace(names[axis], std::pair(shapes[i][axis], i));
      const auto [length, where] = first->second;
      if (length == shapes[i][axis]) continue;
      throw ShapeError(fmt::format("argument '{}': dimension {} is {}, but {} is {} in argument '{}'",
                                   name_of(variables[i]), names[axis], shapes[i][axis], names[axis], length,
                                   name_of(variables[where])));
    }
  }
}

}  // namespace leapgraph::symbolic

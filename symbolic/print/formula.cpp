/// Expressions as formulas, in PyTensor's style.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>

#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops.hpp"
#include "leapgraph/symbolic/ops/all_ops.hpp"
#include "leapgraph/symbolic/ops/indexing.hpp"
#include "leapgraph/symbolic/print.hpp"
#include "leapgraph/symbolic/print/text.hpp"

namespace leapgraph::symbolic {

namespace {

/// How an op is written: text before, between and after its inputs.
struct Notation {
  const Op* op;
  std::string_view before, between, after;
};

const Notation* notation_of(const Op& op) {
  static const Notation table[] = {
      {&add_op, "(", " + ", ")"},
      {&sub_op, "(", " - ", ")"},
      {&mul_op, "(", " * ", ")"},
      {&div_op, "(", " / ", ")"},
      {&floor_div_op, "(", " // ", ")"},
      {&mod_op, "(", " % ", ")"},
      {&pow_op, "(", " ** ", ")"},
      {&integer_pow_op, "(", " ** ", ")"},
      {&neg_op, "(-", "", ")"},
      {&abs_op, "|", "", "|"},
      {&logical_and_op, "(", " and ", ")"},
      {&logical_or_op, "(", " or ", ")"},
      {&logical_not_op, "(not ", "", ")"},
  };
  const auto* found =
      std::find_if(std::begin(table), std::end(table), [&op](const Notation& n) { return n.op == &op; });
  return found == std::end(table) ? nullptr : found;
}

/// "(0,)" or "(0, 1)", as Python writes a tuple.
std::string tuple_text(const Axes& axes) {
  std::string text;
  for (std::int64_t axis : axes) text += (text.empty() ? "" : ", ") + std::to_string(axis);
  return "(" + text + (axes.size() == 1 ? ",)" : ")");
}

bool is_matrix_product(const Node& node) {
  if (&node.op() != &contract_op) return false;
  const auto& first = node.get<std::vector<std::int64_t>>("first");
  const auto& second = node.get<std::vector<std::int64_t>>("second");
  const std::size_t inner = second.size() < 2 ? 0 : second.size() - 2;
  return first.size() <= 2 && second.size() <= 2 && !first.empty() && !second.empty() &&
         first.back() == second[inner] &&
         node.get<std::vector<std::int64_t>>("output").size() + 2 == first.size() + second.size();
}

/// The text of one position or range of a subscript.
std::string slice_text(const Node& node) {
  const auto bound = [&node](std::string_view name) {
    return node.attributes().has(name) ? std::to_string(node.get<std::int64_t>(name)) : std::string();
  };
  const std::int64_t step = node.get<std::int64_t>("step");
  return bound("start") + ":" + bound("stop") + (step == 1 ? "" : ":" + std::to_string(step));
}

/// "[1:, 2]" for a chain of slices and positions that starts at `e`, and the expression that they index. An axis that
/// is indexed twice begins a new pair of brackets.
std::pair<Expr, std::string> subscript(const Expr& e) {
  std::vector<const Node*> chain;
  Expr base = e;
  while (&base.op() == &slice_op || &base.op() == &at_op) {
    chain.push_back(&base.node());
    base = base.node().input(0);
  }
  std::string text;
  std::vector<std::string> parts;  // one an axis of what the brackets stand behind
  std::vector<std::size_t> axes;   // of those that are left, in order
  const auto end_brackets = [&] {
    while (!parts.empty() && parts.back() == ":") parts.pop_back();
    if (!parts.empty()) text += fmt::format("[{}]", fmt::join(parts, ", "));
  };
  const auto begin_brackets = [&](std::size_t rank) {
    end_brackets();
    parts.assign(rank, ":");
    axes.resize(rank);
    for (std::size_t axis = 0; axis < rank; ++axis) axes[axis] = axis;
  };
  begin_brackets(base.shape().size());
  for (auto link = chain.rbegin(); link != chain.rend(); ++link) {
    const Node& node = **link;
    const auto axis = static_cast<std::size_t>(node.get<std::int64_t>("axis"));
    if (parts[axes[axis]] != ":") begin_brackets(node.input(0).shape().size());
    if (&node.op() == &at_op) {
      parts[axes[axis]] = std::to_string(node.get<std::int64_t>("position"));
      axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(axis));
    } else {
      parts[axes[axis]] = slice_text(node);
    }
  }
  end_brackets();
  return {base, text};
}

class FormulaWriter {
 public:
  explicit FormulaWriter(const FormulaOptions& options) : options_(options) {
    for (const auto& [e, name] : options.names) names_.emplace(e, name);
  }

  std::string run(const Expr& root) {
    stack_.emplace_back(Part{root, nullptr});
    while (!stack_.empty()) {
      const Item item = std::move(stack_.back());
      stack_.pop_back();
      if (text_.size() > options_.longest) return text_ + "...";
      if (const auto* literal = std::get_if<std::string>(&item)) {
        text_ += *literal;
      } else if (const auto* end = std::get_if<End>(&item)) {
        lengths_[end->key] = text_.size() - end->start;
      } else {
        write(std::get<Part>(item));
      }
    }
    return std::move(text_);
  }

 private:
  /// What the parameters of a body are called inside it: a name, or an expression outside.
  struct Meaning;
  struct Part {
    Expr e;
    const Meaning* meaning;
  };
  struct Meaning {
    std::vector<std::variant<std::string, Part>> parameters;
  };
  using Key = std::pair<const Node*, const Meaning*>;
  struct End {
    Key key;
    std::size_t start;
  };
  using Item = std::variant<std::string, End, Part>;

  void write(const Part& part) {
    const Expr& e = part.e;
    if (!names_.empty())
      if (const auto named = names_.find(e); named != names_.end()) {
        text_ += named->second;
        return;
      }
    if (&e.op() == &parameter_op && part.meaning != nullptr) return write_parameter(part);
    if (e.node().inputs().empty()) {
      text_ += leaf_text(e, false);
      return;
    }
    const Key key{&e.node(), part.meaning};
    if (const auto known = lengths_.find(key); known != lengths_.end() && known->second > options_.longest_repeated) {
      text_ += std::string(e.op().name) + "(...)";
      return;
    }
    stack_.emplace_back(End{key, text_.size()});
    std::vector<Item> items;
    list(part, items);
    stack_.insert(stack_.end(), std::make_move_iterator(items.rbegin()), std::make_move_iterator(items.rend()));
  }

  void write_parameter(const Part& part) {
    const auto index = static_cast<std::size_t>(part.e.node().get<std::int64_t>("index"));
    if (index >= part.meaning->parameters.size()) {
      text_ += leaf_text(part.e, false);
      return;
    }
    const auto& meant = part.meaning->parameters[index];
    if (const auto* name = std::get_if<std::string>(&meant))
      text_ += *name;
    else
      stack_.emplace_back(std::get<Part>(meant));
  }

  /// The pieces of text and inputs that an expression is written as.
  void list(const Part& part, std::vector<Item>& items) {
    const Expr& e = part.e;
    const Node& node = e.node();
    const Op& op = node.op();
    if (lowering_as<Loop>(op) != nullptr && node.attributes().has("carries")) return list_scan(part, items);
    if (lowering_as<Branch>(op) != nullptr && node.attributes().has("then")) return list_branch(part, items);
    if (lowering_as<Call>(op) != nullptr && node.attributes().has("body")) {
      items.emplace_back(Part{inside(part, "body"), argument_meaning(part)});
      return;
    }
    if (&op == &derivative_op) {
      items.emplace_back(Part{node.input(0), part.meaning});
      return;
    }
    if (&op == &part_op) {
      for (const auto& word : index_words(node))
        if (const auto* text = std::get_if<std::string>(&word))
          items.emplace_back(*text);
        else
          items.emplace_back(Part{std::get<Expr>(word), part.meaning});
      return;
    }
    if (&op == &slice_op || &op == &at_op) {
      auto [base, brackets] = subscript(e);
      items.emplace_back(Part{base, part.meaning});
      items.emplace_back(std::move(brackets));
      return;
    }
    const bool mirrored = node.attributes().has("mirrored");
    std::string before, between = ", ", after;
    if (const Notation* n = notation_of(op)) {
      before = n->before;
      between = n->between;
      after = n->after;
    } else if (is_matrix_product(node)) {
      before = "(";
      between = " \\dot ";
      after = ")";
    } else if (&op == &transpose_op && node.get<Axes>("permutation") == Axes{1, 0}) {
      after = ".T";
    } else if (&op == &gather_op) {
      between = "[";
      after = "]";
    } else {
      before = std::string(mirrored ? (&op == &lt_op ? "gt" : "ge") : op.name) + "(";
      after = attributes(node) + ")";
    }
    if (node.types().size() > 1) after += fmt::format(".{}", e.output());
    items.emplace_back(std::move(before));
    const std::size_t count = node.inputs().size();
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) items.emplace_back(between);
      items.emplace_back(Part{node.input(mirrored ? count - 1 - i : i), part.meaning});
    }
    items.emplace_back(std::move(after));
  }

  /// ", axis=(0,)" and the like.
  static std::string attributes(const Node& node) {
    std::string text;
    for (const auto& [name, value] : node.attributes().entries()) {
      if (std::holds_alternative<Body>(value) || name == "mirrored") continue;
      const auto* list = std::get_if<Axes>(&value);
      const bool over_all = name == "axes" && list != nullptr && lowering_as<Reduction>(node.op()) != nullptr &&
                            list->size() == node.input(0).shape().size();
      text += fmt::format(", {}={}", name == "axes" ? "axis" : name,
                          over_all          ? "None"
                          : list != nullptr ? tuple_text(*list)
                                            : to_string(value));
    }
    return text;
  }

  /// Output of the body that the output of the node is.
  static Expr inside(const Part& part, std::string_view body) {
    return part.e.node().get<Body>(body)->outputs[static_cast<std::size_t>(part.e.output())];
  }

  /// Parameters mean the arguments of the node, which are written in their place.
  const Meaning* argument_meaning(const Part& part) {
    Meaning meaning;
    const Exprs& inputs = part.e.node().inputs();
    for (std::size_t i = first_argument(part.e.node()); i < inputs.size(); ++i)
      meaning.parameters.emplace_back(Part{inputs[i], part.meaning});
    meanings_.push_back(std::move(meaning));
    depths_[&meanings_.back()] = scans_of(part.meaning);
    return &meanings_.back();
  }

  void list_branch(const Part& part, std::vector<Item>& items) {
    const Meaning* meaning = argument_meaning(part);
    items.emplace_back("ifelse(");
    items.emplace_back(Part{part.e.node().input(0), part.meaning});
    items.emplace_back(", ");
    items.emplace_back(Part{inside(part, "then"), meaning});
    items.emplace_back(", ");
    items.emplace_back(Part{inside(part, "else"), meaning});
    items.emplace_back(")");
  }

  /// scan(c0 <- (c0 * s0), y0 = sqr(c0), c0=1, s0=v, n_steps=8).c0
  void list_scan(const Part& part, std::vector<Item>& items) {
    const Node& node = part.e.node();
    const Graph& body = *node.get<Body>("body");
    const auto carries = static_cast<std::size_t>(node.get<std::int64_t>("carries"));
    const auto sequences = static_cast<std::size_t>(node.get<std::int64_t>("sequences"));
    const std::string depth(scans_of(part.meaning), '\'');  // c0' in a scan inside a scan
    Meaning meaning;
    for (std::size_t k = 0; k + 1 < node.inputs().size(); ++k) {
      if (k < carries)
        meaning.parameters.emplace_back(fmt::format("c{}{}", k, depth));
      else if (k < carries + sequences)
        meaning.parameters.emplace_back(fmt::format("s{}{}", k - carries, depth));
      else
        meaning.parameters.emplace_back(Part{node.input(1 + k), part.meaning});
    }
    meanings_.push_back(std::move(meaning));
    depths_[&meanings_.back()] = depth.size() + 1;
    const auto text = [&items](std::string t) { items.emplace_back(std::move(t)); };
    text("scan(");
    const bool has_condition = node.attributes().has("until");
    for (std::size_t i = 0; i < body.outputs.size(); ++i) {
      if (i > 0) text(", ");
      if (i < carries)
        text(fmt::format("c{}{} <- ", i, depth));
      else if (has_condition && i + 1 == body.outputs.size())
        text("until ");
      else
        text(fmt::format("y{}{} = ", i - carries, depth));
      items.emplace_back(Part{body.outputs[i], &meanings_.back()});
    }
    for (std::size_t k = 0; k < carries + sequences; ++k) {
      text(k < carries ? fmt::format(", c{}{}=", k, depth) : fmt::format(", s{}{}=", k - carries, depth));
      items.emplace_back(Part{node.input(1 + k), part.meaning});
    }
    text(", n_steps=");
    items.emplace_back(Part{node.input(0), part.meaning});
    text(")");
    if (node.types().size() == 1) return;
    const auto output = static_cast<std::size_t>(part.e.output());
    if (has_condition && output + 1 == node.types().size())
      text(".steps");
    else
      text(output < carries ? fmt::format(".c{}{}", output, depth) : fmt::format(".y{}{}", output - carries, depth));
  }

  std::size_t scans_of(const Meaning* meaning) const {
    const auto found = depths_.find(meaning);
    return found == depths_.end() ? 0 : found->second;
  }

  const FormulaOptions& options_;
  std::unordered_map<Expr, std::string, ExprHash> names_;
  std::deque<Meaning> meanings_;
  std::map<const Meaning*, std::size_t> depths_;
  std::map<Key, std::size_t> lengths_;
  std::vector<Item> stack_;
  std::string text_;
};

}  // namespace

std::string pp(const Expr& e, const FormulaOptions& options) { return FormulaWriter(options).run(e); }
std::string pp(const Expr& e, std::size_t longest) { return pp(e, FormulaOptions{.longest = longest}); }

}  // namespace leapgraph::symbolic

/// Einstein's summation: subscripts are read into labels, operands contracted two by two.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "leapgraph/symbolic/linear_algebra.hpp"
#include "leapgraph/symbolic/ops/batching.hpp"
#include "leapgraph/symbolic/ops/contract.hpp"
#include "leapgraph/symbolic/ops/family.hpp"
#include "leapgraph/symbolic/ops/matrices.hpp"
#include "leapgraph/symbolic/places.hpp"

namespace leapgraph::symbolic {

namespace {

using Labels = std::vector<std::int64_t>;

/// Letters are labels of their own; the axes of an ellipsis are numbered from here, the last one 0.
constexpr std::int64_t ellipsis_labels = 1000;

struct Subscripts {
  std::vector<std::string> inputs;
  std::string output;
  bool explicit_output = false;
};

/// An operand on its way: one label an axis.
struct Term {
  Expr value;
  Labels labels;
};

class Summation {
 public:
  Summation(std::string_view text, const Operands& operands) : text_(text), place_(operands[0].place()) {
    const Subscripts subscripts = read();
    if (subscripts.inputs.size() != operands.size())
      refuse(fmt::format("{} operands for the subscripts of {}", operands.size(), subscripts.inputs.size()));
    Exprs values = promoted(operands);
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (values[k].dtype() == DType::boolean) values[k] = cast(values[k], DType::int64);
      terms_.push_back({values[k], labels_of(subscripts.inputs[k], values[k], k)});
    }
    find_output(subscripts);
    find_lengths();
  }

  Expr result() {
    for (Term& term : terms_) {
      drop_units(term);
      take_diagonals(term);
    }
    for (std::size_t k = 0; k < terms_.size(); ++k) sum_out(k);
    while (terms_.size() > 1) contract_best_pair();
    sum_out(0);
    return in_order(terms_[0]);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw ShapeError(fmt::format("einsum \"{}\": {} (made at {}:{})", text_, why, place_.file_name(), place_.line()));
  }

  static std::string name(std::int64_t label) {
    return label < ellipsis_labels ? fmt::format("'{}'", static_cast<char>(label)) : "'...'";
  }

  // --- Reading ---

  Subscripts read() const {
    std::string text;
    for (const char c : text_)
      if (c != ' ') text += c;
    Subscripts result;
    std::string_view rest = text;
    if (const std::size_t arrow = rest.find("->"); arrow != std::string_view::npos) {
      result.explicit_output = true;
      result.output = rest.substr(arrow + 2);
      rest = rest.substr(0, arrow);
    }
    for (;;) {
      const std::size_t comma = rest.find(',');
      result.inputs.emplace_back(rest.substr(0, comma));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
    for (const std::string& term : result.inputs) require_letters(term);
    require_letters(result.output);
    return result;
  }

  void require_letters(const std::string& term) const {
    std::string letters = term;
    if (const std::size_t dots = letters.find("..."); dots != std::string::npos) letters.erase(dots, 3);
    for (const char c : letters) {
      if (c == '.') refuse("an ellipsis is three dots, and there is one at most for each operand");
      if (std::isalpha(static_cast<unsigned char>(c)) == 0) refuse(fmt::format("'{}' is not a letter", c));
    }
  }

  Labels labels_of(const std::string& term, const Expr& value, std::size_t operand) {
    const std::size_t dots = term.find("...");
    const auto letters = static_cast<std::int64_t>(term.size() - (dots == std::string::npos ? 0 : 3));
    const std::int64_t more = value.rank() - letters;
    if (more < 0 || (more > 0 && dots == std::string::npos))
      refuse(fmt::format("operand {} has {} axes, its subscripts '{}' name {}", operand, value.rank(), term, letters));
    Labels result;
    for (std::size_t i = 0; i < term.size(); ++i) {
      if (i != dots) {
        result.push_back(term[i]);
        continue;
      }
      for (std::int64_t axis = more; axis-- > 0;) result.push_back(ellipsis_labels + axis);
      i += 2;
    }
    if (dots != std::string::npos) ellipsis_ = std::max(ellipsis_, more);
    return result;
  }

  void find_output(const Subscripts& subscripts) {
    std::map<std::int64_t, int> counts;  // in alphabetical order
    for (const Term& term : terms_)
      for (std::int64_t label : term.labels) ++counts[label];
    const auto add_ellipsis = [this] {
      for (std::int64_t axis = ellipsis_; axis-- > 0;) output_.push_back(ellipsis_labels + axis);
    };
    if (!subscripts.explicit_output) {
      add_ellipsis();
      for (const auto& [label, count] : counts)
        if (label < ellipsis_labels && count == 1) output_.push_back(label);
      return;
    }
    const std::size_t dots = subscripts.output.find("...");
    if (dots == std::string::npos && ellipsis_ > 0) refuse("the output must have the ellipsis that operands have");
    for (std::size_t i = 0; i < subscripts.output.size(); ++i) {
      if (i == dots) {
        add_ellipsis();
        i += 2;
        continue;
      }
      const std::int64_t label = subscripts.output[i];
      if (!counts.contains(label)) refuse(fmt::format("the output label {} is in no operand", name(label)));
      if (std::count(output_.begin(), output_.end(), label) > 0)
        refuse(fmt::format("the output has the label {} twice", name(label)));
      output_.push_back(label);
    }
  }

  void find_lengths() {
    std::map<std::int64_t, std::size_t> first;
    for (std::size_t k = 0; k < terms_.size(); ++k)
      for (std::size_t axis = 0; axis < terms_[k].labels.size(); ++axis) {
        const std::int64_t label = terms_[k].labels[axis], here = terms_[k].value.shape()[axis];
        const auto [known, is_new] = lengths_.emplace(label, here);
        if (is_new) first[label] = k;
        std::int64_t& length = known->second;
        if (is_new || here == unknown || here == length) continue;
        if (length == unknown || length == 1) {
          length = here;
          first[label] = k;
        } else if (here != 1) {
          refuse(fmt::format("the label {} has lengths {} and {}, in {} and {}", name(label), length, here,
                             to_string(terms_[first[label]].value.type()), to_string(terms_[k].value.type())));
        }
      }
  }

  // --- Work on one operand ---

  /// Axes of length 1 broadcast against longer ones of the same label.
  void drop_units(Term& term) const {
    for (std::size_t axis = term.labels.size(); axis-- > 0;) {
      if (term.value.shape()[axis] != 1 || lengths_.at(term.labels[axis]) == 1) continue;
      if (lengths_.at(term.labels[axis]) == unknown) continue;
      term.value = squeeze(term.value, static_cast<std::int64_t>(axis));
      term.labels.erase(term.labels.begin() + static_cast<std::ptrdiff_t>(axis));
    }
  }

  /// A label twice in one operand: its diagonal, whose axis becomes the last.
  static void take_diagonals(Term& term) {
    for (std::size_t i = 0; i < term.labels.size(); ++i)
      for (std::size_t j = i + 1; j < term.labels.size(); ++j) {
        if (term.labels[i] != term.labels[j]) continue;
        const std::int64_t label = term.labels[i];
        Axes order;
        Labels rest;
        for (std::size_t axis = 0; axis < term.labels.size(); ++axis)
          if (axis != i && axis != j) {
            order.push_back(static_cast<std::int64_t>(axis));
            rest.push_back(term.labels[axis]);
          }
        order.push_back(static_cast<std::int64_t>(i));
        order.push_back(static_cast<std::int64_t>(j));
        rest.push_back(label);
        term = {diagonals(transpose(term.value, order)), rest};
        return take_diagonals(term);
      }
  }

  bool is_needed(std::int64_t label, std::size_t a, std::size_t b) const {
    if (std::count(output_.begin(), output_.end(), label) > 0) return true;
    for (std::size_t k = 0; k < terms_.size(); ++k)
      if (k != a && k != b && std::count(terms_[k].labels.begin(), terms_[k].labels.end(), label) > 0) return true;
    return false;
  }

  void sum_out(std::size_t k) {
    Term& term = terms_[k];
    Axes axes;
    Labels kept;
    for (std::size_t axis = 0; axis < term.labels.size(); ++axis) {
      if (is_needed(term.labels[axis], k, k))
        kept.push_back(term.labels[axis]);
      else
        axes.push_back(static_cast<std::int64_t>(axis));
    }
    if (!axes.empty()) term = {sum(term.value, axes), kept};
  }

  Expr in_order(const Term& term) const {
    Axes order;
    for (std::int64_t label : output_)
      order.push_back(std::find(term.labels.begin(), term.labels.end(), label) - term.labels.begin());
    return order == leading_axes(term.value.rank()) ? term.value : transpose(term.value, order);
  }

  // --- Work on two ---

  /// What an unknown length counts as when orders are compared.
  double size_of(const Labels& labels) const {
    double size = 1;
    for (std::int64_t label : labels) {
      const std::int64_t length = lengths_.at(label);
      size *= length == unknown ? 10.0 : static_cast<double>(length);
    }
    return size;
  }

  Labels labels_after(std::size_t a, std::size_t b) const {
    Labels kept;
    const auto add = [&](const Labels& labels) {
      for (std::int64_t label : labels)
        if (std::count(kept.begin(), kept.end(), label) == 0 && is_needed(label, a, b)) kept.push_back(label);
    };
    add(terms_[a].labels);
    add(terms_[b].labels);
    return kept;
  }

  /// The pair whose product takes least memory beyond its operands.
  void contract_best_pair() {
    std::size_t best_a = 0, best_b = 1;
    double least = 0;
    for (std::size_t a = 0; a < terms_.size(); ++a)
      for (std::size_t b = a + 1; b < terms_.size(); ++b) {
        const double cost = size_of(labels_after(a, b)) - size_of(terms_[a].labels) - size_of(terms_[b].labels);
        if ((a == 0 && b == 1) || cost < least) {
          least = cost;
          best_a = a;
          best_b = b;
        }
      }
    const Labels kept = terms_.size() == 2 ? output_ : labels_after(best_a, best_b);
    terms_[best_a] = {contract(Operand(terms_[best_a].value, place_), terms_[best_b].value, terms_[best_a].labels,
                               terms_[best_b].labels, kept),
                      kept};
    terms_.erase(terms_.begin() + static_cast<std::ptrdiff_t>(best_b));
  }

  std::string_view text_;
  std::source_location place_;
  std::vector<Term> terms_;
  Labels output_;
  std::int64_t ellipsis_ = 0;
  std::map<std::int64_t, std::int64_t> lengths_;
};

}  // namespace

Expr einsum(std::string_view subscripts, const Operands& operands) {
  if (operands.empty()) throw ShapeError("einsum: needs at least one operand");
  const BuiltAt here(operands[0].place());
  return Summation(subscripts, operands).result();
}

}  // namespace leapgraph::symbolic

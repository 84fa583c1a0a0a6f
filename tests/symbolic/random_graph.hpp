/// Random graphs over every kind of lowering, for tests that evaluate one graph in two ways.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/gradient.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic::random_graphs {

/// A graph with arguments for it.
struct RandomGraph {
  Graph graph;
  std::vector<Array> arguments;
};

/// Builds graphs whose values are well conditioned: every element is at most 2 in absolute value (integers 1000), every
/// step of the computation multiplies errors by a small factor, and discontinuous ops are applied to exact values only
/// (integers, and multiples of a power of two that have few bits). What two right evaluations of such a graph differ by
/// is rounding alone.
class GraphGenerator {
 public:
  explicit GraphGenerator(std::uint64_t seed) : random_(seed) {
    dims_ = {pick<std::int64_t>({1, 2, 3, 4, 5}), pick<std::int64_t>({2, 3, 4, 7, 8, 16, 40}),
             pick<std::int64_t>({3, 5, 9, 33, 40, 65})};
    has_gradient_ = chance(0.3);
  }

  RandomGraph run() {
    Pool pool;
    for (int i = 0; i < 4; ++i) pool.push_back(leaf(random_shape(2), pick<DType>({DType::float64})));
    pool.push_back(leaf(random_shape(3), DType::float64));
    pool.push_back(leaf(random_shape(2), DType::int64));
    pool.push_back(leaf({}, DType::float64));
    if (chance(0.3)) pool.push_back(leaf(random_shape(2), DType::int32));
    if (chance(0.2)) pool.push_back(leaf(random_shape(2), DType::boolean));
    if (chance(0.2)) pool.push_back(leaf(random_shape(2), DType::float32));
    const std::size_t leaves = pool.size();
    grow(pool, uniform(6, 60), 0);

    RandomGraph result;
    Exprs outputs;
    const std::int64_t count = uniform(1, 8);
    for (std::int64_t i = 0; i < count; ++i)
      outputs.push_back(pool[chance(0.1) ? index(pool.size()) : leaves + index(pool.size() - leaves)].e);
    if (has_gradient_) {
      Expr cost = constant(0.0);
      for (const Expr& e : outputs)
        if (e.dtype() == DType::float64 && element_count(e.shape()) > 0) cost = cost + mean(sin(e));
      Exprs wrt;
      for (std::size_t i = 0; i < leaves; ++i)
        if (is_input(pool[i].e) && pool[i].e.dtype() == DType::float64) wrt.push_back(pool[i].e);
      if (!wrt.empty())
        for (const Expr& e : grad(cost, wrt, Disconnected::zero)) outputs.push_back(e);
    }
    result.graph = Graph{inputs_, outputs};
    result.arguments = arguments_;
    return result;
  }

 private:
  /// An expression, a bound of its elements, and how many bits its elements have (0: any).
  struct Item {
    Expr e;
    double bound = 2;
    int bits = 0;
  };
  using Pool = std::vector<Item>;
  using Maybe = std::optional<Item>;

  // --- chance ---

  std::int64_t uniform(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  std::size_t index(std::size_t size) { return static_cast<std::size_t>(random_() % size); }
  bool chance(double p) { return static_cast<double>(random_() >> 11) * 0x1p-53 < p; }
  template <class T>
  T pick(std::initializer_list<T> values) {
    return values.begin()[index(values.size())];
  }

  // --- items ---

  static bool is_real(const Item& a) { return a.e.dtype() == DType::float64; }
  static std::int64_t size(const Item& a) { return element_count(a.e.shape()); }

  /// Multiplied by a power of two so that the bound is at most 2 again.
  Item tame(Item a) const {
    if (!is_real(a) || a.bound <= 2) return a;
    const double scale = std::exp2(-std::ceil(std::log2(a.bound / 2)));
    return {a.e * scale, a.bound * scale, a.bits};
  }

  Maybe find(const Pool& pool, const std::function<bool(const Item&)>& accept) {
    std::vector<const Item*> found;
    for (const Item& item : pool)
      if (accept(item)) found.push_back(&item);
    if (found.empty()) return std::nullopt;
    // Late ones are preferred, which makes deep graphs.
    const std::size_t a = index(found.size()), b = index(found.size());
    return *found[std::max(a, b)];
  }
  Maybe real(const Pool& pool) { return find(pool, is_real); }
  Maybe exact_real(const Pool& pool) {
    return find(pool, [](const Item& a) { return is_real(a) && a.bits > 0 && a.bits < 20; });
  }
  Maybe real_of_rank(const Pool& pool, std::int64_t low, std::int64_t high) {
    return find(pool, [&](const Item& a) { return is_real(a) && a.e.rank() >= low && a.e.rank() <= high; });
  }
  Maybe integer(const Pool& pool) {
    return find(pool, [](const Item& a) { return is_integer(a.e.dtype()); });
  }
  Maybe boolean(const Pool& pool) {
    return find(pool, [](const Item& a) { return a.e.dtype() == DType::boolean; });
  }
  /// Another that broadcasts with `a`, exact where `exact`; `a` itself where there is none.
  Item partner(const Pool& pool, const Item& a, bool exact = false) {
    const Maybe found = find(pool, [&](const Item& b) {
      if (b.e.dtype() != a.e.dtype() || (exact && (b.bits == 0 || b.bits >= 20))) return false;
      try {
        return element_count(broadcast(a.e.shape(), b.e.shape())) <= 4000;
      } catch (const GraphError&) {
        return false;
      }
    });
    return found ? *found : a;
  }

  Shape random_shape(std::int64_t max_rank) {
    Shape shape;
    const std::int64_t rank = uniform(0, max_rank);
    for (std::int64_t axis = 0; axis < rank; ++axis)
      shape.push_back(chance(0.1) ? 1 : dims_[index(rank == 3 ? 2 : dims_.size())]);
    return shape;
  }

  Array random_array(const Type& type) {
    Array array(type);
    for (std::int64_t i = 0; i < array.size(); ++i) {
      if (is_floating(type.dtype))
        array.set(i, static_cast<double>(uniform(-16, 16)) / 8);
      else if (type.dtype == DType::boolean)
        array.set_integer(i, uniform(0, 1));
      else
        array.set_integer(i, uniform(-20, 20));
    }
    return array;
  }

  Item leaf(const Shape& shape, DType dtype) {
    const Type type{dtype, shape};
    const double bound = is_floating(dtype) ? 2 : (dtype == DType::boolean ? 1 : 20);
    const Array value = random_array(type);
    if (chance(0.2)) return {constant(value), bound, 5};
    inputs_.push_back(input(type, "x" + std::to_string(inputs_.size())));
    arguments_.push_back(value);
    return {inputs_.back(), bound, 5};
  }

  /// Row numbers below `n`: data, an input, or computed.
  Expr row_numbers(const Pool& pool, std::int64_t n, const Shape& shape) {
    if (chance(0.4))
      if (const Maybe i = integer(pool)) return chance(0.5) ? mod(i->e, n) : cast(mod(i->e, n), DType::int64);
    Array value(Type{chance(0.2) ? DType::int32 : DType::int64, shape});
    for (std::int64_t i = 0; i < value.size(); ++i) value.set_integer(i, uniform(0, n - 1));
    if (chance(0.5)) return constant(value);
    inputs_.push_back(input(value.type(), "rows" + std::to_string(inputs_.size())));
    arguments_.push_back(value);
    return inputs_.back();
  }

  /// `a` as a value of the given type: reshaped, stretched, or its mean stretched.
  Item conform(const Item& a, const Type& type) {
    Item result = a;
    if (a.e.type() == type) return a;
    if (a.e.dtype() != type.dtype) {
      if (is_integer(type.dtype)) {
        result = {constant(Array::scalar(std::int64_t{3}).cast(type.dtype)), 20, 5};
      } else {
        result = tame({cast(a.e, type.dtype), a.bound, a.bits});
      }
    }
    if (result.e.shape() == type.shape) return result;
    if (element_count(result.e.shape()) == element_count(type.shape))
      return {reshape(result.e, type.shape), result.bound, result.bits};
    const Item scalar = size(result) == 0 ? Item{cast(constant(0.5), type.dtype), 2, 5}
                        : result.e.rank() == 0
                            ? result
                            : (is_real(result) ? Item{mean(result.e), result.bound, 0}
                                               : Item{at(reshape(result.e, {-1}), 0), result.bound, result.bits});
    return {broadcast_to(scalar.e, type.shape), scalar.bound, scalar.bits};
  }

  // --- ops ---

  void grow(Pool& pool, std::int64_t count, int depth) {
    for (std::int64_t made = 0, tries = 0; made < count && tries < 20 * count; ++tries) {
      Maybe item = step(pool, depth);
      if (!item || size(*item) > 4000) continue;
      pool.push_back(tame(*item));
      ++made;
    }
  }

  Maybe step(Pool& pool, int depth) {
    switch (uniform(0, depth < 2 ? 21 : 17)) {
      case 0:
      case 1:
      case 2:
        return unary(pool);
      case 3:
      case 4:
      case 5:
        return binary(pool);
      case 6:
        return comparison(pool);
      case 7:
        return choice(pool);
      case 8:
        return integers(pool);
      case 9:
      case 10:
        return reduction(pool);
      case 11:
      case 12:
      case 13:
        return view(pool);
      case 14:
        return joined(pool);
      case 15:
        return contraction(pool);
      case 16:
        return gathered(pool);
      case 17:
        return chance(0.5) ? scattered(pool) : updated(pool);
      case 18:
      case 19:
        return loop(pool, depth);
      case 20:
        return called(pool, depth);
      default:
        return branch(pool, depth);
    }
  }

  Maybe unary(const Pool& pool) {
    const Maybe found = real(pool);
    if (!found) return std::nullopt;
    const Expr& x = found->e;
    const double b = found->bound;
    switch (uniform(0, 17)) {
      case 0:
        return Item{tanh(x), 1, 0};
      case 1:
        return Item{sin(x), 1, 0};
      case 2:
        return Item{cos(x), 1, 0};
      case 3:
        return Item{exp(0.25 * x), 2, 0};
      case 4:
        return Item{sqr(x), b * b, 2 * found->bits};
      case 5:
        return Item{-x, b, found->bits};
      case 6:
        return Item{sigmoid(x), 1, 0};
      case 7:
        return Item{softplus(x), 2.2, 0};
      case 8:
        return Item{log1p(sqr(x)), 2, 0};
      case 9:
        return Item{sqrt(1.0 + sqr(x)), 3, 0};
      case 10:
        return Item{inv(1.0 + sqr(x)), 1, 0};
      case 11:
        return Item{lgamma(3.0 + x), 4, 0};
      case 12:
        return Item{log(3.0 + x), 2, 0};
      case 13:
        return Item{erf(x), 1, 0};
      case 14:
        return Item{expm1(0.5 * x), 2, 0};
      case 15:
        return Item{pow(2.5 + x, 0.5), 3, 0};
      case 16:
        return Item{atan(x), 2, 0};
      default:
        return has_gradient_ ? Item{x * x * x, b * b * b, 0} : Item{abs(x), b, found->bits};
    }
  }

  Maybe binary(const Pool& pool) {
    const Maybe found = real(pool);
    if (!found) return std::nullopt;
    const Item &a = *found, b = partner(pool, *found);
    const bool exact = a.bits > 0 && b.bits > 0;
    switch (uniform(0, 9)) {
      case 0:
      case 1:
        return Item{a.e + b.e, a.bound + b.bound, exact ? a.bits + b.bits : 0};
      case 2:
        return Item{a.e - b.e, a.bound + b.bound, exact ? a.bits + b.bits : 0};
      case 3:
      case 4:
        return Item{a.e * b.e, a.bound * b.bound, exact ? a.bits + b.bits : 0};
      case 5:
        return Item{a.e / (1.0 + sqr(b.e)), a.bound, 0};
      case 6:
        return Item{logaddexp(a.e, b.e), 3, 0};
      case 7:
        if (has_gradient_) return std::nullopt;
        return Item{maximum(a.e, b.e), 2, exact ? std::max(a.bits, b.bits) : 0};
      case 8:
        if (has_gradient_) return std::nullopt;
        return Item{minimum(a.e, b.e), 2, exact ? std::max(a.bits, b.bits) : 0};
      default:
        return Item{atan2(a.e, 3.0 + b.e), 2, 0};
    }
  }

  Maybe comparison(const Pool& pool) {
    if (chance(0.3))
      if (const Maybe p = boolean(pool)) {
        const Item q = partner(pool, *p);
        if (chance(0.3)) return Item{logical_not(p->e), 1, 1};
        return Item{chance(0.5) ? logical_and(p->e, q.e) : logical_or(p->e, q.e), 1, 1};
      }
    if (chance(0.1))
      if (const Maybe x = real(pool)) return Item{isnan(x->e), 1, 1};
    const Maybe a = chance(0.4) ? integer(pool) : exact_real(pool);
    if (!a) return std::nullopt;
    const Item b = partner(pool, *a, true);
    const Expr y = b.e == a->e ? constant(0.25, a->e.dtype()) : b.e;
    switch (uniform(0, 3)) {
      case 0:
        return Item{a->e < y, 1, 1};
      case 1:
        return Item{a->e >= y, 1, 1};
      case 2:
        return Item{eq(a->e, y), 1, 1};
      default:
        return Item{neq(a->e, y), 1, 1};
    }
  }

  Maybe choice(const Pool& pool) {
    const Maybe p = boolean(pool), a = real(pool);
    if (!p || !a) return std::nullopt;
    if (chance(0.2)) return Item{cast(p->e, DType::float64), 1, 1};
    const Item b = partner(pool, *a);
    try {
      return Item{where(p->e, a->e, b.e), 2, a->bits > 0 && b.bits > 0 ? std::max(a->bits, b.bits) : 0};
    } catch (const GraphError&) {
      return std::nullopt;
    }
  }

  Maybe integers(const Pool& pool) {
    if (chance(0.2)) return Item{arange(dims_[index(dims_.size())]), 40, 6};
    if (chance(0.3))
      if (const Maybe x = exact_real(pool))
        return Item{cast(8.0 * x->e, chance(0.5) ? DType::int64 : DType::int32), 1000, 11};
    const Maybe a = integer(pool);
    if (!a) return std::nullopt;
    const Item b = partner(pool, *a);
    switch (uniform(0, 5)) {
      case 0:
        return Item{mod(a->e + b.e, 17), 17, 5};
      case 1:
        return Item{mod(a->e * b.e, 13), 13, 5};
      case 2:
        return Item{floor_div(a->e, pick<std::int64_t>({2, 3, -5})), a->bound, a->bits};
      case 3:
        return Item{maximum(a->e, b.e), 1000, std::max(a->bits, b.bits)};
      case 4:
        return tame({cast(a->e, DType::float64), a->bound, a->bits});
      default:
        return Item{mod(sum(a->e, some_axes(a->e)), 19), 19, 5};
    }
  }

  Axes some_axes(const Expr& e) {
    Axes axes;
    for (std::int64_t axis = 0; axis < e.rank(); ++axis)
      if (chance(0.5)) axes.push_back(chance(0.2) ? axis - e.rank() : axis);
    return axes;
  }

  Maybe reduction(const Pool& pool) {
    if (chance(0.15))
      if (const Maybe p = boolean(pool))
        return Item{chance(0.5) ? all(p->e, some_axes(p->e)) : any(p->e, some_axes(p->e)), 1, 1};
    const Maybe found = real(pool);
    if (!found || size(*found) == 0) return std::nullopt;
    const Item& a = *found;
    const Axes axes = some_axes(a.e);
    const bool keep = chance(0.3);
    const auto n = static_cast<double>(size(a));
    switch (uniform(0, 9)) {
      case 0:
      case 1:
      case 2:
        return Item{sum(a.e, axes, keep), a.bound * n, a.bits > 0 ? a.bits + 12 : 0};
      case 3:
        return Item{mean(a.e, axes, keep), a.bound, 0};
      case 4:
        if (has_gradient_) return std::nullopt;
        return Item{max(a.e, axes, keep), a.bound, a.bits};
      case 5:
        if (has_gradient_) return std::nullopt;
        return Item{min(a.e, axes, keep), a.bound, a.bits};
      case 6:
        return Item{logsumexp(a.e, axes, keep), a.bound + std::log(n), 0};
      case 7:
        if (a.e.rank() == 0) return std::nullopt;
        return Item{softmax(a.e, uniform(0, a.e.rank() - 1)), 1, 0};
      case 8:
        if (a.e.rank() == 0) return std::nullopt;
        return Item{cumsum(a.e, uniform(0, a.e.rank() - 1)), a.bound * n, a.bits > 0 ? a.bits + 12 : 0};
      default:
        return Item{prod(cos(0.05 * a.e), axes, keep), 1, 0};
    }
  }

  Slice random_slice(std::int64_t length) {
    if (chance(0.3)) return {std::nullopt, std::nullopt, -1};
    if (length == 0) return {std::nullopt, std::nullopt, 1};
    std::int64_t first = uniform(0, length - 1), last = uniform(0, length - 1);
    if (first > last) std::swap(first, last);
    if (chance(0.3)) return {last, first == 0 ? std::nullopt : std::optional(first - 1), -1};
    return {first, last + 1, 1};
  }

  Maybe view(const Pool& pool) {
    const Maybe found = find(pool, [](const Item& x) { return size(x) > 0; });
    if (!found) return std::nullopt;
    const Item& a = *found;
    const std::int64_t rank = a.e.rank();
    const auto same = [&a](const Expr& e) { return Item{e, a.bound, a.bits}; };
    switch (uniform(0, 9)) {
      case 0: {
        if (rank < 2) return std::nullopt;
        Axes order(static_cast<std::size_t>(rank));
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
        std::shuffle(order.begin(), order.end(), random_);
        return same(transpose(a.e, order));
      }
      case 1:
        return same(reshape(a.e, {-1}));
      case 2: {
        const std::int64_t n = size(a);
        for (std::int64_t d : {dims_[0], dims_[1], std::int64_t{2}})
          if (n % d == 0) return same(reshape(a.e, chance(0.5) ? Shape{d, -1} : Shape{-1, d}));
        return std::nullopt;
      }
      case 3:
        return same(expand_dims(a.e, uniform(0, rank)));
      case 4:
        for (std::int64_t axis = 0; axis < rank; ++axis)
          if (a.e.shape()[static_cast<std::size_t>(axis)] == 1) return same(squeeze(a.e, axis));
        return std::nullopt;
      case 5: {
        if (rank > 3) return std::nullopt;
        Shape shape = a.e.shape();
        for (std::int64_t& length : shape)
          if (length == 1 && chance(0.5)) length = dims_[index(2)];
        shape.insert(shape.begin(), dims_[index(2)]);
        return same(broadcast_to(a.e, shape));
      }
      case 6:
      case 7: {
        if (rank == 0) return std::nullopt;
        const std::int64_t axis = uniform(0, rank - 1);
        return same(slice(a.e, axis, random_slice(a.e.shape()[static_cast<std::size_t>(axis)])));
      }
      case 8: {
        if (rank == 0) return std::nullopt;
        const std::int64_t axis = uniform(0, rank - 1), length = a.e.shape()[static_cast<std::size_t>(axis)];
        return same(at(a.e, uniform(-length, length - 1), axis));
      }
      default:
        if (rank == 2) return same(diagonal(a.e));
        if (rank == 1) return same(diag(a.e));
        return std::nullopt;
    }
  }

  Maybe joined(const Pool& pool) {
    const Maybe found = find(pool, [](const Item& x) { return is_real(x) && size(x) < 500; });
    if (!found) return std::nullopt;
    const Item& a = *found;
    const Maybe other = find(pool, [&](const Item& x) { return x.e.type() == a.e.type(); });
    const Item b = other ? *other : a;
    const int bits = a.bits > 0 && b.bits > 0 ? std::max(a.bits, b.bits) : 0;
    switch (uniform(0, 3)) {
      case 0:
        return Item{stack({a.e, b.e, a.e}, uniform(0, a.e.rank())), 2, bits};
      case 1:
        if (a.e.rank() == 0) return std::nullopt;
        return Item{concatenate({a.e, b.e}, uniform(0, a.e.rank() - 1)), 2, bits};
      case 2: {
        if (a.e.rank() == 0) return std::nullopt;
        const std::int64_t axis = uniform(0, a.e.rank() - 1);
        const Slice range = random_slice(a.e.shape()[static_cast<std::size_t>(axis)]);
        return Item{pad_slice(slice(b.e, axis, range), a.e, axis, range), 2, b.bits};
      }
      default: {
        if (a.e.rank() == 0) return std::nullopt;
        const std::int64_t axis = uniform(0, a.e.rank() - 1);
        const Expr part = slice(b.e, axis, random_slice(a.e.shape()[static_cast<std::size_t>(axis)]));
        return Item{concatenate({a.e, part, part}, axis), 2, bits};
      }
    }
  }

  Maybe contraction(const Pool& pool) {
    const Maybe first = real_of_rank(pool, 1, 3);
    if (!first || size(*first) == 0) return std::nullopt;
    const Item& a = *first;
    const auto n = static_cast<double>(a.e.shape().back());
    if (chance(0.15)) {
      const Maybe v = real_of_rank(pool, 1, 1), w = real_of_rank(pool, 1, 1);
      if (v && w) return Item{outer(v->e, w->e), v->bound * w->bound, 0};
    }
    const Maybe second = find(pool, [&](const Item& b) {
      if (!is_real(b) || b.e.rank() == 0 || b.e.rank() > 3) return false;
      const Shape& shape = b.e.shape();
      return shape[shape.size() >= 2 ? shape.size() - 2 : 0] == a.e.shape().back();
    });
    if (second && chance(0.7)) {
      const double bound = a.bound * second->bound * n;
      const bool matmul_fits = a.e.rank() <= 2 || second->e.rank() <= 2;
      if (chance(0.5) && matmul_fits) return Item{matmul(a.e, second->e), bound, 0};
      if (element_count(a.e.shape()) / a.e.shape().back() * element_count(second->e.shape()) / a.e.shape().back() >
          4000)
        return std::nullopt;
      return Item{dot(a.e, second->e), bound, 0};
    }
    if (a.e.rank() <= 2 && chance(0.5)) return Item{dot(a.e, transpose(a.e)), a.bound * a.bound * n, 0};
    const std::int64_t axis = uniform(0, a.e.rank() - 1);
    const auto length = static_cast<double>(a.e.shape()[static_cast<std::size_t>(axis)]);
    if (size(a) > 200) return std::nullopt;
    return Item{tensordot(a.e, a.e, {axis}, {axis}), a.bound * a.bound * length, 0};
  }

  Maybe gathered(const Pool& pool) {
    const Maybe found = find(pool, [](const Item& x) { return x.e.rank() > 0 && size(x) > 0; });
    if (!found) return std::nullopt;
    const Item& a = *found;
    const std::int64_t axis = uniform(0, a.e.rank() - 1);
    const std::int64_t n = a.e.shape()[static_cast<std::size_t>(axis)];
    const Expr rows = row_numbers(pool, n, random_shape(a.e.rank() > 1 ? 1 : 2));
    if (rows.rank() + a.e.rank() > 4 || size(a) * element_count(rows.shape()) > 4000 * n) return std::nullopt;
    return Item{gather(a.e, rows, axis), a.bound, a.bits};
  }

  Maybe scattered(const Pool& pool) {
    const Maybe found = real_of_rank(pool, 1, 3);
    if (!found || size(*found) == 0) return std::nullopt;
    const Item& a = *found;
    const std::int64_t n = uniform(1, 9);
    const std::size_t index_rank = a.e.rank() > 1 && chance(0.3) ? 2 : 1;
    const Shape shape(a.e.shape().begin(), a.e.shape().begin() + static_cast<std::ptrdiff_t>(index_rank));
    Expr rows = row_numbers(pool, n, shape);
    if (rows.shape() != shape) rows = row_numbers({}, n, shape);
    return Item{scatter_add(a.e, rows, n), a.bound * static_cast<double>(element_count(shape)), 0};
  }

  /// Rows of an item set to, or increased by, parts of another.
  Maybe updated(const Pool& pool) {
    const Maybe found = real_of_rank(pool, 1, 3);
    if (!found || size(*found) == 0) return std::nullopt;
    const Item& a = *found;
    const Expr rows = row_numbers(pool, a.e.shape()[0], random_shape(chance(0.5) ? 0 : 2));
    const Maybe other = real(pool);
    Shape shape = rows.shape();
    shape.insert(shape.end(), a.e.shape().begin() + 1, a.e.shape().end());
    if (!other || element_count(shape) > 4000) return std::nullopt;
    const Item values = conform(*other, Type{DType::float64, shape});
    if (chance(0.5)) return Item{set_rows(a.e, rows, values.e), 2, 0};
    return Item{add_rows(a.e, rows, values.e), 2 + 2 * static_cast<double>(element_count(rows.shape())), 0};
  }

  // --- bodies ---

  /// A few of the enclosing graph's items.
  Pool captured(const Pool& pool) {
    Pool result;
    for (std::int64_t i = uniform(0, 3); i-- > 0;) result.push_back(pool[index(pool.size())]);
    return result;
  }

  Maybe loop(Pool& pool, int depth) {
    Pool initial;
    for (std::int64_t i = uniform(1, 3); i-- > 0;) {
      const Maybe a =
          find(pool, [](const Item& x) { return (is_real(x) || x.e.dtype() == DType::int64) && size(x) <= 300; });
      if (a) initial.push_back(*a);
    }
    Pool sequences;
    std::int64_t length = 0;
    if (chance(0.6)) {
      const Maybe a = find(pool, [](const Item& x) { return x.e.rank() > 0 && x.e.shape()[0] <= 9 && size(x) > 0; });
      if (a) {
        sequences.push_back(*a);
        length = a->e.shape()[0];
        const Maybe b = find(pool, [&](const Item& x) { return x.e.rank() > 0 && x.e.shape()[0] >= length; });
        if (b && chance(0.5)) sequences.push_back(*b);
      }
    }
    std::optional<Operand> steps;
    bool is_runtime = false;
    if (sequences.empty() || chance(0.3)) {
      const std::int64_t most = sequences.empty() ? 5 : length;
      is_runtime = !has_gradient_ && chance(0.4);  // the gradient would keep carries of run-time length
      if (is_runtime) {
        inputs_.push_back(lscalar("steps" + std::to_string(inputs_.size())));
        arguments_.push_back(Array::scalar(uniform(0, most)));
        steps = inputs_.back();
      } else {
        steps = Operand(uniform(0, most));
      }
    }
    if (initial.empty() && (sequences.empty() || is_runtime)) return std::nullopt;
    Pool outer = captured(pool);
    const auto body = [&](const Exprs& carry, const Exprs& elements) {
      Pool inner = outer;
      for (std::size_t i = 0; i < carry.size(); ++i)
        inner.push_back({carry[i], is_real(initial[i]) ? 2.0 : 1000, is_real(initial[i]) ? 0 : 11});
      for (std::size_t i = 0; i < elements.size(); ++i)
        inner.push_back({elements[i], sequences[i].bound, sequences[i].bits});
      grow(inner, uniform(1, 6), depth + 1);
      ScanBody result;
      for (std::size_t i = 0; i < carry.size(); ++i) {
        const Type type = initial[i].e.type();
        if (!is_real(initial[i])) {
          result.carry.push_back(chance(0.2) ? carry[i] : mod(carry[i] + uniform(1, 9), 23));
          continue;
        }
        const Item next = conform(chance(0.15) ? Item{carry[index(carry.size())]} : inner[index(inner.size())], type);
        result.carry.push_back(tame(next).e);
      }
      if (!is_runtime)
        for (std::int64_t i = carry.empty() ? uniform(1, 2) : uniform(0, 2); i-- > 0;)
          result.outputs.push_back(inner[index(inner.size())].e);
      return result;
    };
    Operands starts, rows;
    for (const Item& a : initial) starts.emplace_back(a.e);
    for (const Item& a : sequences) rows.emplace_back(a.e);
    const ScanResult result = scan(body, starts, rows, steps);
    std::vector<Item> made;
    for (std::size_t i = 0; i < result.carry.size(); ++i)
      made.push_back({result.carry[i], is_real(initial[i]) ? 2.0 : 1000, is_real(initial[i]) ? 0 : 11});
    for (const Expr& e : result.outputs) made.push_back({e, e.dtype() == DType::float64 ? 2.0 : 1000, 0});
    for (Item& item : made)
      // Integers that the body captured are exact, but how long they are is not known here.
      if (!is_real(item) && size(item) <= 4000) pool.push_back({mod_if_integer(item.e), 23, 5});
    std::erase_if(made, [](const Item& item) { return !is_real(item) || size(item) > 4000; });
    if (made.empty()) return std::nullopt;
    const Item last = made.back();
    made.pop_back();
    for (const Item& item : made) pool.push_back(item);
    return last;
  }

  static Expr mod_if_integer(const Expr& e) { return is_integer(e.dtype()) ? mod(e, 23) : e; }

  Maybe called(Pool& pool, int depth) {
    Pool arguments;
    for (std::int64_t i = uniform(1, 3); i-- > 0;) arguments.push_back(pool[index(pool.size())]);
    const std::vector<Array> old_arguments = arguments_;
    const Exprs old_inputs = inputs_;
    Pool inner;
    Exprs variables;
    for (const Item& a : arguments) {
      variables.push_back(input(a.e.type(), "argument"));
      inner.push_back({variables.back(), a.bound, a.bits});
    }
    grow(inner, uniform(1, 6), depth + 1);
    // Inputs that the body made for itself become further arguments.
    Exprs all = variables;
    Operands values;
    for (const Item& a : arguments) values.emplace_back(a.e);
    for (std::size_t i = old_inputs.size(); i < inputs_.size(); ++i) {
      all.push_back(inputs_[i]);
      values.emplace_back(inputs_[i]);
    }
    Exprs outputs;
    Pool made;
    for (std::int64_t i = uniform(1, 2); i-- > 0;) {
      made.push_back(inner[index(inner.size())]);
      outputs.push_back(made.back().e);
    }
    const Body body = close(Graph{all, outputs});
    const Exprs results = call(body, values);
    for (std::size_t i = 0; i < results.size(); ++i) pool.push_back({results[i], made[i].bound, made[i].bits});
    // Once more with other arguments of the same types.
    for (std::size_t i = 0; i < arguments.size(); ++i)
      if (const Maybe other = find(pool, [&](const Item& x) {
            return x.e.type() == arguments[i].e.type() && x.bits == arguments[i].bits && x.bound <= arguments[i].bound;
          }))
        values[i] = other->e;
    const Exprs again = call(body, values);
    return Item{again[0], made[0].bound, made[0].bits};
  }

  Maybe branch(Pool& pool, int depth) {
    Expr condition;
    const Maybe p = boolean(pool);
    if (p)
      condition = p->e.rank() == 0 ? p->e : (chance(0.5) ? any(p->e) : all(p->e));
    else if (const Maybe x = exact_real(pool); x && size(*x) > 0)
      condition = at(reshape(x->e, {-1}), 0) > 0.1;
    else
      return std::nullopt;
    Pool outer = captured(pool);
    if (outer.empty()) outer.push_back(pool[index(pool.size())]);
    std::vector<Type> types;
    const auto side = [&] {
      Pool inner = outer;
      grow(inner, uniform(0, 5), depth + 1);
      Exprs results;
      if (types.empty()) {
        for (std::int64_t i = uniform(1, 2); i-- > 0;) {
          const Maybe a = real(inner);
          const Item item = a ? *a : Item{constant(0.5), 2, 5};
          results.push_back(item.e);
          types.push_back(item.e.type());
        }
      } else {
        for (const Type& type : types) {
          const Maybe a = real(inner);
          results.push_back(tame(conform(a ? *a : Item{constant(0.25), 2, 5}, type)).e);
        }
      }
      return results;
    };
    const Exprs results = ifelse(condition, side, side);
    for (std::size_t i = 1; i < results.size(); ++i) pool.push_back({results[i], 2, 0});
    return Item{results[0], 2, 0};
  }

  std::mt19937_64 random_;
  std::vector<std::int64_t> dims_;
  bool has_gradient_ = false;
  Exprs inputs_;
  std::vector<Array> arguments_;
};

}  // namespace leapgraph::symbolic::random_graphs

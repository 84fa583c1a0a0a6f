/// What the ops on matrices mean, one matrix of a stack after another.
#include "leapgraph/symbolic/ops/linalg_reference.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <cmath>
#include <limits>

#include "leapgraph/symbolic/checks.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/ops/shapes.hpp"

namespace leapgraph::symbolic::reference {

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Wide = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
using View = Eigen::Map<const Matrix>;
using Target = Eigen::Map<Matrix>;

/// Goes through stacks that broadcast: makes the outputs, and gives the matrices of each item to a function.
class Stacks {
 public:
  /// `item_ranks`: axes of one item of each input.
  Stacks(const Node& node, std::span<const Array> inputs, std::initializer_list<std::size_t> item_ranks)
      : node_(node), inputs_(inputs) {
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const Shape& shape = inputs[k].shape();
      items_.push_back({shape.end() - static_cast<std::ptrdiff_t>(item_ranks.begin()[k]), shape.end()});
      batches_.push_back({shape.begin(), shape.end() - static_cast<std::ptrdiff_t>(item_ranks.begin()[k])});
      batch_ = broadcast(batch_, batches_.back());
    }
    std::vector<Type> types;
    for (const Array& input : inputs) types.push_back(input.type());
    try {
      for (Type& type : node.op().type(types, node.attributes())) outputs_.emplace_back(std::move(type));
    } catch (const GraphError& error) {
      error.rethrow(fmt::format("{}: {}", node.op().name, error.what()));
    }
  }

  /// Calls f() for each item, which asks for its parts.
  template <class F>
  std::vector<Array> each(F&& f) {
    for_each_index(batch_, [&](auto index, std::int64_t number) {
      number_ = number;
      positions_.clear();
      for (const Shape& own : batches_) {
        std::int64_t position = 0;
        for (std::size_t axis = 0; axis < own.size(); ++axis)
          position = position * own[axis] + (own[axis] == 1 ? 0 : index[index.size() - own.size() + axis]);
        positions_.push_back(position);
      }
      f();
    });
    return outputs_;
  }

  View matrix(std::size_t k) const {
    const Shape& item = items_[k];
    return {inputs_[k].data<double>().data() + positions_[k] * item[0] * item[1], item[0], item[1]};
  }
  std::span<const std::int64_t> integers(std::size_t k) const {
    const auto length = static_cast<std::size_t>(items_[k][0]);
    return inputs_[k].data<std::int64_t>().subspan(static_cast<std::size_t>(positions_[k]) * length, length);
  }
  /// Part of output `k`, which has these sides for every item.
  Target result(std::size_t k, std::int64_t rows, std::int64_t columns = 1) {
    return {outputs_[k].data<double>().data() + number_ * rows * columns, rows, columns};
  }
  std::span<std::int64_t> result_integers(std::size_t k, std::int64_t length) {
    return outputs_[k].data<std::int64_t>().subspan(static_cast<std::size_t>(number_ * length),
                                                    static_cast<std::size_t>(length));
  }
  [[noreturn]] void fail(Check check, std::int64_t value = 0) const { raise({check, value, 0}, node_.place()); }

 private:
  const Node& node_;
  std::span<const Array> inputs_;
  std::vector<Shape> items_, batches_;
  Shape batch_;
  std::vector<Array> outputs_;
  std::vector<std::int64_t> positions_;
  std::int64_t number_ = 0;
};

Matrix symmetric(const View& a) { return 0.5 * a + 0.5 * a.transpose(); }

using Factors = Eigen::PartialPivLU<Matrix>;

/// Eigen does not factor matrices without rows.
Matrix packed(const Factors& factors, std::int64_t n) { return n == 0 ? Matrix(0, 0) : factors.matrixLU(); }

void require_pivots(const Stacks& stacks, const Matrix& packed) {
  for (std::int64_t i = 0; i < packed.rows(); ++i)
    if (packed(i, i) == 0) stacks.fail(Check::singular, i + 1);
}

double permutation_sign(const Factors& factors, std::int64_t n) {
  return n == 0 ? 1.0 : static_cast<double>(factors.permutationP().determinant());
}

Factors factored(const View& a) { return a.rows() == 0 ? Factors() : Factors(Matrix(a)); }

/// The sign that makes the first component of at least nine tenths of the largest positive.
template <class Vector>
double sign_of(const Vector& x) {
  const double size = x.cwiseAbs().maxCoeff();
  for (std::int64_t i = 0; i < x.size(); ++i)
    if (std::abs(x(i)) >= 0.9 * size) return x(i) < 0 ? -1.0 : 1.0;
  return 1.0;
}

}  // namespace

Arrays cholesky(const Node& node, std::span<const Array> inputs) {
  Stacks stacks(node, inputs, {2});
  return stacks.each([&] {
    const Wide a = symmetric(stacks.matrix(0)).cast<long double>();
    const std::int64_t n = a.rows();
    Wide factor = Wide::Zero(n, n);
    for (std::int64_t j = 0; j < n; ++j) {
      const long double rest = a(j, j) - factor.row(j).head(j).squaredNorm();
      if (!(rest > 0) || !std::isfinite(rest)) {
        if (node.get<bool>("raises")) stacks.fail(Check::not_positive_definite, j + 1);
        factor.setConstant(std::numeric_limits<long double>::quiet_NaN());
        break;
      }
      factor(j, j) = std::sqrt(rest);
      for (std::int64_t i = j + 1; i < n; ++i)
        factor(i, j) = (a(i, j) - factor.row(i).head(j).dot(factor.row(j).head(j))) / factor(j, j);
    }
    stacks.result(0, n, n) = factor.cast<double>();
  });
}

Arrays solve_triangular(const Node& node, std::span<const Array> inputs) {
  const bool lower = node.get<bool>("lower"), transposed = node.get<bool>("transposed");
  const bool unit = node.get<bool>("unit_diagonal");
  Stacks stacks(node, inputs, {2, 2});
  return stacks.each([&] {
    const View b = stacks.matrix(1);
    Wide t = stacks.matrix(0).cast<long double>();
    for (std::int64_t i = 0; i < t.rows() && !unit && node.get<bool>("raises"); ++i)
      if (t(i, i) == 0) stacks.fail(Check::singular, i + 1);
    if (transposed) t.transposeInPlace();
    Wide x = b.cast<long double>();
    const bool forward = lower != transposed;
    const std::int64_t n = t.rows();
    for (std::int64_t k = 0; k < n; ++k) {
      const std::int64_t i = forward ? k : n - 1 - k;
      for (std::int64_t j = forward ? 0 : i + 1; j < (forward ? i : n); ++j) x.row(i) -= t(i, j) * x.row(j);
      if (!unit) x.row(i) /= t(i, i);
    }
    stacks.result(0, b.rows(), b.cols()) = x.cast<double>();
  });
}

Arrays lu(const Node& node, std::span<const Array> inputs) {
  Stacks stacks(node, inputs, {2});
  return stacks.each([&] {
    const View a = stacks.matrix(0);
    const std::int64_t n = a.rows();
    const Factors factors = factored(a);
    stacks.result(0, n, n) = packed(factors, n);
    const auto rows = stacks.result_integers(1, n);
    for (std::int64_t i = 0; i < n; ++i) rows[static_cast<std::size_t>(factors.permutationP().indices()(i))] = i;
    stacks.result(2, 1)(0) = permutation_sign(factors, n);
  });
}

Arrays lu_solve(const Node& node, std::span<const Array> inputs) {
  const bool transposed = node.get<bool>("transposed");
  Stacks stacks(node, inputs, {2, 1, 2});
  return stacks.each([&] {
    const Matrix both = stacks.matrix(0);
    const View b = stacks.matrix(2);
    const auto rows = stacks.integers(1);
    require_pivots(stacks, both);
    Target x = stacks.result(0, b.rows(), b.cols());
    Matrix y = b;
    const auto at = [&](std::int64_t i) { return static_cast<std::int64_t>(rows[static_cast<std::size_t>(i)]); };
    if (transposed) {
      both.triangularView<Eigen::Upper>().transpose().solveInPlace(y);
      both.triangularView<Eigen::UnitLower>().transpose().solveInPlace(y);
      for (std::int64_t i = 0; i < y.rows(); ++i) x.row(at(i)) = y.row(i);
    } else {
      for (std::int64_t i = 0; i < y.rows(); ++i) y.row(i) = b.row(at(i));
      both.triangularView<Eigen::UnitLower>().solveInPlace(y);
      both.triangularView<Eigen::Upper>().solveInPlace(y);
      x = y;
    }
  });
}

Arrays solve(const Node& node, std::span<const Array> inputs) {
  const bool transposed = node.get<bool>("transposed");
  Stacks stacks(node, inputs, {2, 2});
  return stacks.each([&] {
    const View a = stacks.matrix(0), b = stacks.matrix(1);
    const Factors factors = factored(a);
    require_pivots(stacks, packed(factors, a.rows()));
    Target x = stacks.result(0, b.rows(), b.cols());
    if (a.rows() == 0 || b.cols() == 0) return;
    if (transposed)
      x = factors.transpose().solve(b);
    else
      x = factors.solve(b);
  });
}

Arrays inverse(const Node& node, std::span<const Array> inputs) {
  Stacks stacks(node, inputs, {2});
  return stacks.each([&] {
    const View a = stacks.matrix(0);
    const Factors factors = factored(a);
    require_pivots(stacks, packed(factors, a.rows()));
    if (a.rows() > 0) stacks.result(0, a.rows(), a.rows()) = factors.inverse();
  });
}

namespace {

/// f(the sign of the permutation, the diagonal of U).
template <class F>
Arrays of_pivots(const Node& node, std::span<const Array> inputs, F&& f) {
  Stacks stacks(node, inputs, {2});
  return stacks.each([&] {
    const View a = stacks.matrix(0);
    const Factors factors = factored(a);
    const Eigen::VectorXd pivots = packed(factors, a.rows()).diagonal();
    stacks.result(0, 1)(0) = f(permutation_sign(factors, a.rows()), pivots);
  });
}

}  // namespace

Arrays det(const Node& node, std::span<const Array> inputs) {
  return of_pivots(node, inputs, [](double sign, const Eigen::VectorXd& pivots) {
    for (double x : pivots) sign *= x;
    return sign;
  });
}

Arrays log_abs_det(const Node& node, std::span<const Array> inputs) {
  return of_pivots(node, inputs, [](double, const Eigen::VectorXd& pivots) {
    long double total = 0;
    for (double x : pivots) total += std::log(std::abs(static_cast<long double>(x)));
    return static_cast<double>(total);
  });
}

Arrays sign_det(const Node& node, std::span<const Array> inputs) {
  return of_pivots(node, inputs, [](double sign, const Eigen::VectorXd& pivots) {
    for (double x : pivots) sign *= std::isnan(x) ? x : static_cast<double>((x > 0) - (x < 0));
    return sign;
  });
}

/// Determinants of the matrices without one row and one column.
Arrays cofactors(const Node& node, std::span<const Array> inputs) {
  Stacks stacks(node, inputs, {2});
  return stacks.each([&] {
    const View a = stacks.matrix(0);
    const std::int64_t n = a.rows();
    if (!a.allFinite()) stacks.fail(Check::no_convergence);
    Target result = stacks.result(0, n, n);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        Wide minor(n - 1, n - 1);
        for (std::int64_t k = 0; k + 1 < n; ++k)
          for (std::int64_t l = 0; l + 1 < n; ++l) minor(k, l) = a(k + (k >= i), l + (l >= j));
        const long double value = n == 1 ? 1.0L : minor.fullPivLu().determinant();
        result(i, j) = static_cast<double>((i + j) % 2 == 0 ? value : -value);
      }
  });
}

Arrays qr(const Node& node, std::span<const Array> inputs) {
  Stacks stacks(node, inputs, {2});
  return stacks.each([&] {
    const View a = stacks.matrix(0);
    const std::int64_t m = a.rows(), n = a.cols(), least = std::min(m, n), q = node.get<bool>("complete") ? m : least;
    Target first = stacks.result(0, m, q), second = stacks.result(1, q, n);
    first = Matrix::Identity(m, q);
    second.setZero();
    if (least == 0) return;
    // Eigen squares elements without scaling them.
    const int exponent = std::ilogb(std::max(a.cwiseAbs().maxCoeff(), std::numeric_limits<double>::min()));
    const Eigen::HouseholderQR<Matrix> factors{
        Matrix(a.unaryExpr([=](double x) { return std::scalbn(x, -exponent); }))};
    first = factors.householderQ() * Matrix::Identity(m, q);
    const Matrix upper = factors.matrixQR().topRows(q).triangularView<Eigen::Upper>();
    second = upper.unaryExpr([=](double x) { return std::scalbn(x, exponent); });
    for (std::int64_t i = 0; i < least; ++i)
      if (second(i, i) < 0) {
        second.row(i) *= -1;
        first.col(i) *= -1;
      }
  });
}

Arrays eigh(const Node& node, std::span<const Array> inputs) {
  Stacks stacks(node, inputs, {2});
  return stacks.each([&] {
    const Matrix a = symmetric(stacks.matrix(0));
    const std::int64_t n = a.rows();
    if (n == 0) return;
    if (!a.allFinite()) stacks.fail(Check::no_convergence);
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(a);
    if (solver.info() != Eigen::Success) stacks.fail(Check::no_convergence);
    stacks.result(0, n) = solver.eigenvalues();
    Target vectors = stacks.result(1, n, n);
    vectors = solver.eigenvectors();
    for (std::int64_t j = 0; j < n; ++j) vectors.col(j) *= sign_of(vectors.col(j));
  });
}

namespace {

struct Singular {
  Matrix u, v;
  Eigen::VectorXd s;
};

Singular decompose(const Stacks& stacks, const View& a) {
  const std::int64_t k = std::min(a.rows(), a.cols());
  if (k == 0) return {Matrix(a.rows(), 0), Matrix(a.cols(), 0), Eigen::VectorXd(0)};
  if (!a.allFinite()) stacks.fail(Check::no_convergence);
  const Eigen::JacobiSVD<Matrix> solver(a, Eigen::ComputeThinU | Eigen::ComputeThinV);
  Singular result{solver.matrixU(), solver.matrixV(), solver.singularValues()};
  for (std::int64_t j = 0; j < k; ++j) {
    const double sign = sign_of(result.u.col(j));
    result.u.col(j) *= sign;
    result.v.col(j) *= sign;
  }
  return result;
}

}  // namespace

Arrays svd(const Node& node, std::span<const Array> inputs) {
  Stacks stacks(node, inputs, {2});
  return stacks.each([&] {
    const View a = stacks.matrix(0);
    const Singular parts = decompose(stacks, a);
    stacks.result(0, a.rows(), parts.s.size()) = parts.u;
    stacks.result(1, parts.s.size()) = parts.s;
    stacks.result(2, parts.s.size(), a.cols()) = parts.v.transpose();
  });
}

Arrays pinv(const Node& node, std::span<const Array> inputs) {
  const double given = node.get<double>("tolerance");
  Stacks stacks(node, inputs, {2});
  return stacks.each([&] {
    const View a = stacks.matrix(0);
    Singular parts = decompose(stacks, a);
    const double tolerance =
        given < 0 ? static_cast<double>(std::max(a.rows(), a.cols())) * std::numeric_limits<double>::epsilon() : given;
    for (std::int64_t i = 0; i < parts.s.size(); ++i) {
      const double s = parts.s(i);
      parts.v.col(i) *= s <= tolerance * parts.s(0) ? 0.0 : 1 / s;
    }
    stacks.result(0, a.cols(), a.rows()) = parts.v * parts.u.transpose();
  });
}

Arrays sqrtm(const Node& node, std::span<const Array> inputs) {
  Stacks stacks(node, inputs, {2});
  return stacks.each([&] {
    const Matrix a = symmetric(stacks.matrix(0));
    if (a.rows() == 0) return;
    if (!a.allFinite()) stacks.fail(Check::no_convergence);
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(a);
    Eigen::VectorXd w = solver.eigenvalues();
    const double rounding = 4 * std::numeric_limits<double>::epsilon() * w.cwiseAbs().sum();
    for (double& x : w) x = x < -rounding ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(std::max(x, 0.0));
    stacks.result(0, a.rows(), a.rows()) = solver.eigenvectors() * w.asDiagonal() * solver.eigenvectors().transpose();
  });
}

/// As one system for all elements of X.
Arrays symmetric_sylvester(const Node& node, std::span<const Array> inputs) {
  Stacks stacks(node, inputs, {2, 2});
  return stacks.each([&] {
    const Matrix r = symmetric(stacks.matrix(0)), c = stacks.matrix(1);
    const std::int64_t n = r.rows();
    if (n == 0) return;
    Matrix system = Matrix::Zero(n * n, n * n);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j)
        for (std::int64_t k = 0; k < n; ++k) {
          system(i * n + j, k * n + j) += r(i, k);
          system(i * n + j, i * n + k) += r(k, j);
        }
    const Eigen::VectorXd x = system.fullPivLu().solve(Eigen::Map<const Eigen::VectorXd>(c.data(), n * n));
    stacks.result(0, n, n) = Eigen::Map<const Matrix>(x.data(), n, n);
  });
}

/// Taylor's series of a matrix of norm below a half, squared.
Arrays expm(const Node& node, std::span<const Array> inputs) {
  Stacks stacks(node, inputs, {2});
  return stacks.each([&] {
    const View given = stacks.matrix(0);
    const std::int64_t n = given.rows();
    Target result = stacks.result(0, n, n);
    if (n == 0) return;
    if (n > 1 && !given.allFinite()) {
      result.setConstant(std::numeric_limits<double>::quiet_NaN());
      return;
    }
    if (n == 1) {
      result(0, 0) = std::exp(given(0, 0));
      return;
    }
    Wide a = given.cast<long double>();
    int squarings = 0;
    for (; squarings < 1100 && a.cwiseAbs().rowwise().sum().maxCoeff() > 0.5L; ++squarings) a *= 0.5L;
    Wide term = Wide::Identity(n, n), sum = term;
    for (int k = 1; k < 30; ++k) {
      term = term * a / static_cast<long double>(k);
      sum += term;
    }
    for (int k = 0; k < squarings; ++k) sum = sum * sum;
    result = sum.cast<double>();
  });
}

}  // namespace leapgraph::symbolic::reference

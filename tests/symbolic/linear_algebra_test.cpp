/// Factors, systems, determinants and decompositions: what defines them, their derivatives where those are delicate,
/// NumPy's conventions, and errors.
#include "leapgraph/symbolic/linear_algebra.hpp"

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/op.hpp"
#include "leapgraph/symbolic/rewrite/passes.hpp"
#include "leapgraph/symbolic/vectorize.hpp"
#include "symbolic/derivative_check.hpp"
#include "symbolic/errors.hpp"

namespace leapgraph::symbolic {
namespace {

Expr tensor(Shape shape, const char* name = "x") { return input({DType::float64, std::move(shape)}, name); }
Expr data(Shape shape, double start = 0.3) { return constant(some_values(std::move(shape), start)); }
Expr eye(std::int64_t n) { return diag(full({n}, 1.0)); }

/// Interpreted, and the same as native code without rewriting, which must agree to rounding.
void expect_equal(const Exprs& got, const Exprs& wanted, double tolerance = 1e-12) {
  Exprs all = got;
  all.insert(all.end(), wanted.begin(), wanted.end());
  const Arrays values = interpret(Graph{{}, all}, {});
  for (std::size_t i = 0; i < got.size(); ++i) {
    SCOPED_TRACE("number " + std::to_string(i));
    EXPECT_EQ(values[i].shape(), values[i + got.size()].shape());
    expect_reals(values[i], values[i + got.size()].reals(), tolerance);
  }
  CompileOptions options;
  options.cache = false;
  const Arrays native = compile(lower_abstract(specialize(Graph{{}, got}, {})), options)(Arrays{});
  for (std::size_t i = 0; i < got.size(); ++i) expect_reals(native[i], values[i].reals(), tolerance);
}

Expr positive(Shape shape, double start = 0.3) {
  const Expr x = data(std::move(shape), start);
  const std::int64_t n = x.shape().back();
  return matmul(x, matrix_transpose(x)) + eye(n);
}

TEST(LinearAlgebra, FactorsMultiplyBackAndSystemsAreSolved) {
  const Expr a = positive({2, 3, 3}), b = data({3, 2}, 0.9), v = data({3}, 0.2), general = data({2, 3, 3}, 1.1);
  const Expr l = cholesky(a), u = cholesky(a, false);
  const Expr one = at(general, 0), q = qr(one).q, r = qr(one).r, wide = data({2, 4}, 0.4), tall = data({4, 2}, 0.4);
  const LuFactors factors = lu(general);
  const PackedLu packed = lu_factor(one);
  const Eigenpairs pairs = eigh(a);
  const Svd s = svd(tall), full = svd(tall, true), wide_full = svd(wide, true);
  const QrFactors complete = qr(tall, true), wide_qr = qr(wide);
  const Expr p = pinv(tall);
  const Expr rows = expand_dims(factors.rows, 2), numbers = arange(3);
  const auto column = [](const Expr& x) { return expand_dims(x, x.rank()); };
  expect_equal({matmul(l, matrix_transpose(l)),
                matmul(matrix_transpose(u), u),
                matmul(a, solve(a, b)),
                squeeze(matmul(a, column(solve(a, v))), 2),
                matmul(a, inverse(a)),
                matmul(a, cho_solve(l, b)),
                matmul(a, solve(a, b, Assume::positive_definite)),
                matmul(u, solve_triangular(u, b, {.lower = false})),
                matmul(matrix_transpose(l), solve_triangular(l, b, {.transposed = true})),
                matmul(cast(eq(rows, numbers), DType::float64), general),
                dot(one, lu_solve(packed, v)),
                dot(transpose(one), lu_solve(packed, b, true)),
                dot(q, r),
                dot(transpose(q), q),
                matmul(a, pairs.vectors),
                dot(s.u * s.s, s.vt),
                dot(transpose(full.u), full.u),
                dot(wide_full.vt, transpose(wide_full.vt)),
                dot(slice(wide_full.u * wide_full.s, 1, {0, 2}), slice(wide_full.vt, 0, {0, 2})),
                dot(complete.q, complete.r),
                dot(transpose(complete.q), complete.q),
                dot(wide_qr.q, wide_qr.r),
                dot(dot(tall, p), tall),
                dot(transpose(tall), dot(tall, lstsq(tall, data({4}, 0.1)))),
                det(general),
                logdet(a),
                solve(a, b, Assume::diagonal),
                solve(l, b, Assume::lower_triangular)},
               {a,
                a,
                broadcast_to(b, {2, 3, 2}),
                broadcast_to(v, {2, 3}),
                broadcast_to(eye(3), {2, 3, 3}),
                broadcast_to(b, {2, 3, 2}),
                broadcast_to(b, {2, 3, 2}),
                broadcast_to(b, {2, 3, 2}),
                broadcast_to(b, {2, 3, 2}),
                matmul(factors.lower, factors.upper),
                v,
                b,
                one,
                eye(3),
                pairs.vectors * expand_dims(pairs.values, 1),
                tall,
                eye(4),
                eye(4),
                wide,
                tall,
                eye(4),
                wide,
                tall,
                dot(transpose(tall), data({4}, 0.1)),
                slogdet(general).sign * exp(slogdet(general).log_abs),
                log(det(a)),
                b / expand_dims(stack({diagonal(at(a, 0)), diagonal(at(a, 1))}), 2),
                solve_triangular(l, b)});
  // Signs are what linear_algebra.hpp says.
  for (double x : value_of(diagonal(r)).reals()) EXPECT_GE(x, 0);
  const Array vectors = value_of(at(pairs.vectors, 0));
  for (int j = 0; j < 3; ++j) {
    double largest = 0;
    for (int i = 0; i < 3; ++i) largest = std::max(largest, std::abs(vectors.real(3 * i + j)));
    int i = 0;
    while (std::abs(vectors.real(3 * i + j)) < 0.9 * largest) ++i;
    EXPECT_GT(vectors.real(3 * i + j), 0);
  }
}

TEST(LinearAlgebra, ElementTypesAndRanksAreThoseOfTheArguments) {
  const Expr a = constant(matrix({2, 2}, {4, 2, 2, 3}));
  EXPECT_EQ(cholesky(cast(a, DType::float32)).type(), (Type{DType::float32, {2, 2}}));
  EXPECT_EQ(cholesky(cast(a, DType::int32)).type(), (Type{DType::float64, {2, 2}}));
  EXPECT_EQ(solve(cast(a, DType::float32), cast(a, DType::int8)).dtype(), DType::float32);
  expect_reals(value_of(det(cast(a, DType::int64))), {8});
  expect_reals(value_of(cholesky(cast(a, DType::float32))), {2, 0, 1, std::sqrt(2.0)}, 1e-7);
  EXPECT_EQ(eigh(input({DType::float32, {5, 3, 3}}, "x")).values.type(), (Type{DType::float32, {5, 3}}));
  // Only the symmetric part counts, and the gradient says so.
  expect_reals(value_of(cholesky(constant(matrix({2, 2}, {4, 0, 4, 3})))), {2, 0, 1, std::sqrt(2.0)});
  // Failures as nan or infinity, where they are asked for.
  expect_reals(value_of(cholesky(constant(matrix({2, 1, 1}, {-1, 4})), {.raises = false})), {std::nan(""), 2});
  expect_reals(
      value_of(solve_triangular(constant(matrix({1, 1}, {0})), constant(Array::vector({1})), {.raises = false})),
      {std::numeric_limits<double>::infinity()});
  EXPECT_EQ(svd(tensor({2, 0})).s.shape(), (Shape{0}));
  expect_reals(value_of(det(constant(matrix({0, 0}, {})))), {1});
  EXPECT_EQ(value_of(matrix_rank(constant(matrix({3, 2}, {1, 2, 2, 4, 3, 6})))).integer(), 1);
  expect_reals(value_of(cond(constant(matrix({2, 2}, {4, 0, 0, -2})))), {2});
}

TEST(LinearAlgebra, DeterminantsOfSingularMatricesHaveTheRightGradient) {
  const Expr x = tensor({3, 3});
  const Expr cofactors = grad(det(x), x);
  // Rank 2: cofactors by hand; rank 1: none.
  expect_reals(value_of({x}, cofactors, {matrix({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9})}),
               {-3, 6, -3, 6, -12, 6, -3, 6, -3}, 1e-12);
  expect_reals(value_of({x}, cofactors, {matrix({3, 3}, {1, 2, 3, 2, 4, 6, 3, 6, 9})}), std::vector<double>(9, 0.0),
               1e-12);
  const Array singular = matrix({3, 3}, {1, 2, 3, 2, 4, 6, 1, 0, 1});
  expect_reals(value_of({x}, slogdet(x).sign, {singular}), {0});
  expect_reals(value_of({x}, slogdet(x).log_abs, {singular}), {-std::numeric_limits<double>::infinity()});
  EXPECT_NE(message_of<SingularMatrix>([&] {
              value_of({x}, grad(slogdet(x).log_abs, x), {singular});
            }).find("linear_algebra_test.cpp"),
            std::string::npos);
  expect_reals(value_of({x}, logdet(x), {matrix({3, 3}, {-1, 0, 0, 0, 1, 0, 0, 0, 1})}), {std::nan("")});
}

TEST(LinearAlgebra, EqualEigenvaluesAndSingularValuesDoNoHarm) {
  const Expr x = tensor({3, 3});
  // Q diag(2, 2, 5) Q' for a rotation Q: equal up to rounding only.
  const double c = std::cos(0.7), s = std::sin(0.7);
  const Array twice =
      matrix({3, 3}, {2 * c * c + 5 * s * s, 0, (5 - 2) * s * c, 0, 2, 0, (5 - 2) * s * c, 0, 2 * s * s + 5 * c * c});
  const Array identity = matrix({3, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  const Eigenpairs pairs = eigh(x);
  for (const Array& a : {twice, identity}) {
    std::vector<double> doubled, thrice_squared, inverse_root = value_of({x}, 0.5 * inverse(sqrtm(x)), {a}).reals();
    for (double e : a.reals()) doubled.push_back(2 * e);
    thrice_squared = value_of({x}, 3.0 * dot(x, x), {a}).reals();
    expect_reals(value_of({x}, grad(sum(sqr(pairs.values)), x), {a}), doubled, 1e-12);
    const Expr trace = sum(diagonal(dot(pairs.vectors * pow(pairs.values, 3), transpose(pairs.vectors))));
    expect_reals(value_of({x}, grad(trace, x), {a}), thrice_squared, 1e-11);
    expect_reals(value_of({x}, grad(sum(svdvals(x)), x), {a}), identity.reals(), 1e-12);
    expect_reals(value_of({x}, grad(sum(diagonal(sqrtm(x))), x), {a}), inverse_root, 1e-12);
    // By all elements, which eigenvectors' derivatives would spoil.
    const Expr weights = data({3, 3}, 0.8), cost = sum(sqrtm(x) * weights);
    expect_reals(value_of({x}, grad(cost, x), {a}), differences({x}, cost, {a})[0], 1e-8);
    expect_reals(value_of({x}, grad(sum(grad(cost, x) * weights), x), {a}),
                 differences({x}, sum(grad(cost, x) * weights), {a})[0], 1e-6);
  }
}

TEST(LinearAlgebra, SingularVectorsOfRankDeficientMatricesAreOrthonormal) {
  const Expr a = constant(matrix({4, 3}, {1, 2, 0, 2, 4, 0, 3, 6, 0, -1, -2, 0}));
  const Svd s = svd(a), zero = svd(0.0 * a);
  expect_equal(
      {dot(s.u * s.s, s.vt), dot(transpose(s.u), s.u), dot(s.vt, transpose(s.vt)), dot(transpose(zero.u), zero.u)},
      {a, eye(3), eye(3), eye(3)});
  expect_reals(value_of(slice(s.s, 0, {1, 3})), {0, 0}, 1e-14);
  expect_equal({dot(dot(a, pinv(a)), a), pinv(0.0 * a)}, {a, full({3, 4}, 0.0)});
  const Expr x = tensor({4, 2});
  expect_derivatives({x}, {pinv(dot(x, transpose(x)))}, {some_values({4, 2}, 0.2)}, 1e-5);  // of rank 2, always
}

TEST(LinearAlgebra, HugeAndTinyNumbersAreScaledAway) {
  for (const double size : {1e-200, 1e200}) {
    const Expr a = size * positive({4, 4}), general = size * data({4, 3}, 0.6);
    const Eigenpairs pairs = eigh(a);
    const Svd s = svd(general);
    const QrFactors f = qr(general);
    const Expr l = cholesky(a);
    expect_equal({dot(pairs.vectors * (pairs.values / size), transpose(pairs.vectors)), dot(s.u * (s.s / size), s.vt),
                  dot(f.q, f.r / size), dot(l / std::sqrt(size), transpose(l) / std::sqrt(size))},
                 {a / size, general / size, general / size, a / size});
  }
}

TEST(LinearAlgebra, ExponentialsAndPowers) {
  const double t = 0.8;
  const auto power = [](const Expr& a, int n) { return matrix_power(a, n); };
  const Expr a = data({3, 3}, 0.1), big = 30.0 * a;
  const double far = 40 * t;  // ten squarings
  expect_equal({expm(constant(matrix({2, 2}, {0, -t, t, 0}))), expm(constant(matrix({2, 2}, {0, 1, 0, 0}))),
                expm(constant(matrix({2, 2}, {0, -far, far, 0}))), dot(expm(a), expm(-a)), power(a, 5), power(a, 0),
                dot(power(a, -2), dot(a, a)), dot(sqrtm(positive({3, 3})), sqrtm(positive({3, 3})))},
               {constant(matrix({2, 2}, {std::cos(t), -std::sin(t), std::sin(t), std::cos(t)})),
                constant(matrix({2, 2}, {1, 1, 0, 1})),
                constant(matrix({2, 2}, {std::cos(far), -std::sin(far), std::sin(far), std::cos(far)})), eye(3),
                dot(dot(dot(dot(a, a), a), a), a), eye(3), eye(3), positive({3, 3})});
  expect_reals(value_of(matrix_power(constant(integers({2, 2}, {1, 1, 1, 0})), 60)),
               {2504730781961.0, 1548008755920.0, 1548008755920.0, 956722026041.0}, 0);  // Fibonacci numbers
  EXPECT_TRUE(std::isfinite(value_of(sum(expm(big))).real()));
  expect_reals(value_of(sqrtm(constant(matrix({1, 1}, {-1})))), {std::nan("")});
}

TEST(LinearAlgebra, SylvesterAndLyapunovEquationsHold) {
  const Expr a = data({3, 3}, 0.1) + 3.0 * eye(3), b = data({2, 2}, 0.5) + 2.0 * eye(2), c = data({3, 2}, 0.7);
  const Expr q = positive({3, 3}, 0.4), stable = 0.2 * a;
  const Expr x = solve_sylvester(a, b, c), y = solve_continuous_lyapunov(a, q), z = solve_discrete_lyapunov(stable, q);
  expect_equal({dot(a, x) + dot(x, b), dot(a, y) + dot(y, transpose(a)), dot(dot(stable, z), transpose(stable)) + q},
               {c, q, z});
  const Expr m = dmatrix("m"), n = dmatrix("n"), k = dmatrix("k");
  expect_derivatives({m, n, k}, {solve_sylvester(m, n, k)}, {value_of(a), value_of(b), value_of(c)}, 1e-6);
}

TEST(LinearAlgebra, ProductsAreNumPys) {
  const Expr a = data({2, 3}, 0.1), b = data({4, 2}, 0.5), v = data({3}, 0.9), w = data({2}, 0.3);
  const Expr x = data({5, 2, 3}, 0.2), y = data({5, 3, 4}, 0.4);
  const Array k = value_of(kron(a, b)), left = value_of(a), right = value_of(b);
  ASSERT_EQ(k.shape(), (Shape{8, 6}));
  for (int i = 0; i < 8; ++i)
    for (int j = 0; j < 6; ++j)
      EXPECT_EQ(k.real(6 * i + j), left.real(3 * (i / 4) + j / 2) * right.real(2 * (i % 4) + j % 2));
  const Expr unknown_a = dmatrix("a"), unknown_b = dmatrix("b");
  expect_reals(value_of({unknown_a, unknown_b}, kron(unknown_a, unknown_b), {left, right}), k.reals());
  expect_derivatives({unknown_a, unknown_b}, {kron(unknown_a, unknown_b), block_diag({unknown_a, unknown_b})},
                     {left, right});
  expect_equal(
      {kron(w, v), block_diag({a, w}), multi_dot({w, a, transpose(a), a, v}), vdot(a, a), inner(a, v), vecdot(x, v),
       matvec(x, v), vecmat(w, x), batched_dot(x, y), batched_tensordot(x, y, {2}, {1}), matvec(a, v),
       tensordot(tensorinv(data({3, 2, 6}, 0.2), 2), data({3, 2}, 0.3), {1, 2}, {0, 1}), matrix_norm(a),
       matrix_norm(a, 1), matrix_norm(a, -std::numeric_limits<double>::infinity()),
       matrix_norm(dot(a, transpose(a)), "nuc"), matrix_norm(dot(a, transpose(a)), 2)},
      {reshape(outer(w, v), {6}),
       concatenate({concatenate({a, full({2, 2}, 0.0)}, 1), concatenate({full({1, 3}, 0.0), expand_dims(w, 0)}, 1)}, 0),
       dot(dot(dot(dot(w, a), transpose(a)), a), v), sum(a * a), dot(a, v), sum(x * v, {2}), sum(x * v, {2}),
       sum(x * expand_dims(w, 1), {1}), matmul(x, y), matmul(x, y), dot(a, v),
       tensorsolve(data({3, 2, 6}, 0.2), data({3, 2}, 0.3)), sqrt(sum(a * a)), max(sum(abs(a), {0})),
       min(sum(abs(a), {1})), sum(a * a), max(eigvalsh(dot(a, transpose(a))))});
  expect_reals(value_of({unknown_a}, grad(matrix_norm(unknown_a), unknown_a), {matrix({2, 2}, {0, 0, 0, 0})}),
               {0, 0, 0, 0});
}

TEST(LinearAlgebra, DerivativesAtShapesThatAreUnknownUntilTheCall) {
  const Expr a = dmatrix("a"), b = dmatrix("b"), v = dvector("v"), spd = dot(a, transpose(a)) + 1.0 * eye(3);
  const Arrays point{some_values({3, 3}, 0.2), some_values({3, 2}, 0.6), some_values({3}, 0.4)};
  expect_derivatives({a, b, v}, {cholesky(spd), solve(a, b), solve(a, v), logdet(spd), inverse(spd)}, point, 1e-5);
  expect_derivatives({a, b}, {qr(b).q, qr(b).r, solve_triangular(a, b, {.lower = false, .unit_diagonal = true})},
                     {point[0], point[1]}, 1e-6);
  const Expr stacked = tensor({unknown, 2, 2}), one = dmatrix("one");
  expect_derivatives({stacked, one}, {solve(one, stacked), solve(stacked + 4.0 * eye(2), one), det(stacked)},
                     {some_values({3, 2, 2}), some_values({2, 2}, 0.9)}, 1e-5);
}

TEST(LinearAlgebra, VectorizedIsOneAfterTheOther) {
  const Expr a = tensor({2, 2}, "a"), b = tensor({2}, "b"), many_a = tensor({3, 2, 2}, "A"),
             many_b = tensor({3, 2}, "B");
  const Expr spd = dot(a, transpose(a)) + eye(2);
  const Exprs single{cholesky(spd),
                     solve(a, b),
                     det(a),
                     slogdet(a).log_abs,
                     inverse(a),
                     eigh(spd).vectors,
                     svd(a).vt,
                     qr(a).r,
                     expm(a),
                     sqrtm(spd),
                     pinv(a),
                     lu(a).upper,
                     solve_triangular(constant(matrix({2, 2}, {1, 0, 2, 3})), b),
                     grad(slogdet(a).log_abs, a),
                     grad(det(a), a),
                     einsum("ij,j->i", {a, b}),
                     kron(a, a)};
  const Array as = some_values({3, 2, 2}, 0.7), bs = some_values({3, 2}, 0.2);
  const auto item = [](const Array& stack, std::int64_t i) {
    Array result(Type{DType::float64, {stack.shape().begin() + 1, stack.shape().end()}});
    for (std::int64_t k = 0; k < result.size(); ++k) result.set(k, stack.real(i * result.size() + k));
    return result;
  };
  const Expr inputs[] = {a, b}, batches[] = {many_a, many_b};
  const Graph together{{many_a, many_b}, vectorize(single, inputs, batches)};
  const Arrays all = interpret(together, Arrays{as, bs});
  for (std::int64_t i = 0; i < 3; ++i) {
    const Arrays each = interpret(Graph{{a, b}, single}, Arrays{item(as, i), item(bs, i)});
    for (std::size_t k = 0; k < single.size(); ++k) {
      SCOPED_TRACE("function " + std::to_string(k));
      expect_reals(item(all[k], i), each[k].reals(), 1e-11);
    }
  }
}

TEST(LinearAlgebra, SaysWhatDoesNotFit) {
  const Expr a = tensor({3, 4}, "a"), square = tensor({3, 3}, "s"), b = tensor({2, 2}, "b");
  expect_says(message_of<ShapeError>([&] { cholesky(a); }),
              {"cholesky: input 0 must be square, got float64[3, 4]", "linear_algebra_test.cpp"});
  expect_says(message_of<ShapeError>([&] { det(tensor({3})); }),
              {"det: input 0 must be a matrix or a stack", "float64[3]"});
  expect_says(message_of<ShapeError>([&] { solve(square, b); }),
              {"solve: axis -1 of input 0 and axis -2 of input 1", "float64[2, 2]"});
  expect_says(message_of<ShapeError>([&] { solve_triangular(square, tensor({4})); }),
              {"solve_triangular", "float64[4, 1]"});
  expect_says(message_of<ShapeError>([&] { matrix_power(a, 2); }), {"matrix_power: input 0 must be square"});
  expect_says(message_of<NotDifferentiable>([&] {
                const Expr x = tensor({4, 2});
                grad(sum(qr(x, true).q), x);
              }),
              {"complete Q"});

  const Expr x = dmatrix("x"), y = dvector("y");
  const auto run = [&](const Expr& e, Array argument) { function({x}, e)({std::move(argument)}); };
  const auto interpreted = [&](const Expr& e, Array argument) { value_of({x}, e, {std::move(argument)}); };
  const Array indefinite = matrix({3, 3}, {1, 0, 0, 0, 2, 3, 0, 3, 4}), singular = matrix({2, 2}, {1, 2, 2, 4});
  for (const bool native : {true, false}) {
    const auto call = [&](const Expr& e, const Array& argument) {
      native ? run(e, argument) : interpreted(e, argument);
    };
    const std::string not_positive = message_of<NotPositiveDefinite>([&] { call(cholesky(x), indefinite); });
    expect_says(not_positive,
                {"cholesky(x: float64[", "]): the matrix is not positive definite: its leading minor of order 3",
                 "linear_algebra_test.cpp"});
    expect_says(message_of<SingularMatrix>([&] { call(inverse(x), singular); }),
                {"pivot 2 is 0", "linear_algebra_test.cpp"});
    expect_says(message_of<SingularMatrix>([&] {
                  call(solve_triangular(x, x), matrix({2, 2}, {1, 0, 2, 0}));
                }),
                {"pivot 2 is 0"});
    expect_says(message_of<NoConvergence>([&] {
                  call(eigvalsh(x), matrix({2, 2}, {1, std::nan(""), 0, 1}));
                }),
                {"eigh"});
    expect_says(message_of<ShapeError>([&] {
                  call(cholesky(x), matrix({2, 3}, {1, 2, 3, 4, 5, 6}));
                }),
                {"cholesky", "input 0 must be square, got float64[2, 3]", "linear_algebra_test.cpp"});
    expect_says(message_of<NotPositiveDefinite>([&] {
                  call(cholesky(x), matrix({1, 1}, {std::nan("")}));
                }),
                {"order 1"});
  }
}

std::size_t count_of(const Graph& graph, std::string_view name) {
  std::size_t count = 0;
  for (const Node* node : topological_order(graph.outputs)) count += node->op().name == name;
  return count;
}

TEST(LinearAlgebra, LargeProductsAndSystemsAreDoneInBlocks) {
  if (!missing_compiler().empty()) GTEST_SKIP() << missing_compiler();
  const Expr a = tensor({70, 90}, "a"), b = tensor({90, 61}, "b"), t = tensor({3, 20, 90}, "t");
  const Expr square = tensor({130, 130}, "s"), right = tensor({130, 9}, "r"), tall = tensor({60, 40}, "tall");
  const auto single = [](const Expr& e) { return cast(e, DType::float32); };
  const Exprs products{dot(a, b),
                       dot(transpose(b), transpose(a)),
                       dot(a, transpose(a)),
                       dot(transpose(b), b),
                       dot(t, b),
                       tensordot(t, t, {0, 1}, {0, 1}),
                       einsum("ijk,klm->ilmj", {t, reshape(b, {90, 61, 1})}),
                       matmul(matrix_transpose(t), broadcast_to(t, {3, 20, 90})),
                       dot(single(a), single(b))};
  const Exprs systems{solve(square, right), solve_triangular(square, right, {.lower = false, .transposed = true}),
                      solve_triangular(square, right), slogdet(square).log_abs, svdvals(tall)};
  Exprs all = products;
  all.insert(all.end(), systems.begin(), systems.end());
  const Graph graph{{a, b, t, square, right, tall}, all};
  EXPECT_EQ(count_of(rewrite(graph), "blocked_product"), products.size());
  Arrays point;
  for (const Expr& e : graph.inputs) point.push_back(some_values(e.shape(), 0.1 * static_cast<double>(point.size())));
  for (std::int64_t i = 0; i < 130; ++i) point[3].set(131 * i, 9.0 + 0.01 * static_cast<double>(i));
  // Sums of 130 terms at most; float32 with its own rounding.
  const Arrays expected = interpret(graph, point);
  const Results got = function(graph.inputs, all)(std::span<const Array>(point));
  for (std::size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE("number " + std::to_string(i));
    expect_reals(got[i], expected[i].reals(), all[i].dtype() == DType::float32 ? 1e-4 : 1e-11);
  }
}

TEST(LinearAlgebra, RewritingFactorsOnceAndAvoidsDeterminantsAndInverses) {
  const Expr a = tensor({3, 3}, "a"), v = tensor({3}, "v");
  const Expr cost = -0.5 * log(det(a)) - 0.5 * dot(v, dot(inverse(a), v));
  const Exprs gradient = grad(cost, Exprs{a, v});
  const Graph built{{a, v}, {cost, gradient[0], gradient[1]}}, rewritten = rewrite(built);
  EXPECT_EQ(count_of(rewritten, "lu"), 1U);
  EXPECT_EQ(count_of(rewritten, "cofactors"), 0U);
  const Arrays point{value_of(positive({3, 3})), some_values({3})};
  const Arrays before = interpret(built, point), after = interpret(rewritten, point);
  for (std::size_t i = 0; i < before.size(); ++i) expect_reals(after[i], before[i].reals(), 1e-12);
  // A determinant that overflows, and one that underflows: the logarithm and its gradient are fine.
  for (const double size : {1e200, 1e-200}) {
    const Exprs logs{log(det(a)), log(abs(det(a))), sign(det(a)), grad(log(det(a)), a), grad(log(abs(det(a))), a)};
    const Graph graph = rewrite(Graph{{a}, logs});
    const Arrays values = interpret(graph, Arrays{matrix({3, 3}, {size, 0, 0, 0, 2 * size, 0, 0, 0, size})});
    const double expected = 3 * std::log(size) + std::log(2.0);
    expect_reals(values[0], {expected});
    expect_reals(values[1], {expected});
    expect_reals(values[2], {1});
    for (const std::size_t i : {3U, 4U}) expect_reals(values[i], {1 / size, 0, 0, 0, 0.5 / size, 0, 0, 0, 1 / size});
  }
  // Products on all sides, and an inverse that is wanted for itself.
  const Expr b = tensor({3, 2}, "b");
  const Exprs products{dot(inverse(a), b), dot(transpose(b), inverse(a)), dot(transpose(inverse(a)), b),
                       dot(transpose(b), transpose(inverse(a))), dot(v, inverse(a))};
  const Graph several{{a, b, v}, products}, solved = rewrite(several);
  EXPECT_EQ(count_of(solved, "contract"), 0U);
  const Arrays more{value_of(positive({3, 3})), some_values({3, 2}), some_values({3})};
  const Arrays want = interpret(several, more), got = interpret(solved, more);
  for (std::size_t i = 0; i < want.size(); ++i) expect_reals(got[i], want[i].reals(), 1e-12);
  Exprs with_inverse = products;
  with_inverse.push_back(inverse(a));
  EXPECT_EQ(count_of(rewrite(Graph{{a, b, v}, with_inverse}), "contract"), 5U);
  expect_reals(
      value_of(interpret(rewrite(Graph{{a}, {log(det(a))}}), Arrays{matrix({3, 3}, {-1, 0, 0, 0, 1, 0, 0, 0, 1})})[0]
                           .size() == 1
                   ? constant(interpret(rewrite(Graph{{a}, {log(det(a))}}),
                                        Arrays{matrix({3, 3}, {-1, 0, 0, 0, 1, 0, 0, 0, 1})})[0])
                   : constant(0.0)),
      {std::nan("")});
}

}  // namespace
}  // namespace leapgraph::symbolic

/// What shapes, fills, joins, borders, sorts and counts tensors, against NumPy (shaping_values.py): with known shapes,
/// with shapes and lengths that only the call tells, and in native code.
#include <fstream>
#include <map>
#include <sstream>

#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/sorting.hpp"
#include "symbolic/derivative_check.hpp"

namespace leapgraph::symbolic {
namespace {

struct Wanted {
  Shape shape;
  std::vector<double> values;
};

template <class T>
std::vector<T> numbers(const std::string& text) {
  std::vector<T> result;
  std::stringstream in(text);
  for (std::string word; std::getline(in, word, ',');) result.push_back(static_cast<T>(std::stod(word)));
  return result;
}

std::map<std::string, Wanted> wanted() {
  std::map<std::string, Wanted> result;
  std::ifstream in(LEAPGRAPH_SOURCE_DIR "/tests/symbolic/shaping_values.txt");
  for (std::string line; std::getline(in, line);) {
    std::stringstream fields(line);
    std::string name, shape, values;
    std::getline(fields, name, '|');
    std::getline(fields, shape, '|');
    std::getline(fields, values, '|');
    result[name] = {numbers<std::int64_t>(shape), numbers<double>(values)};
  }
  return result;
}

Expr vector_of(std::vector<double> values) { return constant(Array::vector(values)); }
Expr whole(Shape shape, std::vector<std::int64_t> values) { return constant(integers(std::move(shape), values)); }

/// The expressions of shaping_values.py, by name, over inputs that are constants or variables.
struct Cases {
  Exprs inputs;
  Arrays arguments;
  std::vector<std::string> names;
  Exprs outputs;

  void add(const std::string& name, const Expr& e) {
    names.push_back(name);
    outputs.push_back(e);
  }
  void add(const std::string& name, const Exprs& es) { add(name, stack({es.begin(), es.end()})); }
};

Cases cases(bool run_time) {
  Cases t;
  const auto given = [&](const Array& value, const char* name) {
    if (!run_time) return constant(value);
    t.inputs.push_back(input({value.dtype(), Shape(value.shape().size(), unknown)}, name));
    t.arguments.push_back(value);
    return t.inputs.back();
  };
  const auto counted = [](Shape shape, double step, double start) {
    Array array(Type{DType::float64, std::move(shape)});
    for (std::int64_t j = 0; j < array.size(); ++j) array.set(j, static_cast<double>(j) * step + start);
    return array;
  };
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const Expr v = given(Array::vector({3, -1, 2, 7, 0.5}), "v"), x = given(counted({3, 4}, 1.5, -4), "x");
  const Expr c = given(counted({2, 3, 4}, 1, 0), "c");
  const Expr s = given(Array::vector({5, 1, nan, 1, -2, inf, 1, -inf, nan, 3}), "s");
  const Expr b = given(integers({5}, {2, 0, 2, 5, 2}), "b"), i = given(integers({2, 3}, {1, 0, 2, 2, 2, -3}), "i");
  const Expr m = given(Array::of<bool>({5}, {true, false, true, true, false}), "m");
  const Expr p = given(integers({5}, {2, 0, 4, 1, 3}), "p");
  const Expr n = given(Array::scalar(std::int64_t{3}), "n"), k = given(Array::scalar(std::int64_t{-1}), "k");
  const Expr edges = given(Array::vector({-1, 0.5, 2, 3}), "edges"), e = given(Array::vector({}), "e");
  const Expr row = index(x, {0});

  t.add("shape", shape(c));
  t.add("size", size(c));
  t.add("zeros", zeros({n, 4}));
  t.add("ones int", ones({2, n}, DType::int64));
  t.add("full", full({n, n}, 2.5));
  t.add("alloc", alloc(v, {n, 5}));
  t.add("alloc 3", alloc(1.0, {n, 2, n}));
  t.add("zeros 0", zeros({n - 3, 2}));
  t.add("full_like", full_like(x, 7));
  t.add("zeros of shape", zeros(shape(c)));
  t.add("eye", eye(n));
  t.add("eye 3 4 1", eye(3, 4, 1));
  t.add("eye k", eye(n, 4, k));
  t.add("identity", identity(3));
  t.add("tri", tri(n, 4, k));
  t.add("tril", tril(x));
  t.add("tril k", tril(c, k));
  t.add("triu", triu(x, 1));
  t.add("triu k", triu(c, k));
  t.add("tril_indices", tril_indices(n));
  t.add("triu_indices", triu_indices(4, 1));
  t.add("arange n", arange(n));
  t.add("arange 2 n", arange(-2, n));
  t.add("arange step", arange(10, n, -2));
  t.add("arange real", arange(0.5, n, 0.4));
  t.add("arange empty", arange(n, -4));
  t.add("arange v", arange(at(v, 1), at(v, 3), at(v, 4)));
  t.add("arange 2.5", arange(2.5));
  t.add("linspace", linspace(-1, 2, n));
  t.add("linspace 7", linspace(2, -1, 7, false));
  t.add("linspace 1", linspace(2, 3, 1));
  t.add("linspace v", linspace(v, 1.0, 3));
  t.add("linspace int", linspace(0, 7, 4, true, DType::int64));
  t.add("logspace", logspace(0, 2, n));
  t.add("logspace 2", logspace(0, 3, 4, true, 2));
  t.add("geomspace", geomspace(1, 1000, n + 1));
  t.add("geomspace neg", geomspace(-2, -16, 4));
  t.add("mgrid", mgrid({range(0, n), range(1, 6, 2)}));
  t.add("ogrid", ogrid({range(0, n), range(1, 6, 2)})[1]);
  t.add("meshgrid", meshgrid({v, row}));
  t.add("meshgrid ij", meshgrid({v, row}, "ij"));
  t.add("reshape", reshape(c, {n, -1}));
  t.add("reshape 2", reshape(c, {4, n, 2}));
  t.add("reshape like", reshape(c, stack({2 * n, length(c, 2)})));
  t.add("flatten", ravel(c));
  t.add("flatten 2", flatten(c, 2));
  t.add("broadcast_to", broadcast_to(v, {2, n, 5}));
  t.add("broadcast_arrays", broadcast_arrays({expand_dims(v, 1), row})[1]);
  t.add("dimshuffle", dimshuffle(x, {1, 'x', 0, 'x'}));
  t.add("dimshuffle drop", dimshuffle(index(x, {range(0, 1)}), {1, 'x'}));
  t.add("expand_dims", expand_dims(x, {0, 2}));
  t.add("squeeze", squeeze(index(x, {range(0, 1)}), {0}));
  t.add("atleast_1d", atleast_1d(at(v, 0)));
  t.add("atleast_2d", atleast_2d(v));
  t.add("atleast_3d v", atleast_3d(v));
  t.add("atleast_3d x", atleast_3d(x));
  t.add("padleft", shape_padleft(x, 2));
  t.add("padright", shape_padright(x));
  t.add("padaxis", shape_padaxis(x, 1));
  t.add("swapaxes", swapaxes(c, 0, -1));
  t.add("moveaxis", moveaxis(c, 0, -1));
  t.add("moveaxis 2", moveaxis(c, {0, 1}, {-1, 0}));
  t.add("rollaxis", rollaxis(c, 2));
  t.add("rollaxis 1", rollaxis(c, 0, 3));
  t.add("hstack", hstack({v, v}));
  t.add("hstack x", hstack({x, x}));
  t.add("vstack", vstack({x, row}));
  t.add("dstack", dstack({x, x}));
  t.add("column_stack", column_stack({v, v}));
  t.add("stacklists", stacklists({{1.0, at(v, 0)}, {at(v, 1), 4.0}}));
  t.add("split", split(v, {2, 3})[1]);
  t.add("split n", split(v, {n, 5 - n})[1]);
  t.add("split axis", split_equally(x, 2, 1)[1]);
  t.add("array_split", array_split(v, 3)[2]);
  t.add("array_split n", array_split(x, 3, 1)[0]);
  t.add("tile", tile(x, {2, 3}));
  t.add("tile n", tile(v, n));
  t.add("tile 3", tile(v, {2, n, 1}));
  t.add("tile 0", tile(v, 0));
  t.add("repeat", repeat(x, 2, 1));
  t.add("repeat n", repeat(x, n, 0));
  t.add("repeat flat", repeat(x, 2));
  t.add("repeat each", repeat(v, b));
  t.add("repeat rows", repeat(x, whole({3}, {0, 2, 1}), 0));
  t.add("roll", roll(v, 2));
  t.add("roll n", roll(x, n, 1));
  t.add("roll flat", roll(x, -5));
  t.add("roll neg", roll(x, k, 0));
  t.add("flip", flip(x));
  t.add("flip 1", flip(c, {1}));
  t.add("flipud", flipud(x));
  t.add("fliplr", fliplr(x));
  t.add("rot90", rot90(x));
  t.add("rot90 2", rot90(x, 2));
  t.add("rot90 3", rot90(x, -1));
  t.add("rot90 axes", rot90(c, 1, {1, 2}));
  t.add("pad", pad(x, {{1, 2}, {0, 1}}));
  t.add("pad value", pad(v, {{n, 1}}, Border::constant, 9.0));
  t.add("pad edge", pad(x, {{2, 2}}, Border::edge));
  t.add("pad reflect", pad(v, {{7, n}}, Border::reflect));
  t.add("pad symmetric", pad(v, {{7, 6}}, Border::symmetric));
  t.add("pad wrap", pad(v, {{3, 4}}, Border::wrap));
  t.add("pad ramp", pad(v, {{2, 3}}, Border::linear_ramp, 1.0));
  t.add("pad mean", pad(x, {{1, 1}}, Border::mean));
  t.add("pad maximum", pad(x, {{1, 1}}, Border::maximum));
  t.add("pad minimum", pad(x, {{0, 2}, {1, 0}}, Border::minimum));
  t.add("diag", diag(v));
  t.add("diag 1", diag(v, 1));
  t.add("diag k", diag(v, k));
  t.add("diag x", diag(x, 0));
  t.add("diagonal 1", diagonal(x, 1));
  t.add("diagonal k", diagonal(x, k));
  t.add("diagonal far", diagonal(x, 7));
  t.add("diagonal c", diagonal(c, 1, 1, 2));
  t.add("diagonal 20", diagonal(c, 0, 2, 0));
  t.add("trace", trace(c));
  t.add("trace 1", trace(x, 1));
  t.add("alloc_diag", alloc_diag(x, 1, -2, -1));
  t.add("alloc_diag axes", alloc_diag(x, 0, 0, 2));
  t.add("cumprod", cumprod(x, 1));
  t.add("cumprod int", cumprod(b));
  t.add("cummax", cummax(x - 2.0 * flipud(x), 0));
  t.add("cummin", cummin(v));
  t.add("cumsum 1", cumsum(c, 1));
  t.add("diff", diff(v));
  t.add("diff 2", diff(c, 2, 1));
  t.add("interp", interp(vector_of({-5, -1, 0.2, 2.5, 3, 9}), edges, vector_of({1, 4, 2, 8})));
  t.add("interp left", interp(v, edges, sqr(edges), -7.0, 7.0));
  t.add("trapezoid", trapezoid(x, 0.5));
  t.add("trapezoid x", trapezoid_over(x, sqr(row)));
  t.add("trapezoid 0", trapezoid_over(x, vector_of({0, 1, 3}), 0));
  t.add("bartlett", bartlett(7));
  t.add("bartlett n", bartlett(n));
  t.add("bartlett 1", bartlett(1));
  t.add("one_hot", to_one_hot(b, 6));
  t.add("take", take(x, mod(i, 12)));
  t.add("take axis", take(x, i, 0));
  t.add("take wrap", take(x, i * 7, 1, Outside::wrap));
  t.add("take clip", take(x, i * 7, 1, Outside::clip));
  t.add("take_along_axis", take_along_axis(x, argsort(-x, 1), 1));
  t.add("choose", choose(whole({4}, {2, 0, 1, 2}), {row, index(x, {1}), index(x, {2})}));
  t.add("choose wrap", choose(whole({4}, {5, -1, 1, 2}), {row, index(x, {1}), index(x, {2})}, Outside::wrap));
  t.add("compress", compress(m, v));
  t.add("compress axis", compress(constant(Array::of<bool>({3}, {true, false, true})), x, 0));
  t.add("nonzero", nonzero(x > 0.0));
  t.add("flatnonzero", flatnonzero(v > 1.0));
  t.add("nonzero_values", nonzero_values(where(v > 1.0, v, 0.0)));
  t.add("argwhere", argwhere(eq(mod(c, 5.0), 0.0)));
  t.add("unravel", unravel_index(whole({2, 2}, {5, 11, 0, 7}), {length(x, 0), 4}));
  t.add("ravel", ravel_multi_index({whole({2}, {0, 2}), whole({2}, {3, 1})}, {n, 4}));
  t.add("ravel clip", ravel_multi_index({whole({2}, {0, 9}), whole({2}, {-3, 1})}, {n, 4}, Outside::clip));
  t.add("inverse_permutation", inverse_permutation(p));
  t.add("permute", permute_row_elements(x, whole({3, 4}, {1, 0, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3})));
  t.add("permute inverse", permute_row_elements(v, p, true));
  t.add("sort", sort(s));
  t.add("sort 0", sort(-x, 0));
  t.add("sort flat", sort(-x, std::nullopt));
  t.add("sort int", sort(b));
  t.add("argsort", argsort(s));
  t.add("argsort 0", argsort(mod(c, 5.0), 1));
  t.add("topk", topk(v, 3));
  t.add("topk low", topk(x, -2, 0));
  t.add("argtopk", argtopk(v, 2));
  t.add("searchsorted", searchsorted(edges, constant(matrix({2, 3}, {-1, 0.5, 9, nan, 0.6, -3}))));
  t.add("searchsorted right", searchsorted(edges, vector_of({-1, 0.5, 9}), "right"));
  t.add("searchsorted sorter", searchsorted(v, vector_of({0.5, 2.5}), false, argsort(v)));
  t.add("searchsorted int", searchsorted(whole({3}, {1, 3, 3}), b));
  t.add("digitize", digitize(v, edges));
  t.add("digitize right", digitize(v, edges, true));
  t.add("digitize falling", digitize(v, vector_of({3, 2, 0.5, -1})));
  t.add("bincount", bincount(b));
  t.add("bincount min", bincount(b, std::nullopt, 8));
  t.add("bincount weights", bincount(b, v));
  t.add("bincount none", bincount(cast(e, DType::int64)));
  t.add("histogram", histogram(v, edges));
  const Unique u = unique_with(s);
  t.add("unique", u.values);
  t.add("unique inverse", u.inverse);
  t.add("unique index", u.indices);
  t.add("unique counts", u.counts);
  t.add("unique none", unique(e));
  // Lengths that values tell, in everything else.
  const Expr vm = index(v, {m}), grid = expand_dims(arange(n), 1) * 10 + arange(n + 1);
  t.add("mask sum", sum(index(v, {v > 0.0})));
  t.add("mask reshape", ravel(outer(vm, row)));
  t.add("run-time matrix", ravel(grid));
  t.add("run-time transpose", reshape(transpose(grid), {2, -1}));
  t.add("run-time concatenate", concatenate({arange(n), vm, vector_of({1})}));
  t.add("run-time max", max(vm));
  t.add("run-time mean", mean(vm));
  t.add("run-time flip", flip(vm));
  t.add("run-time every", index(vm, {range(None, None, 2)}));
  t.add("run-time last", index(vm, {-1}));
  t.add("run-time sort", sort(vm));
  t.add("run-time roll", roll(vm, 1));
  t.add("run-time cumsum", cumsum(vm));
  t.add("run-time diag", diag(vm));
  t.add("run-time softmax", softmax(vm));
  t.add("run-time dot", dot(index(x, {1}), gather(index(x, {1}), arange(n + 1))));
  t.add("run-time set", set_subtensor(index(vm, {0}), 9.0));
  t.add("run-time unique", unique(mod(vm, 2.0)));
  t.add("run-time pad", pad(vm, {{1, 1}}, Border::reflect));
  t.add("run-time tile", tile(vm, 2));
  return t;
}

void expect_numpys(const Cases& t, const Arrays& got) {
  const std::map<std::string, Wanted> all = wanted();
  for (std::size_t k = 0; k < t.names.size(); ++k) {
    SCOPED_TRACE(t.names[k]);
    ASSERT_TRUE(all.contains(t.names[k]));
    const Wanted& w = all.at(t.names[k]);
    EXPECT_EQ(got[k].shape(), w.shape);
    // Powers and sums are rounded a few times.
    expect_reals(got[k], w.values, 1e-14);
  }
}

TEST(Shaping, IsNumPys) {
  const Cases t = cases(false);
  EXPECT_EQ(t.names.size(), wanted().size());
  EXPECT_NO_THROW(verify(Graph{{}, t.outputs}));
  expect_numpys(t, interpret(Graph{{}, t.outputs}, {}));
}

TEST(Shaping, IsTheSameForLengthsThatOnlyTheCallTells) {
  const Cases t = cases(true);
  EXPECT_NO_THROW(verify(Graph{t.inputs, t.outputs}));
  expect_numpys(t, interpret(Graph{t.inputs, t.outputs}, t.arguments));
}

TEST(Shaping, ManyElementsAreSortedStably) {
  if (!missing_compiler().empty()) GTEST_SKIP() << missing_compiler();
  const Expr x = dvector("x"), n = lvector("n");
  Array reals(Type{DType::float64, {5000}}), integers(Type{DType::int64, {5000}});
  for (std::int64_t i = 0; i < 5000; ++i) {
    const double wave = std::sin(static_cast<double>(i * i % 977));
    reals.set(i, i % 11 == 0  ? std::nan("")
                 : i % 7 == 0 ? -0.0
                 : i % 5 == 0 ? 0.0
                              : std::ldexp(wave, static_cast<int>(i % 600) - 300));
    integers.set_integer(i, (i * 7919 % 1000 - 500) << i % 50);
  }
  const Exprs order{argsort(x), argsort(n)};
  const Arrays expected = interpret(Graph{{x, n}, order}, Arrays{reals, integers});
  const Results got = function({x, n}, order)(reals, integers);
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_TRUE(same_bits(got[i], expected[i])) << i;
}

TEST(Shaping, NativeCodeDoesTheSame) {
  if (!missing_compiler().empty()) GTEST_SKIP() << missing_compiler();
  const Cases t = cases(true);
  expect_numpys(t,
                function(t.inputs, t.outputs, {.target = CompileOptions::Target::native, .cache = false})(t.arguments));
}

}  // namespace
}  // namespace leapgraph::symbolic

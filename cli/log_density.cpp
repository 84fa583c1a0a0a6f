/// `hmc-run log-density`: log density and gradient at given points, and how long they take.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <memory>
#include <utility>

#include "leapgraph/cli/commands.hpp"
#include "leapgraph/cli/model_files.hpp"
#include "leapgraph/samplers/density.hpp"

namespace leapgraph::cli {
namespace {

using Text = fmt::memory_buffer;
using Points = std::vector<std::vector<double>>;

void append_number(Text& text, double x) {
  if (std::isfinite(x)) {
    fmt::format_to(std::back_inserter(text), "{:.17g}", x);
  } else {
    text.append(std::string_view(std::isnan(x) ? "\"NaN\"" : x > 0 ? "\"Infinity\"" : "\"-Infinity\""));
  }
}

// [item, item, ...]
template <class Items, class Append>
void append_list(Text& text, const Items& items, Append append_item) {
  text.push_back('[');
  bool first = true;
  for (const auto& item : items) {
    if (!std::exchange(first, false)) text.append(std::string_view(", "));
    append_item(item);
  }
  text.push_back(']');
}

void check_points(const Points& points, const models::Model& model, const std::string& file) {
  for (const std::vector<double>& point : points) {
    if (static_cast<std::int64_t>(point.size()) != model.dimension()) {
      throw models::DataError(fmt::format("{}: error: a point of this model has {} unconstrained coordinates, found {}",
                                          file, model.dimension(), point.size()));
    }
  }
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The median over `repeat` timings, each of all points as often as a clock needs to see them.
double nanoseconds_per_gradient(samplers::Integrator& integrator, samplers::PointArena& arena, std::size_t points,
                                std::int64_t repeat) {
  constexpr double least_seconds = 20e-6;
  std::int64_t rounds = 1;
  const auto time = [&] {
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < points; ++i) integrator.evaluate(arena[i]);
    }
    return seconds_since(start);
  };
  while (time() < least_seconds) rounds *= 2;
  std::vector<double> timings(static_cast<std::size_t>(repeat));
  for (double& timing : timings) timing = 1e9 * time() / static_cast<double>(rounds) / static_cast<double>(points);
  const auto middle = timings.begin() + static_cast<std::ptrdiff_t>(timings.size() / 2);
  std::nth_element(timings.begin(), middle, timings.end());
  if (timings.size() % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(timings.begin(), middle));
}

}  // namespace

ExitStatus execute(const LogDensityCommand& command) {
  const models::CheckedProgram program = read_program(command.files);
  const models::DataSet data = read_data(command.files);
  const Points points = models::read_points(command.points);
  const models::Model model = bind(program, data);
  check_points(points, model, command.points);
  warn_without_compiler();
  const samplers::CompiledDensity density(model.density(), samplers::MetricKind::diagonal, {.cache = command.cache});

  const std::unique_ptr<samplers::Integrator> integrator = density.target().integrator(0);
  samplers::PointArena arena(model.dimension(), static_cast<std::int64_t>(points.size()));
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::copy(points[i].begin(), points[i].end(), arena[i].position.begin());
    integrator->evaluate(arena[i]);
  }

  std::vector<std::size_t> numbers(points.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
  Text text;
  text.append(std::string_view("{\"parameters\": "));
  append_list(text, model.coordinate_names(),
              [&](const std::string& name) { fmt::format_to(std::back_inserter(text), "\"{}\"", name); });
  text.append(std::string_view(", \"log_density\": "));
  append_list(text, numbers, [&](std::size_t i) { append_number(text, arena[i].log_density); });
  text.append(std::string_view(", \"gradient\": "));
  append_list(text, numbers, [&](std::size_t i) {
    append_list(text, arena[i].gradient.first(points[i].size()), [&](double x) { append_number(text, x); });
  });
  if (command.repeat > 0 && !points.empty()) {
    text.append(std::string_view(", \"ns_per_gradient\": "));
    append_number(text, nanoseconds_per_gradient(*integrator, arena, points.size(), command.repeat));
  }
  fmt::print("{}}}\n", std::string_view(text.data(), text.size()));
  return ExitStatus::done;
}

}  // namespace leapgraph::cli

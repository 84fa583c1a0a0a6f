/// Runs a program through the library, from text to a trace in memory, and takes the moments of its draws.
#include "models/posterior.hpp"

#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/istreamwrapper.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include "leapgraph/models/model.hpp"
#include "leapgraph/samplers/density.hpp"
#include "leapgraph/samplers/diagnostics.hpp"

namespace leapgraph::models {
namespace {

constexpr std::int64_t chains = 4;
constexpr std::int64_t draws = 1000;

std::filesystem::path shared_folder() {
  const char* shared = std::getenv("LEAPGRAPH_SHARED");
  const std::filesystem::path folder = shared != nullptr ? shared : LEAPGRAPH_SOURCE_DIR "/../shared";
  return folder / "posteriordb";
}

rapidjson::Document read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  rapidjson::IStreamWrapper stream(file);
  rapidjson::Document document;
  document.ParseStream(stream);
  return document;
}

samplers::Trace sample_four_chains(const Model& model, double adapt_delta) {
  samplers::SampleConfig config;
  config.chains = chains;
  config.draws = draws;
  config.seed = 20241;
  config.adapt.step_size.delta = adapt_delta;
  const auto trace = samplers::memory_trace(
      {.chains = chains, .draws = draws, .variables = model.density().variables, .constants = {}, .attributes = {}});
  const samplers::CompiledDensity density(model.density(), config.metric);
  samplers::sample(density.target(), config, *trace);
  return trace->trace();
}

struct Quantity {
  std::string name;            // "theta[3]"
  std::vector<double> values;  // chain by chain
};

// In the order of the program. Variables of these posteriors are scalars and vectors.
std::vector<Quantity> quantities(const samplers::Trace& trace) {
  std::vector<Quantity> result;
  for (std::size_t v = 0; v < trace.variables.size(); ++v) {
    const samplers::TraceVariable& variable = trace.variables[v];
    const auto cells = static_cast<std::size_t>(variable.shape.empty() ? 1 : variable.shape[0]);
    for (std::size_t cell = 0; cell < cells; ++cell) {
      const std::string index = variable.shape.empty() ? "" : "[" + std::to_string(cell + 1) + "]";
      Quantity& quantity = result.emplace_back(Quantity{variable.name + index, {}});
      for (std::size_t i = cell; i < trace.sampling.values[v].size(); i += cells) {
        quantity.values.push_back(trace.sampling.values[v][i]);
      }
    }
  }
  return result;
}

// A program of ours may call its parameters what it likes, but has them in the order of the reference.
const Quantity& find(const std::vector<Quantity>& quantities, const std::string& name, std::size_t position) {
  const auto found = std::find_if(quantities.begin(), quantities.end(), [&](const auto& q) { return q.name == name; });
  return found != quantities.end() ? *found : quantities.at(position);
}

void expect_mean(const std::string& what, const std::vector<double>& values, double reference, double reference_mcse) {
  const samplers::ChainDraws x{.values = values, .chains = chains, .draws = draws};
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / static_cast<double>(values.size());
  const double mcse = samplers::mcse_mean(x);
  EXPECT_LT(std::abs(mean - reference), 5 * std::hypot(mcse, reference_mcse))
      << what << " is " << mean << " +- " << mcse << ", reference " << reference << " +- " << reference_mcse;
}

}  // namespace

void expect_reference_moments(const Posterior& posterior) {
  const std::filesystem::path folder = shared_folder();
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "there is no " << folder;
  if (!symbolic::missing_compiler().empty()) GTEST_SKIP() << symbolic::missing_compiler();

  const std::string program = std::string(LEAPGRAPH_SOURCE_DIR "/tests/models/programs/") + posterior.program + ".stan";
  const std::string data = std::string(posterior.data) + ".json";
  const Model model(CheckedProgram::read(program), DataSet::read(folder / "data" / data));
  const auto found = quantities(sample_four_chains(model, posterior.adapt_delta));

  const std::string file = std::string(posterior.reference) + ".json";
  const rapidjson::Document reference = read_json(folder / "reference" / file);
  ASSERT_TRUE(reference.IsObject()) << "cannot read " << file;
  for (rapidjson::SizeType i = 0; i < reference["names"].Size(); ++i) {
    Quantity quantity = find(found, reference["names"][i].GetString(), i);
    const auto expect_moment = [&](const std::string& what, const char* moment, const char* mcse) {
      expect_mean(what, quantity.values, reference[moment][i].GetDouble(), reference[mcse][i].GetDouble());
    };
    expect_moment(quantity.name, "mean", "mcse_mean");
    for (double& value : quantity.values) value *= value;
    expect_moment(quantity.name + "^2", "mean_squared", "mcse_mean_squared");
  }
}

void PrintTo(const Posterior& posterior, std::ostream* out) { *out << posterior.reference; }

std::string identifier(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

}  // namespace leapgraph::models

/// Log density and gradient of whole programs against CmdStan's, by the interpreter and by native code.
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/istreamwrapper.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "leapgraph/models/model.hpp"

namespace leapgraph::models {
namespace {

using symbolic::CompileOptions;

std::filesystem::path reference_folder() {
  const char* shared = std::getenv("LEAPGRAPH_SHARED");
  const std::filesystem::path folder = shared != nullptr ? shared : LEAPGRAPH_SOURCE_DIR "/../shared";
  return folder / "posteriordb";
}

struct Reference {
  std::string data;
  int point = 0;
  double log_density = 0;
  std::vector<double> gradient;
};

Reference read_reference(const std::string& program) {
  std::ifstream file(reference_folder() / "cmdstan_gradients.json");
  rapidjson::IStreamWrapper stream(file);
  rapidjson::Document document;
  document.ParseStream(stream);
  const rapidjson::Value& entry = document[program.c_str()];
  Reference reference{.data = entry["data"].GetString(),
                      .point = entry["point"].GetInt(),
                      .log_density = entry["log_density"].GetDouble(),
                      .gradient = {}};
  for (const rapidjson::Value& component : entry["gradient"].GetArray()) {
    reference.gradient.push_back(component.GetDouble());
  }
  return reference;
}

/// The points of the reference file, as its README defines them.
std::vector<double> point(int number, std::int64_t dimension) {
  std::vector<double> q;
  for (int i = 0; i < dimension; ++i) {
    if (number == 0) q.push_back(0.1 + 0.05 * (i % 7) - 0.15 * (i % 3));
    if (number == 1) q.push_back(0.02 * (i % 5 - 2));
    if (number == 2) q.push_back(0);
  }
  return q;
}

/// Programs of our own with the parameters and the meaning of the reference's.
class OurProgram : public testing::TestWithParam<const char*> {
 protected:
  void compare(CompileOptions::Target target) {
    if (!std::filesystem::exists(reference_folder())) GTEST_SKIP() << "there is no " << reference_folder();
    const std::string name = GetParam();
    const Reference reference = read_reference(name);
    const auto program = CheckedProgram::read(LEAPGRAPH_SOURCE_DIR "/tests/models/programs/" + name + ".stan");
    const Model model(program, DataSet::read(reference_folder() / "data" / (reference.data + ".json")));
    ASSERT_EQ(model.dimension(), static_cast<std::int64_t>(reference.gradient.size()));
    const samplers::CompiledDensity density(model.density(), samplers::MetricKind::diagonal, {.target = target});
    const std::vector<double> q = point(reference.point, model.dimension());
    std::vector<double> gradient(q.size());
    const double log_density = density.log_density_gradient(q, gradient);

    double largest = 0;
    for (const double component : reference.gradient) largest = std::max(largest, std::abs(component));
    // The reference's rule allows 1e-8 of this unit. The sums here have some thousand terms of 1e-16 relative error
    // each, mostly of one sign: 1e-11 leaves them room, and none to a term that is off.
    const auto expect_near = [largest](double found, double expected) {
      EXPECT_NEAR(found, expected, 1e-11 * std::max({1.0, std::abs(expected), 1e-6 * largest}));
    };
    expect_near(log_density, reference.log_density);
    for (std::size_t i = 0; i < gradient.size(); ++i) expect_near(gradient[i], reference.gradient[i]);
    EXPECT_EQ(model.why(q), "");
  }
};

TEST_P(OurProgram, AgreesWithCmdStanWhenInterpreted) { compare(CompileOptions::Target::interpreter); }

TEST_P(OurProgram, AgreesWithCmdStanAsNativeCode) {
  if (!symbolic::missing_compiler().empty()) GTEST_SKIP() << symbolic::missing_compiler();
  compare(CompileOptions::Target::native);
}

INSTANTIATE_TEST_SUITE_P(PosteriorDb, OurProgram,
                         testing::Values("blr", "earn_height", "eight_schools_noncentered", "gp_regr",
                                         "kidscore_interaction_c", "kidscore_mom_work", "kidscore_momhs",
                                         "kidscore_momiq", "ldaK2", "logearn_height_male", "logearn_logheight_male",
                                         "logmesquite", "logmesquite_logva", "logmesquite_logvolume", "lotka_volterra",
                                         "low_dim_gauss_mix", "mesquite", "nes", "normal_mixture_k",
                                         "wells_dae_inter_model"),
                         [](const auto& name) { return std::string(name.param); });

}  // namespace
}  // namespace leapgraph::models

/// Posteriors of posteriordb against their reference draws: those whose many observations or long trajectories take
/// time.
#include <gtest/gtest.h>

#include "models/posterior.hpp"

namespace leapgraph::models {
namespace {

class SlowPosterior : public testing::TestWithParam<Posterior> {};

TEST_P(SlowPosterior, HasTheMomentsOfItsReferenceDraws) { expect_reference_moments(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    PosteriorDb, SlowPosterior,
    testing::Values(Posterior{"logearn_logheight_male", "earnings", "earnings-logearn_logheight_male"},
                    Posterior{"nes", "nes1976", "nes1976-nes"}, Posterior{"nes", "nes1980", "nes1980-nes"},
                    Posterior{"nes", "nes1984", "nes1984-nes"}, Posterior{"nes", "nes1988", "nes1988-nes"},
                    Posterior{"nes", "nes1992", "nes1992-nes"}, Posterior{"nes", "nes1996", "nes1996-nes"},
                    Posterior{"nes", "nes2000", "nes2000-nes"}),
    [](const auto& posterior) { return identifier(posterior.param.reference); });

}  // namespace
}  // namespace leapgraph::models

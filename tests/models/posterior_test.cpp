/// Posteriors of posteriordb against their reference draws: those that take a second or less.
#include "models/posterior.hpp"

#include <gtest/gtest.h>

namespace leapgraph::models {
namespace {

class QuickPosterior : public testing::TestWithParam<Posterior> {};

TEST_P(QuickPosterior, HasTheMomentsOfItsReferenceDraws) { expect_reference_moments(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    PosteriorDb, QuickPosterior,
    testing::Values(
        Posterior{"earn_height", "earnings", "earnings-earn_height"},
        Posterior{"logearn_height_male", "earnings", "earnings-logearn_height_male", 0.85},
        Posterior{"blr", "sblrc", "sblrc-blr"}, Posterior{"blr", "sblri", "sblri-blr"},
        Posterior{"eight_schools_noncentered", "eight_schools", "eight_schools-eight_schools_noncentered", 0.95},
        Posterior{"kidscore_interaction_c", "kidiq_with_mom_work", "kidiq_with_mom_work-kidscore_interaction_c"},
        Posterior{"kidscore_mom_work", "kidiq_with_mom_work", "kidiq_with_mom_work-kidscore_mom_work"},
        Posterior{"kidscore_momhs", "kidiq", "kidiq-kidscore_momhs"},
        Posterior{"kidscore_momiq", "kidiq", "kidiq-kidscore_momiq"},
        Posterior{"logmesquite", "mesquite", "mesquite-logmesquite"},
        Posterior{"logmesquite_logva", "mesquite", "mesquite-logmesquite_logva"},
        Posterior{"logmesquite_logvolume", "mesquite", "mesquite-logmesquite_logvolume"},
        Posterior{"mesquite", "mesquite", "mesquite-mesquite", 0.95}, Posterior{"nes", "nes1972", "nes1972-nes"}),
    [](const auto& posterior) { return identifier(posterior.param.reference); });

}  // namespace
}  // namespace leapgraph::models

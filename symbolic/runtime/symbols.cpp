/// The table of precompiled scalar functions.
#include "leapgraph/symbolic/runtime/symbols.hpp"

#include <algorithm>
#include <array>

#include "leapgraph/symbolic/runtime/philox.h"
#include "leapgraph/symbolic/runtime/special.h"

namespace leapgraph::symbolic {

namespace {

template <class... Reals>
RuntimeSymbol row(std::string_view name, double (*f)(Reals...), bool has_vectors, double ulps) {
  return {name, sizeof...(Reals), reinterpret_cast<void (*)()>(f), has_vectors, ulps};
}

template <class... Reals>
RuntimeSymbol vectors(std::string_view name, double (*f)(Reals...), double ulps = 4) {
  return row(name, f, true, ulps);
}
template <class... Reals>
RuntimeSymbol scalar(std::string_view name, double (*f)(Reals...), double ulps = 2) {
  return row(name, f, false, ulps);
}

}  // namespace

std::span<const RuntimeSymbol> runtime_symbols() {
  static const std::array table{
      vectors("lg_sigmoid", lg_sigmoid),
      vectors("lg_softplus", lg_softplus),
      vectors("lg_log_sigmoid", lg_log_sigmoid),
      vectors("lg_log1mexp", lg_log1mexp),
      vectors("lg_logaddexp", lg_logaddexp),
      vectors("lg_logit", lg_logit),
      vectors("lg_xlogy", lg_xlogy),
      vectors("lg_gaussian", lg_gaussian),
      vectors("lg_lgamma", lg_lgamma, 6),
      vectors("lg_digamma", lg_digamma),
      vectors("lg_trigamma", lg_trigamma),
      vectors("lg_tetragamma", lg_tetragamma, 8),
      // normal
      vectors("lg_erfcx", lg_erfcx),
      vectors("lg_ierfcx", lg_ierfcx, 6),
      vectors("lg_ndtr", lg_ndtr),
      vectors("lg_log_ndtr", lg_log_ndtr),
      vectors("lg_ndtri", lg_ndtri, 5),
      vectors("lg_ndtri_exp", lg_ndtri_exp, 5),
      vectors("lg_erfinv", lg_erfinv, 5),
      vectors("lg_erfcinv", lg_erfcinv, 5),
      scalar("lg_owens_t", lg_owens_t, 8),
      // gamma
      vectors("lg_gamma", lg_gamma, 6),
      scalar("lg_betaln", lg_betaln),
      scalar("lg_beta", lg_beta),
      scalar("lg_poch", lg_poch),
      scalar("lg_digamma_rise", lg_digamma_rise, 8),
      scalar("lg_zeta", lg_zeta),
      scalar("lg_polygamma", lg_polygamma),
      // incomplete
      scalar("lg_gammainc", lg_gammainc, 8),
      scalar("lg_gammaincc", lg_gammaincc, 16),
      scalar("lg_gamma_density", lg_gamma_density),
      scalar("lg_gammainc_da", lg_gammainc_da, 16),
      scalar("lg_gammainc_daa", lg_gammainc_daa, 64),
      scalar("lg_gammaincinv", lg_gammaincinv, 16),
      scalar("lg_gammainccinv", lg_gammainccinv, 16),
      scalar("lg_betainc", lg_betainc, 8),
      scalar("lg_beta_density", lg_beta_density),
      scalar("lg_betainc_da", lg_betainc_da, 16),
      scalar("lg_betainc_db", lg_betainc_db, 16),
      scalar("lg_betaincinv", lg_betaincinv, 16),
      // bessel, hypergeometric
      scalar("lg_jv", lg_jv),
      scalar("lg_yv", lg_yv),
      scalar("lg_iv", lg_iv),
      scalar("lg_ive", lg_ive),
      scalar("lg_kv", lg_kv),
      scalar("lg_kve", lg_kve),
      scalar("lg_hyp2f1", lg_hyp2f1, 8),
      scalar("lg_hyp2f1_da", lg_hyp2f1_da, 8),
      scalar("lg_hyp2f1_dc", lg_hyp2f1_dc, 8),
  };
  return table;
}

std::span<const RuntimeSymbol> drawing_symbols() {
  static const std::array table{
      scalar("lg_philox_uniform", lg_philox_uniform),     scalar("lg_philox_log_gamma", lg_philox_log_gamma),
      scalar("lg_philox_poisson", lg_philox_poisson),     scalar("lg_philox_binomial", lg_philox_binomial),
      scalar("lg_philox_von_mises", lg_philox_von_mises), scalar("lg_philox_hypergeometric", lg_philox_hypergeometric),
  };
  return table;
}

const RuntimeSymbol* find_runtime_symbol(std::string_view name) {
  for (const auto table : {runtime_symbols(), drawing_symbols()}) {
    const auto found =
        std::find_if(table.begin(), table.end(), [name](const RuntimeSymbol& s) { return s.name == name; });
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

}  // namespace leapgraph::symbolic

/// What the solvers of SUNDIALS share: owners of its objects, and its errors as exceptions.
#pragma once

#include <fmt/format.h>
#include <nvector/nvector_serial.h>
#include <sundials/sundials_context.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace leapgraph::models::solvers::sundials {

struct Free {
  void operator()(SUNContext context) const { SUNContext_Free(&context); }
  void operator()(N_Vector vector) const { N_VDestroy(vector); }
  void operator()(SUNMatrix matrix) const { SUNMatDestroy(matrix); }
  void operator()(SUNLinearSolver solver) const { SUNLinSolFree(solver); }
};
template <class Pointer>
using Owned = std::unique_ptr<std::remove_pointer_t<Pointer>, Free>;

inline Owned<SUNContext> make_context() {
  SUNContext context = nullptr;
  if (SUNContext_Create(nullptr, &context) != 0) throw std::runtime_error("SUNDIALS cannot be set up");
  return Owned<SUNContext>(context);
}

/// A vector over memory of somebody else.
inline Owned<N_Vector> view(double* data, std::size_t size, SUNContext context) {
  return Owned<N_Vector>(N_VMake_Serial(static_cast<sunindextype>(size), data, context));
}

/// A square matrix and what solves systems with it.
struct DenseSolver {
  Owned<SUNMatrix> matrix;
  Owned<SUNLinearSolver> solver;

  DenseSolver(N_Vector like, std::size_t size, SUNContext context)
      : matrix(SUNDenseMatrix(static_cast<sunindextype>(size), static_cast<sunindextype>(size), context)),
        solver(SUNLinSol_Dense(like, matrix.get(), context)) {}
};

/// Copies a row-major matrix.
inline void fill(SUNMatrix matrix, const double* rows, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j)
      SM_ELEMENT_D(matrix, static_cast<sunindextype>(i), static_cast<sunindextype>(j)) = rows[i * size + j];
}

/// Called by the solver, which is C: what the function throws is kept for `rethrow`, and the solver told to stop.
class Guard {
 public:
  template <class Call>
  int operator()(const Call& call) {
    try {
      call();
      return 0;
    } catch (...) {
      thrown_ = std::current_exception();
      return -1;
    }
  }
  void rethrow() {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  std::exception_ptr thrown_;
};

/// A solver's own messages are not printed: the caller's exception says what happened.
inline void ignore_message(int, const char*, const char*, char*, void*) {}

inline void require(int flag, std::string_view function) {
  if (flag < 0) throw std::domain_error(fmt::format("{} failed with error {}", function, flag));
}

}  // namespace leapgraph::models::solvers::sundials

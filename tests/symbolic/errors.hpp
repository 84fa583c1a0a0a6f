/// What errors say, for tests.
#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <string>

namespace leapgraph::symbolic {

/// The message of the error of type E that `f` ends with; a failure of the test where it ends with another or none.
template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "an error of another type: " << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

}  // namespace leapgraph::symbolic

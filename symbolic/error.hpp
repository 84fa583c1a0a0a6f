/// The exceptions that leave this library, one type for each reader of the message.
#pragma once

#include <stdexcept>
#include <string>

namespace leapgraph {

/// Anything the caller can do something about; every other error type of Leapgraph derives from it.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A fault of Leapgraph itself. The message starts with "internal error: ".
class InternalError : public std::logic_error {
 public:
  explicit InternalError(const std::string& what) : std::logic_error("internal error: " + what) {}
};

namespace symbolic {

/// A graph that cannot be built or a call that does not fit its function: shapes, dtypes, missing gradients.
class GraphError : public Error {
 public:
  using Error::Error;
};

}  // namespace symbolic
}  // namespace leapgraph

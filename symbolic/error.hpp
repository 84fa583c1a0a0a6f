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

/// A graph that cannot be built or a call that does not fit its function. What callers may want to tell apart has a
/// type of its own, below. Made while a builder or a rule works for a place in the user's source (places.hpp), it
/// names that place at its end: " (made at model.cpp:12)".
class GraphError : public Error {
 public:
  explicit GraphError(const std::string& what);
  /// Throws an error of the same type with another message: for those who know more about where it happened.
  [[noreturn]] virtual void rethrow(const std::string& what) const { throw GraphError(what); }
};

/// What makes `rethrow` keep the type `Self`.
template <class Self>
class GraphErrorOf : public GraphError {
 public:
  using GraphError::GraphError;
  [[noreturn]] void rethrow(const std::string& what) const override { throw Self(what); }
};

/// Lengths or numbers of axes that do not fit.
class ShapeError : public GraphErrorOf<ShapeError> {
  using GraphErrorOf::GraphErrorOf;
};
/// An element type that does not fit, or a value that an element type cannot hold.
class DTypeError : public GraphErrorOf<DTypeError> {
  using GraphErrorOf::GraphErrorOf;
};
/// A position that is out of range.
class IndexError : public GraphErrorOf<IndexError> {
  using GraphErrorOf::GraphErrorOf;
};
/// A length or a number of steps below 0.
class NegativeLength : public GraphErrorOf<NegativeLength> {
  using GraphErrorOf::GraphErrorOf;
};
/// A derivative of something that has none.
class NotDifferentiable : public GraphErrorOf<NotDifferentiable> {
  using GraphErrorOf::GraphErrorOf;
};
/// A derivative with respect to something that the cost does not depend on.
class DisconnectedInput : public GraphErrorOf<DisconnectedInput> {
  using GraphErrorOf::GraphErrorOf;
};
/// A variable that an output needs and nobody gives.
class MissingInput : public GraphErrorOf<MissingInput> {
  using GraphErrorOf::GraphErrorOf;
};
/// An input that no output needs.
class UnusedInput : public GraphErrorOf<UnusedInput> {
  using GraphErrorOf::GraphErrorOf;
};
/// Updates or replacements that contradict each other, go in a circle or have the wrong type.
class UpdateError : public GraphErrorOf<UpdateError> {
  using GraphErrorOf::GraphErrorOf;
};
/// A matrix that had to be positive definite.
class NotPositiveDefinite : public GraphErrorOf<NotPositiveDefinite> {
  using GraphErrorOf::GraphErrorOf;
};
/// A matrix that had to be invertible.
class SingularMatrix : public GraphErrorOf<SingularMatrix> {
  using GraphErrorOf::GraphErrorOf;
};
/// An iteration that did not converge.
class NoConvergence : public GraphErrorOf<NoConvergence> {
  using GraphErrorOf::GraphErrorOf;
};
/// A condition that the graph itself asserts.
class AssertionFailed : public GraphErrorOf<AssertionFailed> {
  using GraphErrorOf::GraphErrorOf;
};

}  // namespace symbolic
}  // namespace leapgraph

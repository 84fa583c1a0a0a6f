/// Places in the user's source: whose code a place lies in, and the place of what builders make of other builders.
#pragma once

#include <source_location>
#include <string>
#include <string_view>

namespace leapgraph::symbolic {

/// Whether `place` lies in this library and not in the code of its user. A node made at such a place was made for
/// somebody: it gets the place in force (`MadeAt` of graph.hpp, `BuiltAt`), else that of the first input whose place is
/// the user's.
bool is_own(const std::source_location& place);

/// A place in this header, by the name under which its includer sees it.
inline std::source_location place_in_header() { return std::source_location::current(); }

/// "model.cpp:12".
std::string to_string(const std::source_location& place);

/// While one lives on this thread, nodes that this library makes are made at `place`, and its errors name it: the first
/// line of builders that apply several ops, or that check something themselves. Places in the library say nothing and
/// change nothing, so that the builder that the user called counts; what the user's code makes meanwhile (the step of
/// a scan) has its own place. `MadeAt` counts more.
class BuiltAt {
 public:
  /// `op`, where given, comes first in errors: for checks that several ops share.
  explicit BuiltAt(const std::source_location& place, std::string_view op = {});
  ~BuiltAt();
  BuiltAt(const BuiltAt&) = delete;
  BuiltAt& operator=(const BuiltAt&) = delete;
  const std::source_location& place() const { return place_; }
  std::string_view op() const { return op_; }

 private:
  std::source_location place_;
  std::string_view op_;
  const BuiltAt* before_;
};

}  // namespace leapgraph::symbolic

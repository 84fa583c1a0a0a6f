/// How a call makes its results.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "leapgraph/symbolic/results.hpp"

namespace leapgraph::symbolic {

/// Builds results where they are returned.
class ResultsOfCall {
 public:
  explicit ResultsOfCall(Results& results) : results_(results) {}
  static constexpr std::size_t inline_count = Results::inline_count;
  void use_words(std::size_t count) {
    results_.is_inline_ = true;
    results_.count_ = static_cast<std::uint32_t>(count);
  }
  void* word(std::size_t i, DType dtype) {
    results_.dtypes_[i] = dtype;
    return &results_.words_[i];
  }
  void reserve(std::size_t count) { results_.arrays_.reserve(count); }
  void add(Array array) {
    results_.arrays_.emplace_back(std::move(array));
    ++results_.count_;
  }
  void set_names(const std::shared_ptr<const std::vector<std::string>>& names) { results_.names_ = names; }

 private:
  Results& results_;
};

}  // namespace leapgraph::symbolic

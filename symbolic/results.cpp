/// Results of calls by position and by name.
#include "leapgraph/symbolic/results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::symbolic {

Result::operator double() const {
  if (size() != 1) throw ShapeError(fmt::format("a {} is not one number", to_string(type())));
  return real();
}

Results::Results(std::vector<Array> arrays, std::shared_ptr<const std::vector<std::string>> names)
    : count_(static_cast<std::uint32_t>(arrays.size())), names_(std::move(names)) {
  arrays_.reserve(arrays.size());
  for (Array& array : arrays) arrays_.emplace_back(std::move(array));
}

const std::vector<Result>& Results::all() const {
  if (is_inline_ && arrays_.empty())
    for (std::size_t i = 0; i < count_; ++i) {
      Array array(Type{dtypes_[i], {}});
      std::memcpy(array.raw(), &words_[i], static_cast<std::size_t>(array.bytes()));
      arrays_.emplace_back(std::move(array));
    }
  return arrays_;
}

const Result& Results::operator[](std::size_t index) const& {
  if (index >= count_)
    throw IndexError(
        fmt::format("there is no result {}: the function has {}", static_cast<std::int64_t>(index), count_));
  return all()[index];
}

const Result& Results::operator[](std::string_view name) const& {
  const std::vector<std::string>& known = names();
  const auto found = std::find(known.begin(), known.end(), name);
  if (name.empty() || found == known.end()) {
    std::string list;
    for (const std::string& other : known)
      if (!other.empty()) list += (list.empty() ? "" : ", ") + fmt::format("'{}'", other);
    throw IndexError(fmt::format("there is no result '{}'{}", name,
                                 list.empty() ? ": the outputs have no names" : ", there are " + list));
  }
  return all()[static_cast<std::size_t>(found - known.begin())];
}

const std::vector<std::string>& Results::names() const {
  static const std::vector<std::string> none;
  return names_ ? *names_ : none;
}

double Results::one() const { return Result(Array(*this)); }

Results::operator Array() const {
  if (count_ != 1) throw GraphError(fmt::format("the function has {} results, of which one is to be picked", count_));
  return all()[0];
}

Results::operator std::vector<Array>() const { return {all().begin(), all().end()}; }

std::string to_string(const Results& results) {
  std::string text;
  for (const Result& result : results)
    text += (text.empty() ? "" : ", ") + to_string(static_cast<const Array&>(result));
  return text;
}

std::ostream& operator<<(std::ostream& stream, const Results& results) { return stream << to_string(results); }

}  // namespace leapgraph::symbolic

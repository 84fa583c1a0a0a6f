/// Reads signatures and matches arguments with them.
#include "leapgraph/models/types/signature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::models {
namespace {

/// A letter and the types that it can stand for: from `type`, an argument already without the array dimensions that the
/// pattern writes out, the type that it binds to.
struct Letter {
  char name;
  std::string_view meaning;
  std::optional<StanType> (*bind)(const StanType& type);
};

std::optional<StanType> bind_vector(const StanType& type) {
  if (type.is(Base::vector) || type.is(Base::row_vector)) return type;
  return std::nullopt;
}

constexpr std::array<Letter, 8> letters = {{
    {'T', "any type", [](const StanType& type) -> std::optional<StanType> { return type; }},
    {'R', "any type with real elements",
     [](const StanType& type) -> std::optional<StanType> {
       if (!holds_reals(type)) return std::nullopt;
       return with_reals(type);
     }},
    {'I', "any type with int elements",
     [](const StanType& type) -> std::optional<StanType> {
       if (!holds_integers(type)) return std::nullopt;
       return type;
     }},
    {'C', "complex, complex_vector, complex_row_vector or complex_matrix",
     [](const StanType& type) -> std::optional<StanType> {
       if (type.is_array() || !(holds_reals(type) || holds_complex(type))) return std::nullopt;
       return with_complex(type);
     }},
    {'Z', "any type with complex elements",
     [](const StanType& type) -> std::optional<StanType> {
       if (!holds_complex(type)) return std::nullopt;
       return type;
     }},
    {'V', "vector or row_vector", bind_vector},
    {'W', "vector or row_vector", bind_vector},
    {'M', "real, vector, row_vector or matrix",
     [](const StanType& type) -> std::optional<StanType> {
       if (type.is_array() || !holds_reals(type)) return std::nullopt;
       return with_reals(type);
     }},
}};

/// A type as a signature writes it: array dimensions around a base or a letter.
struct Pattern {
  StanType type;  // of a letter only the depth
  char letter = 0;
  bool real_parts = false;  // of what the letter stands for
  bool any_depth = false;   ///< of "arrays": the same further dimensions throughout the alternative
};

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// The pieces of `text` between separators that stand outside brackets.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  int brackets = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == separator && brackets == 0)) {
      pieces.push_back(trim(text.substr(begin, i - begin)));
      begin = i + 1;
    } else if (text[i] == '[' || text[i] == '(') {
      ++brackets;
    } else if (text[i] == ']' || text[i] == ')') {
      --brackets;
    }
  }
  return pieces;
}

Pattern read_pattern(std::string_view text) {
  Pattern pattern;
  constexpr std::string_view any_depth = "arrays ";
  if (text.starts_with(any_depth)) {
    pattern.any_depth = true;
    text.remove_prefix(any_depth.size());
  }
  if (text.starts_with("array[")) {
    const std::size_t close = text.find(']');
    pattern.type.depth =
        1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(close), ','));
    text = trim(text.substr(close + 1));
  }
  if (text.starts_with("real ")) {
    pattern.real_parts = true;
    text = trim(text.substr(5));
  }
  if (text.size() == 1) {
    pattern.letter = text[0];
    if (std::any_of(letters.begin(), letters.end(), [&](const Letter& l) { return l.name == text[0]; })) return pattern;
  }
  if (text.starts_with("tuple(")) {
    pattern.type.base = Base::tuple;
    for (const std::string_view slot : split(text.substr(6, text.size() - 7), ','))
      pattern.type.slots.push_back(read_pattern(slot).type);
    return pattern;
  }
  for (const Base base : {Base::integer, Base::real, Base::complex, Base::vector, Base::row_vector, Base::matrix,
                          Base::complex_vector, Base::complex_row_vector, Base::complex_matrix}) {
    if (to_string(StanType{base}) == text) {
      pattern.type.base = base;
      return pattern;
    }
  }
  throw InternalError("signature with an unknown type '" + std::string(text) + "'");
}

/// What the letters stand for, and how many dimensions "arrays" adds.
struct Bindings {
  std::map<char, StanType> letters;
  std::optional<int> any_depth;
};

/// The type that a pattern stands for once everything is bound.
StanType bound_type(const Pattern& pattern, const Bindings& bindings) {
  const int further = pattern.any_depth ? bindings.any_depth.value_or(0) : 0;
  if (pattern.letter == 0) return array_of(pattern.type, further);
  return array_of(bindings.letters.at(pattern.letter), pattern.type.depth + further);
}

/// The type that `argument` is promoted to, or nothing where it does not fit.
std::optional<StanType> match(const Pattern& pattern, const StanType& argument, Bindings& bindings) {
  int depth = pattern.type.depth;
  if (pattern.any_depth) {
    const int further = argument.depth - depth;
    if (further < 0 || bindings.any_depth.value_or(further) != further) return std::nullopt;
    bindings.any_depth = further;
    depth = argument.depth;
  }
  if (pattern.letter == 0) {
    const StanType wanted = pattern.any_depth ? array_of(pattern.type, depth - pattern.type.depth) : pattern.type;
    return promotes(argument, wanted) ? std::optional(wanted) : std::nullopt;
  }
  if (argument.depth < depth) return std::nullopt;
  const auto letter =
      std::find_if(letters.begin(), letters.end(), [&](const Letter& l) { return l.name == pattern.letter; });
  const std::optional<StanType> bound = letter->bind(array_of(argument, -depth));
  if (!bound) return std::nullopt;
  const auto [entry, is_new] = bindings.letters.emplace(pattern.letter, *bound);
  if (!is_new && entry->second != *bound) return std::nullopt;
  return array_of(*bound, depth);
}

/// An alternative taken apart: what stands between the brackets, and behind the arrow.
struct Alternative {
  std::vector<std::string_view> patterns;
  std::string_view result;
};

Alternative read_alternative(std::string_view text) {
  const std::size_t arrow = text.find(" => ");
  if (!text.starts_with('(') || arrow == std::string_view::npos) {
    throw InternalError("signature without '(' or '=>': " + std::string(text));
  }
  const std::string_view inside = text.substr(1, text.rfind(')', arrow) - 1);
  return {.patterns = inside.empty() ? std::vector<std::string_view>{} : split(inside, ','),
          .result = trim(text.substr(arrow + 4))};
}

std::optional<Resolution> resolve_alternative(const Alternative& alternative, std::span<const StanType> arguments,
                                              Bindings& bindings) {
  if (alternative.patterns.size() != arguments.size()) return std::nullopt;
  Resolution resolution;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::optional<StanType> parameter = match(read_pattern(alternative.patterns[i]), arguments[i], bindings);
    if (!parameter) return std::nullopt;
    resolution.promotions += promotions(arguments[i], *parameter).value_or(0);
    resolution.parameters.push_back(*parameter);
  }
  const Pattern result = read_pattern(alternative.result);
  resolution.result = bound_type(result, bindings);
  if (result.real_parts) resolution.result = with_real_parts(resolution.result);
  return resolution;
}

constexpr std::string_view rest = "...";

std::optional<FunctionCallResolution> resolve_call(std::string_view function, Alternative alternative,
                                                   std::span<const StanType> arguments) {
  FunctionCallResolution call;
  const bool hands_on = !alternative.patterns.empty() && alternative.patterns.back() == rest;
  if (hands_on) alternative.patterns.pop_back();
  const std::size_t own = alternative.patterns.size();
  if (arguments.size() < own) return std::nullopt;
  for (std::string_view& pattern : alternative.patterns) {
    constexpr std::string_view mark = "data ";
    call.data_only.push_back(pattern.starts_with(mark));
    if (call.data_only.back()) pattern.remove_prefix(mark.size());
  }
  Bindings bindings;
  std::optional<Resolution> resolution =
      resolve_alternative(alternative, hands_on ? arguments.first(own) : arguments, bindings);
  if (!resolution) return std::nullopt;
  call.resolution = *std::move(resolution);
  call.passed_on = own;
  call.data_only.resize(arguments.size());
  call.resolution.parameters.insert(call.resolution.parameters.end(),
                                    arguments.begin() + static_cast<std::ptrdiff_t>(own), arguments.end());
  const Alternative wanted = read_alternative(function);
  for (const std::string_view pattern : wanted.patterns) {
    if (pattern != rest) {
      call.parameters.push_back(bound_type(read_pattern(pattern), bindings));
    } else {
      call.parameters.insert(call.parameters.end(), arguments.begin() + static_cast<std::ptrdiff_t>(own),
                             arguments.end());
    }
  }
  call.result = bound_type(read_pattern(wanted.result), bindings);
  return call;
}

}  // namespace

std::optional<Resolution> resolve(std::string_view signature, std::span<const StanType> arguments) {
  std::optional<Resolution> best;
  for (const std::string_view alternative : split(signature, '|')) {
    Bindings bindings;
    std::optional<Resolution> candidate = resolve_alternative(read_alternative(alternative), arguments, bindings);
    if (candidate && (!best || candidate->promotions < best->promotions)) best = std::move(candidate);
  }
  return best;
}

std::optional<FunctionCallResolution> resolve_with_function(std::string_view function, std::string_view signature,
                                                            std::span<const StanType> arguments) {
  for (const std::string_view alternative : split(signature, '|')) {
    if (auto call = resolve_call(function, read_alternative(alternative), arguments)) return call;
  }
  return std::nullopt;
}

std::vector<std::string> alternatives(std::string_view signature) {
  const std::vector<std::string_view> pieces = split(signature, '|');
  return {pieces.begin(), pieces.end()};
}

std::string legend(std::string_view signature) {
  std::string text;
  for (const Letter& letter : letters) {
    if (signature.find(letter.name) != std::string_view::npos) {
      text += fmt::format("{}{} is {}", text.empty() ? " where " : ", ", letter.name, letter.meaning);
    }
  }
  return text;
}

}  // namespace leapgraph::models

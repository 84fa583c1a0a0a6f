#include "leapgraph/models/syntax/ast.hpp"

namespace leapgraph::models {

std::string_view text(BlockKind kind) {
  static constexpr std::string_view texts[] = {"data",  "transformed data",    "parameters", "transformed parameters",
                                               "model", "generated quantities"};
  return texts[static_cast<int>(kind)];
}

std::string_view text(UnaryOperator op) {
  static constexpr std::string_view texts[] = {"+", "-", "!", "'"};
  return texts[static_cast<int>(op)];
}

std::string_view text(BinaryOperator op) {
  static constexpr std::string_view texts[] = {"||", "&&", "==", "!=", "<",  "<=", ">",   ">=", "+", "-",
                                               "*",  "/",  "%",  ".*", "./", "\\", "%/%", "^",  ".^"};
  return texts[static_cast<int>(op)];
}

std::string_view text(AssignmentOperator op) {
  static constexpr std::string_view texts[] = {"=", "+=", "-=", "*=", "/=", ".*=", "./="};
  return texts[static_cast<int>(op)];
}

}  // namespace leapgraph::models

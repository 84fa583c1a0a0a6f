/// SHA-256 (FIPS 180-4) of a text, as `sha256sum` prints it.
#pragma once

#include <string>
#include <string_view>

namespace leapgraph::models {

/// 64 hexadecimal digits.
std::string sha256(std::string_view text);

}  // namespace leapgraph::models

/// Indented text, one line at a time: what emitters write with.
#pragma once

#include <string>
#include <string_view>

namespace leapgraph::symbolic {

class Writer {
 public:
  void line(std::string_view text) {
    if (!text.empty()) text_.append(static_cast<std::size_t>(2 * depth_), ' ').append(text);
    text_ += '\n';
  }
  /// A line that ends in `{`, whose block `close` ends.
  void open(std::string_view text) {
    line(text.empty() ? "{" : std::string(text) + " {");
    ++depth_;
  }
  void close(std::string_view text = "}") {
    --depth_;
    line(text);
  }
  /// Closes a block and opens the next.
  void between(std::string_view text) {
    --depth_;
    line(text);
    ++depth_;
  }
  /// Whole lines, as they are.
  void append(std::string_view text) { text_.append(text); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  int depth_ = 0;
};

}  // namespace leapgraph::symbolic

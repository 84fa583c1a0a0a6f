#include "leapgraph/models/syntax/layout.hpp"

#include <algorithm>
#include <utility>

namespace leapgraph::models {
namespace {

/// Columns of text in UTF-8.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

void trim_end(std::string& text) {
  const std::size_t last = text.find_last_not_of(' ');
  text.erase(last == std::string::npos ? 0 : last + 1);
}

}  // namespace

std::size_t Layout::width_from(std::size_t begin) const {
  std::size_t width = 0;
  int depth = 0;
  for (std::size_t i = begin; i < pieces_.size() && width <= width_; ++i) {
    const Piece& piece = pieces_[i];
    if (piece.kind == Kind::open) ++depth;
    if (piece.kind == Kind::close) --depth;
    if (piece.kind == Kind::line_break || piece.kind == Kind::remark) break;
    if (piece.kind == Kind::space || piece.kind == Kind::cut) {
      if (depth <= 0) break;
      width += piece.kind == Kind::space ? 1 : 0;
    }
    width += columns(piece.words);
  }
  return width;
}

void Layout::write_line() {
  const std::size_t start = 2 * static_cast<std::size_t>(level_);
  std::string line(start, ' ');
  std::size_t column = start;
  std::vector<std::size_t> boxes{start + 2};
  const auto go_on_below = [&] {
    trim_end(line);
    out_ += line + '\n';
    line.assign(boxes.back(), ' ');
    column = boxes.back();
  };
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    switch (piece.kind) {
      case Kind::text:
      case Kind::remark:
        line += piece.words;
        column += columns(piece.words);
        break;
      case Kind::open:
        boxes.push_back(column + static_cast<std::size_t>(piece.indent));
        break;
      case Kind::close:
        if (boxes.size() > 1) boxes.pop_back();
        break;
      case Kind::line_break:
        go_on_below();
        break;
      case Kind::space:
      case Kind::cut: {
        const std::size_t blank = piece.kind == Kind::space ? 1 : 0;
        if (column > boxes.back() && column + blank + width_from(i + 1) > width_) {
          go_on_below();
        } else {
          line.append(blank, ' ');
          column += blank;
        }
        break;
      }
    }
  }
  trim_end(line);
  out_ += line;
  pieces_.clear();
}

void Layout::new_line(int level) {
  write_line();
  if (!out_.empty()) out_ += '\n';
  level_ = level;
}

void Layout::blank_line(int level) {
  write_line();
  if (!out_.empty()) out_ += "\n\n";
  level_ = level;
}

std::string Layout::take() {
  write_line();
  return std::exchange(out_, {});
}

}  // namespace leapgraph::models

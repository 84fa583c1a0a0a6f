/// Lines of program text, broken where they are too long.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace leapgraph::models {

/// Takes the pieces of a line with the places where it may be broken. A box is a stretch that is kept together if that
/// is possible: a break within it is taken only when what follows, up to the next one that is no deeper, does not fit;
/// the line then goes on below the start of the box.
class Layout {
 public:
  explicit Layout(std::size_t width) : width_(width) {}

  void text(std::string_view words) { pieces_.push_back({Kind::text, std::string(words), 0}); }
  /// A comment at the end of the line, which may stand beyond the last column.
  void remark(std::string_view words) { pieces_.push_back({Kind::remark, " " + std::string(words), 0}); }
  /// A blank, or the end of a line.
  void space() { pieces_.push_back({Kind::space, {}, 0}); }
  /// Nothing, or the end of a line.
  void cut() { pieces_.push_back({Kind::cut, {}, 0}); }
  /// The end of a line in any case, within the box.
  void line_break() { pieces_.push_back({Kind::line_break, {}, 0}); }
  /// A box that begins here; lines after its first stand `indent` further in.
  void open(int indent = 0) { pieces_.push_back({Kind::open, {}, indent}); }
  void close() { pieces_.push_back({Kind::close, {}, 0}); }

  /// Ends the line; the next one begins `level` levels in. At the start of the text nothing is ended.
  void new_line(int level);
  /// Ends the line and leaves one empty.
  void blank_line(int level);

  /// All lines, each with its end but the last.
  std::string take();

 private:
  enum class Kind { text, remark, space, cut, line_break, open, close };
  struct Piece {
    Kind kind;
    std::string words;
    int indent;
  };

  void write_line();
  /// The columns from piece `begin` to the next place for a break that is no deeper.
  std::size_t width_from(std::size_t begin) const;

  std::size_t width_;
  std::vector<Piece> pieces_;  // of the present line
  int level_ = 0;              // where it begins
  std::string out_;
};

}  // namespace leapgraph::models

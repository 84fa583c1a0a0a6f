/// The text of a program, the places in it, and the messages that point at them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::models {

/// A stretch of program text: byte offsets [begin, end) into the concatenation of the files of a Source.
struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  friend bool operator==(const Range&, const Range&) = default;
};

/// The range from the start of `first` to the end of `last`.
inline Range cover(Range first, Range last) { return {first.begin, last.end}; }

/// A place as an editor shows it: line and column count from 1, the column in characters (UTF-8 code points).
struct Location {
  std::string file;
  int line = 1;
  int column = 1;
};

/// A file that should be read and is not there, or cannot be read.
class FileError : public Error {
 public:
  using Error::Error;
};

/// A program's text: one file, and behind it, in the order of their `#include`s, the files it includes. Every file has
/// its own stretch of offsets, so that a Range says which file it is in. A file that is included twice is there twice.
class Source {
 public:
  /// No program is larger than this, its included files counted too.
  static constexpr std::size_t max_bytes = std::size_t{16} << 20;
  /// No program includes more files than this, counted as often as they are included.
  static constexpr std::size_t max_files = 10'000;

  /// Reads a file. Its `#include`s are looked for in its own folder, then in `include_paths`; nothing outside these is
  /// read. Throws FileError when the file is missing, unreadable or too large.
  static Source read(const std::filesystem::path& path, std::vector<std::filesystem::path> include_paths = {});

  /// Takes text that is in memory; `name` stands in messages. Only `include_paths` are searched for `#include`s.
  static Source from_text(std::string name, std::string text, std::vector<std::filesystem::path> include_paths = {});

  /// The text of the main file.
  std::string_view text() const { return files_.front().text; }
  /// The text of `range`, which lies in one file.
  std::string_view text(Range range) const;

  Location locate(std::uint32_t offset) const;

  /// One file of the program: `begin` is the offset of its first byte, `included_at` its `#include` (empty for the main
  /// file).
  struct File {
    std::string name;
    std::string text;
    std::uint32_t begin = 0;
    Range included_at;
    std::filesystem::path path;
  };
  const std::vector<File>& files() const { return files_; }
  const File& file_at(std::uint32_t offset) const;

  /// Adds the file that the `#include` at `at` names and returns its number in `files()`. On failure returns nothing
  /// and says in `why` what is wrong: not found, outside the permitted folders, a cycle, too large.
  std::optional<std::size_t> include(const std::string& name, Range at, std::string& why);

 private:
  std::vector<File> files_;
  struct Folder {
    std::filesystem::path path;  // canonical
    std::filesystem::path name;  // as it was given
  };
  std::vector<Folder> folders_;  // searched in this order
};

enum class Severity { Error, Warning };

/// One message about one place. The first line reads "<message>: expected <expected>, found <found>"; parts that are
/// empty are left out. `hint` says what to do about it.
struct Diagnostic {
  Range range;
  std::string message;
  std::string expected = {};
  std::string found = {};
  std::string hint = {};
  Severity severity = Severity::Error;
};

/// `file:line:column: error: ...`, the line with up to two lines before it, and carets under the range.
std::string render(const Source& source, const Diagnostic& diagnostic);
std::string render(const Source& source, const std::vector<Diagnostic>& diagnostics);

/// A program that cannot be used: every error that was found in it. what() is all of them rendered.
class ModelError : public Error {
 public:
  ModelError(const Source& source, std::vector<Diagnostic> diagnostics);
  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace leapgraph::models

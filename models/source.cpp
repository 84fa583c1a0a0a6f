#include "leapgraph/models/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace leapgraph::models {
namespace {

namespace fs = std::filesystem;

/// Reads at most max_bytes of a file. Returns what is wrong, or nothing.
std::string read_file(const fs::path& path, std::size_t max_bytes, std::string& text) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return "there is no such file";
  if (fs::is_directory(path, ignored)) return "it is a folder";
  std::ifstream file(path, std::ios::binary);
  if (!file) return "it cannot be opened";
  std::array<char, 1 << 16> piece;
  while (text.size() <= max_bytes && (file.read(piece.data(), piece.size()), file.gcount() > 0)) {
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return "it cannot be read";
  if (text.size() > max_bytes) return fmt::format("the program is larger than {} MB", Source::max_bytes >> 20);
  return {};
}

bool lies_in(const fs::path& file, const fs::path& folder) {
  const auto [folder_end, file_part] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return folder_end == folder.end() && file_part != file.end();
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u; }

/// A line of the excerpt as it is shown, with the carets that stand under it.
struct Shown {
  std::string text;
  std::string carets;
};

/// Shows `line` with carets under its bytes [begin, end). Tabs become two blanks, bytes outside ASCII that are not
/// UTF-8 and control characters become '?', and of a very long line only the surroundings of `begin` are shown.
Shown show_line(std::string_view line, std::size_t begin, std::size_t end) {
  constexpr std::size_t before = 100, width = 160;
  std::size_t start = begin > before ? begin - before : 0;
  while (start > 0 && start < line.size() && continues_character(line[start])) --start;
  const std::size_t stop = std::min(line.size(), start + width);
  Shown shown;
  if (start > 0) shown = {"...", "   "};
  for (std::size_t i = start; i < stop;) {
    const auto lead = static_cast<unsigned char>(line[i]);
    std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    bool valid = lead < 0x80 ? lead >= 0x20 : lead >= 0xC2 && lead <= 0xF4 && i + length <= line.size();
    for (std::size_t k = 1; valid && k < length; ++k) valid = continues_character(line[i + k]);
    if (!valid) length = 1;
    const char caret = i >= begin && i < end ? '^' : ' ';
    if (lead == '\t') {
      shown.text += "  ";
      shown.carets.append(2, caret);
    } else {
      shown.text += valid ? std::string(line.substr(i, length)) : "?";
      shown.carets += caret;
    }
    i += length;
  }
  if (stop < line.size()) shown.text += "...";
  if (begin >= stop) shown.carets += '^';
  shown.carets.erase(shown.carets.find_last_not_of(' ') + 1);
  return shown;
}

}  // namespace

Source Source::from_text(std::string name, std::string text, std::vector<fs::path> include_paths) {
  if (text.size() > max_bytes) {
    throw FileError(fmt::format("{}: the program is larger than {} MB", name, max_bytes >> 20));
  }
  Source source;
  source.files_.push_back(
      {.name = std::move(name), .text = std::move(text), .begin = 0, .included_at = {}, .path = {}});
  for (const fs::path& folder : include_paths) {
    std::error_code error;
    const fs::path canonical = fs::canonical(folder.empty() ? fs::path(".") : folder, error);
    if (!error) source.folders_.push_back({canonical, folder});
  }
  return source;
}

Source Source::read(const fs::path& path, std::vector<fs::path> include_paths) {
  std::string text;
  if (const std::string why = read_file(path, max_bytes, text); !why.empty()) {
    throw FileError(fmt::format("{}: cannot read the model: {}", path.string(), why));
  }
  include_paths.insert(include_paths.begin(), path.parent_path());
  Source source = from_text(path.string(), std::move(text), std::move(include_paths));
  std::error_code ignored;
  source.files_.front().path = fs::canonical(path, ignored);
  return source;
}

std::string_view Source::text(Range range) const {
  const File& file = file_at(range.begin);
  const std::string_view all = file.text;
  const std::size_t begin = std::min<std::size_t>(range.begin - file.begin, all.size());
  const std::size_t end = std::clamp<std::size_t>(range.end - file.begin, begin, all.size());
  return all.substr(begin, end - begin);
}

const Source::File& Source::file_at(std::uint32_t offset) const {
  const auto next = std::upper_bound(files_.begin(), files_.end(), offset,
                                     [](std::uint32_t value, const File& file) { return value < file.begin; });
  return *std::prev(next);
}

Location Source::locate(std::uint32_t offset) const {
  const File& file = file_at(offset);
  const std::string_view before = std::string_view(file.text).substr(0, offset - file.begin);
  const std::size_t newline = before.rfind('\n');
  const std::string_view line = newline == std::string_view::npos ? before : before.substr(newline + 1);
  const auto characters = line.size() - static_cast<std::size_t>(std::ranges::count_if(line, continues_character));
  return {.file = file.name,
          .line = static_cast<int>(std::ranges::count(before, '\n')) + 1,
          .column = static_cast<int>(characters) + 1};
}

std::optional<std::size_t> Source::include(const std::string& name, Range at, std::string& why) {
  if (folders_.empty()) {
    why = "the program is not read from a file and no include path is given";
    return std::nullopt;
  }
  if (files_.size() > max_files) {
    why = fmt::format("the program includes more than {} files", max_files);
    return std::nullopt;
  }
  fs::path found, shown;
  std::string searched;
  for (const Folder& folder : folders_) {
    std::error_code error;
    const fs::path candidate = fs::canonical(folder.path / name, error);
    searched += fmt::format("{}'{}'", searched.empty() ? "" : ", ", folder.name.empty() ? "." : folder.name.string());
    if (error || !fs::is_regular_file(candidate, error)) continue;
    if (std::ranges::none_of(folders_, [&](const Folder& allowed) { return lies_in(candidate, allowed.path); })) {
      why = "it lies outside the model's folder and the include paths";
      continue;
    }
    found = candidate;
    shown = folder.name / name;
    break;
  }
  if (found.empty()) {
    if (why.empty()) why = fmt::format("there is no such file in {}", searched);
    return std::nullopt;
  }
  // The files that are open at this place: the one that holds `at`, the one that included that, and so on.
  for (const File* open = &file_at(at.begin);; open = &file_at(open->included_at.begin)) {
    if (open->path == found) {
      why = "it includes itself";
      return std::nullopt;
    }
    if (open->included_at == Range{}) break;
  }
  // One byte between files keeps the end of one apart from the start of the next.
  const std::size_t begin = files_.back().begin + files_.back().text.size() + 1;
  std::string text;
  why = begin > max_bytes ? fmt::format("the program is larger than {} MB", max_bytes >> 20)
                          : read_file(found, max_bytes - begin, text);
  if (!why.empty()) return std::nullopt;
  files_.push_back({.name = shown.string(),
                    .text = std::move(text),
                    .begin = static_cast<std::uint32_t>(begin),
                    .included_at = at,
                    .path = found});
  return files_.size() - 1;
}

std::string render(const Source& source, const Diagnostic& diagnostic) {
  const Location place = source.locate(diagnostic.range.begin);
  const Source::File& file = source.file_at(diagnostic.range.begin);
  const char* severity = diagnostic.severity == Severity::Error ? "error" : "warning";
  std::string result =
      fmt::format("{}:{}:{}: {}: {}", place.file, place.line, place.column, severity, diagnostic.message);
  if (!diagnostic.expected.empty()) {
    result += fmt::format("{}expected {}", diagnostic.message.empty() ? "" : ": ", diagnostic.expected);
  }
  if (!diagnostic.found.empty()) {
    result += fmt::format("{}found {}", diagnostic.expected.empty() && diagnostic.message.empty() ? "" : ", ",
                          diagnostic.found);
  }
  result += '\n';

  // The line with up to two lines before it.
  const std::string_view text = file.text;
  const std::size_t offset = diagnostic.range.begin - file.begin;
  std::size_t line_begin = offset == 0 ? 0 : text.rfind('\n', offset - 1) + 1;  // npos + 1 is 0
  const std::size_t caret_line = line_begin;
  int first = place.line;
  while (first > 1 && first > place.line - 2) {
    line_begin = line_begin == 1 ? 0 : text.rfind('\n', line_begin - 2) + 1;
    --first;
  }
  const std::size_t gutter = std::max<std::size_t>(4, std::to_string(place.line).size());
  for (int line = first; line <= place.line; ++line) {
    const std::size_t next_line = std::min(text.find('\n', line_begin), text.size());
    const std::size_t line_end = next_line > line_begin && text[next_line - 1] == '\r' ? next_line - 1 : next_line;
    const bool here = line_begin == caret_line;
    const std::size_t begin = here ? offset - line_begin : 0;
    const std::size_t end = here ? std::max(begin + 1, std::size_t{diagnostic.range.end} - file.begin - line_begin) : 0;
    const Shown shown = show_line(text.substr(line_begin, line_end - line_begin), begin, end);
    result += fmt::format("{:>{}} | {}\n", line, gutter, shown.text);
    if (here) result += fmt::format("{:>{}} | {}\n", "", gutter, shown.carets);
    line_begin = next_line + 1;
  }
  if (!diagnostic.hint.empty()) result += fmt::format("{:>{}} = {}\n", "", gutter, diagnostic.hint);
  for (const Source::File* open = &file; open->included_at != Range{};
       open = &source.file_at(open->included_at.begin)) {
    const Location from = source.locate(open->included_at.begin);
    result += fmt::format("{:>{}} = included at {}:{}\n", "", gutter, from.file, from.line);
  }
  return result;
}

std::string render(const Source& source, const std::vector<Diagnostic>& diagnostics) {
  std::string result;
  for (const Diagnostic& diagnostic : diagnostics) result += render(source, diagnostic);
  return result;
}

ModelError::ModelError(const Source& source, std::vector<Diagnostic> diagnostics)
    : Error(render(source, diagnostics)), diagnostics_(std::move(diagnostics)) {}

}  // namespace leapgraph::models

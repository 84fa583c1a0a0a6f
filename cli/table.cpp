/// Writes the summary: numbers cut to what the Monte Carlo error allows, columns aligned; or JSON in full precision.
#include "leapgraph/cli/table.hpp"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

namespace leapgraph::cli {
namespace {

using samplers::ChainSummary;
using samplers::QuantityStatistics;
using samplers::Summary;
using samplers::SummaryRow;

std::string not_finite(double x) { return std::isnan(x) ? "NaN" : x > 0 ? "Infinity" : "-Infinity"; }

std::string without_sign_of_zero(std::string text) {
  return text.find_first_not_of("-0.") == std::string::npos && text[0] == '-' ? text.substr(1) : text;
}

// Rounded at 10^-decimals; `decimals` may be negative. Scientific where the fixed form would be long.
std::string rounded(double x, int decimals) {
  if (x == 0) return "0";
  const double magnitude = std::floor(std::log10(std::abs(x)));
  if (magnitude >= 8 || decimals > 6) {
    return fmt::format("{:.{}e}", x, std::clamp(static_cast<int>(magnitude) + decimals, 0, 15));
  }
  if (decimals >= 0) return without_sign_of_zero(fmt::format("{:.{}f}", x, decimals));
  const double unit = std::pow(10, -decimals);
  return without_sign_of_zero(fmt::format("{:.0f}", std::round(x / unit) * unit));
}

// An estimate is shown to the place of twice its Monte Carlo error; without one, with four significant digits.
std::string estimate(double x, double mcse) {
  if (!std::isfinite(x)) return not_finite(x);
  if (!std::isfinite(mcse) || mcse <= 0) return fmt::format("{:.4g}", x);
  return rounded(x, -static_cast<int>(std::floor(std::log10(2 * mcse))));
}

std::string significant(double x, int digits) {
  if (!std::isfinite(x)) return not_finite(x);
  if (x == 0) return "0";
  return rounded(x, digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(x)))));
}

std::string size(double ess) { return std::isfinite(ess) ? fmt::format("{:.0f}", std::floor(ess)) : not_finite(ess); }

std::string rhat(double x) {
  if (!std::isfinite(x)) return not_finite(x);
  return fmt::format("{:.{}f}", x, x > 1.005 ? 3 : 2);
}

struct Column {
  std::string_view title;
  std::string (*cell)(const QuantityStatistics&);
};

constexpr std::array<Column, 9> columns{{
    {"mean", [](const QuantityStatistics& s) { return estimate(s.mean, s.mcse_mean); }},
    {"mcse", [](const QuantityStatistics& s) { return significant(s.mcse_mean, 2); }},
    {"sd", [](const QuantityStatistics& s) { return estimate(s.sd, s.mcse_mean); }},
    {"q5", [](const QuantityStatistics& s) { return estimate(s.q5, s.mcse_mean); }},
    {"q50", [](const QuantityStatistics& s) { return estimate(s.q50, s.mcse_mean); }},
    {"q95", [](const QuantityStatistics& s) { return estimate(s.q95, s.mcse_mean); }},
    {"ess_bulk", [](const QuantityStatistics& s) { return size(s.ess_bulk); }},
    {"ess_tail", [](const QuantityStatistics& s) { return size(s.ess_tail); }},
    {"rhat", [](const QuantityStatistics& s) { return rhat(s.rhat); }},
}};

struct JsonField {
  std::string_view key;
  double QuantityStatistics::*field;
};

constexpr std::array<JsonField, 9> json_fields{{
    {"mean", &QuantityStatistics::mean},
    {"mcse_mean", &QuantityStatistics::mcse_mean},
    {"sd", &QuantityStatistics::sd},
    {"q5", &QuantityStatistics::q5},
    {"q50", &QuantityStatistics::q50},
    {"q95", &QuantityStatistics::q95},
    {"ess_bulk", &QuantityStatistics::ess_bulk},
    {"ess_tail", &QuantityStatistics::ess_tail},
    {"rhat", &QuantityStatistics::rhat},
}};

// Terminal cells of UTF-8 text, near enough for names: one for each character.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Names come from files: nothing in them may steer the terminal or break the line.
std::string printable(std::string_view text) {
  std::string clean(text);
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; }, '?');
  return clean;
}

// Length of the UTF-8 character at the start of `text`; 0 when it is not one (overlong, surrogate, cut off).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const unsigned char b = byte(0);
  if (b < 0x80) return 1;
  const std::size_t length = b >= 0xC2 && b < 0xE0 ? 2 : b >= 0xE0 && b < 0xF0 ? 3 : b >= 0xF0 && b < 0xF5 ? 4 : 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool outside = (b == 0xE0 && byte(1) < 0xA0) || (b == 0xED && byte(1) >= 0xA0) ||
                       (b == 0xF0 && byte(1) < 0x90) || (b == 0xF4 && byte(1) >= 0x90);
  return outside ? 0 : length;
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    valid += length > 0 ? text.substr(0, length) : "\xEF\xBF\xBD";
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return valid;
}

// Builds JSON text: RapidJSON's writer with this project's way to write numbers.
class Json {
 public:
  void open_object() { writer_.StartObject(); }
  void close_object() { writer_.EndObject(); }
  void key(std::string_view name) { write(valid_utf8(name), &Writer::Key); }
  void string(std::string_view text) { write(valid_utf8(text), &Writer::String); }
  void integer(std::int64_t n) { writer_.Int64(n); }
  void number(double x) {
    if (!std::isfinite(x)) return string(not_finite(x));
    const std::string digits = fmt::format("{:.17g}", x);
    writer_.RawValue(digits.data(), digits.size(), rapidjson::kNumberType);
  }
  template <class Items, class Write>
  void list(const Items& items, Write write_item) {
    writer_.StartArray();
    for (const auto& item : items) write_item(item);
    writer_.EndArray();
  }
  std::string text() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  using Writer = rapidjson::Writer<rapidjson::StringBuffer>;
  void write(const std::string& text, bool (Writer::*to)(const char*, rapidjson::SizeType, bool)) {
    (writer_.*to)(text.data(), static_cast<rapidjson::SizeType>(text.size()), false);
  }
  rapidjson::StringBuffer buffer_;
  Writer writer_{buffer_};
};

}  // namespace

std::string summary_table(const Summary& summary, std::int64_t max_rows) {
  const std::size_t all = summary.rows.size();
  const std::size_t shown = max_rows > 0 ? std::min(all, static_cast<std::size_t>(max_rows)) : all;
  std::vector<std::string> names;
  std::vector<std::array<std::string, columns.size()>> cells(shown);
  std::size_t name_width = 0;
  std::array<std::size_t, columns.size()> widths{};
  for (std::size_t c = 0; c < columns.size(); ++c) widths[c] = columns[c].title.size();
  for (std::size_t r = 0; r < shown; ++r) {
    const SummaryRow& row = summary.rows[r];
    names.push_back(printable(row.name));
    name_width = std::max(name_width, width(names.back()));
    for (std::size_t c = 0; c < columns.size(); ++c) {
      cells[r][c] = columns[c].cell(row.statistics);
      widths[c] = std::max(widths[c], cells[r][c].size());
    }
  }

  std::string text;
  if (all > 0) {
    text.append(name_width, ' ');
    for (std::size_t c = 0; c < columns.size(); ++c) text += fmt::format("  {:>{}}", columns[c].title, widths[c]);
    text += "\n";
  }
  for (std::size_t r = 0; r < shown; ++r) {
    text += names[r];
    text.append(name_width - width(names[r]), ' ');
    for (std::size_t c = 0; c < columns.size(); ++c) text += fmt::format("  {:>{}}", cells[r][c], widths[c]);
    text += "\n";
  }
  if (shown < all) text += fmt::format("... and {} more\n", all - shown);
  if (all > 0) text += "\n";
  for (const std::string& line : samplers::verdict_lines(samplers::verdict(summary))) text += printable(line) + "\n";
  return text;
}

std::string summary_json(const Summary& summary) {
  Json json;
  const auto integer = [&](std::string_view name, std::int64_t n) {
    json.key(name);
    json.integer(n);
  };
  const auto number = [&](std::string_view name, double x) {
    json.key(name);
    json.number(x);
  };
  const auto per_chain = [&](std::string_view name, double ChainSummary::*field) {
    json.key(name);
    json.list(summary.per_chain, [&](const ChainSummary& chain) { json.number(chain.*field); });
  };
  json.open_object();
  json.key("diagnostics");
  json.open_object();
  integer("chains", summary.chains);
  integer("draws", summary.draws);
  integer("divergences", summary.divergences);
  integer("reached_max_treedepth", summary.reached_max_treedepth);
  per_chain("e_bfmi", &ChainSummary::e_bfmi);
  number("rhat_max", summary.rhat_max.value);
  number("ess_bulk_min", summary.ess_bulk_min.value);
  number("ess_tail_min", summary.ess_tail_min.value);
  per_chain("step_size", &ChainSummary::step_size);
  per_chain("acceptance_rate", &ChainSummary::acceptance_rate);
  json.key("verdict");
  json.list(samplers::verdict_lines(samplers::verdict(summary)), [&](const std::string& line) { json.string(line); });
  json.close_object();
  json.key("variables");
  json.open_object();
  for (const SummaryRow& row : summary.rows) {
    json.key(row.name);
    json.open_object();
    for (const JsonField& f : json_fields) number(f.key, row.statistics.*f.field);
    json.close_object();
  }
  json.close_object();
  json.close_object();
  return json.text() + "\n";
}

}  // namespace leapgraph::cli

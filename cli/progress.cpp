/// Draws progress with the few escape sequences that every terminal knows.
#include "leapgraph/cli/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace leapgraph::cli {
namespace {

using samplers::Phase;

constexpr std::string_view green = "\x1b[32m", red = "\x1b[31m", plain = "\x1b[0m";

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// The environment decides without setlocale, in C's order: LC_ALL, LC_CTYPE, LANG.
bool speaks_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = environment(name);
    if (!value.empty()) return value.find("UTF-8") != value.npos || value.find("utf8") != value.npos;
  }
  return false;
}

void update_size(int descriptor, Terminal& terminal) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return;
  if (size.ws_col > 0) terminal.columns = size.ws_col;
  if (size.ws_row > 0) terminal.rows = size.ws_row;
}

// 1234567 -> "1,234,567"
std::string grouped(double x) {
  const std::string digits = fmt::format("{:.0f}", x);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

double ratio(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 1.0;
}

std::string bar(double part, std::size_t cells, const Terminal& terminal) {
  const auto full = std::min(cells, static_cast<std::size_t>(part * static_cast<double>(cells)));
  std::string text;
  if (terminal.colours) text += green;
  for (std::size_t i = 0; i < full; ++i) text += terminal.unicode ? "━" : "=";
  if (terminal.colours) text += plain;
  for (std::size_t i = full; i < cells; ++i) text += terminal.unicode ? "┄" : ".";
  return text;
}

std::string_view phase_name(const ChainState& state, const ProgressPlan& plan, bool stopping) {
  if (state.iteration >= plan.transitions()) return "done";
  if (state.finished) return "stopped";
  if (stopping) return "stopping";
  return state.phase == Phase::warmup ? "warm-up" : "sampling";
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written <= 0) return;  // nobody watches any more; the chains go on
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Terminal terminal_of(int descriptor) {
  Terminal terminal;
  const std::string_view kind = environment("TERM");
  terminal.redraws = isatty(descriptor) == 1 && !kind.empty() && kind != "dumb";
  terminal.colours = terminal.redraws && environment("NO_COLOR").empty();
  terminal.unicode = terminal.redraws && speaks_utf8();
  update_size(descriptor, terminal);
  return terminal;
}

std::string chain_line(std::size_t chain, const ChainState& state, const ProgressPlan& plan, const Terminal& terminal,
                       bool stopping) {
  constexpr std::size_t least_bar = 8, most_bar = 30;
  const std::string total = std::to_string(plan.transitions());
  const double seconds = state.now - state.started;
  const double gradients = ratio(state.gradients, state.iteration);
  const std::array<std::string, 6> columns{
      fmt::format("{:<8}", phase_name(state, plan, stopping)),
      fmt::format("{:>{}}/{}", state.iteration, total.size(), total),
      fmt::format("{} divergence{}", state.divergences, state.divergences == 1 ? " " : "s"),
      fmt::format("step {:<7.3g}", state.step_size),
      state.iteration > 0 ? fmt::format("{:>5.1f} gradients/draw", gradients) : "",
      state.iteration > 0 && seconds > 0
          ? fmt::format("{:>7} draws/s", grouped(static_cast<double>(state.iteration) / seconds))
          : "",
  };
  const std::string name = fmt::format("chain {}", chain + 1);
  const std::size_t most = static_cast<std::size_t>(std::max(terminal.columns - 1, 1));
  std::size_t used = name.size() + 2 + least_bar;  // a bar comes second, and has the first claim
  std::size_t shown = 0;
  while (shown < columns.size() && used + 2 + columns[shown].size() <= most) used += 2 + columns[shown++].size();
  if (used > most) return name.substr(0, most);

  std::string line =
      name + "  " +
      bar(ratio(state.iteration, plan.transitions()), std::min(most_bar, least_bar + most - used), terminal);
  for (std::size_t i = 0; i < shown; ++i) {
    const bool alarming = terminal.colours && i == 2 && state.divergences > 0;
    line += fmt::format("  {}{}{}", alarming ? red : "", columns[i], alarming ? plain : "");
  }
  return line;
}

Progress::Progress(const samplers::SampleMonitor& monitors, ProgressPlan plan, int descriptor)
    : monitors_(monitors),
      plan_(plan),
      descriptor_(descriptor),
      terminal_(terminal_of(descriptor)),
      chains_(monitors.size()) {}

void Progress::read(double seconds) {
  for (std::size_t i = 0; i < chains_.size(); ++i) {
    ChainState& state = chains_[i];
    const samplers::ChainMonitor& monitor = monitors_[i];
    if (state.finished) continue;
    const std::int64_t iteration = monitor.iteration.load(std::memory_order_relaxed);
    if (iteration == 0) state.started = seconds;  // it may still wait for a thread
    state.now = seconds;
    state.finished = monitor.finished.load(std::memory_order_relaxed);
    state.phase = monitor.phase.load(std::memory_order_relaxed);
    state.iteration = monitor.iteration.load(std::memory_order_relaxed);
    state.divergences = monitor.divergences.load(std::memory_order_relaxed);
    state.gradients = monitor.gradients.load(std::memory_order_relaxed);
    state.step_size = monitor.step_size.load(std::memory_order_relaxed);
  }
}

std::int64_t Progress::done() const {
  std::int64_t sum = 0;
  for (const ChainState& state : chains_) sum += state.iteration;
  return sum;
}

// At least 1, so that no work at all is not done over and over again.
std::int64_t Progress::planned() const {
  return std::max<std::int64_t>(plan_.transitions() * static_cast<std::int64_t>(chains_.size()), 1);
}

void Progress::update(double seconds) {
  read(seconds);
  if (terminal_.redraws) {
    redraw();
  } else if (done() * 10 >= next_tenth_ * planned() || seconds - last_line_ >= 30) {
    log(seconds);
  }
}

void Progress::redraw() {
  update_size(descriptor_, terminal_);
  // What has scrolled away cannot be redrawn: on a low terminal, as many chains as there is room for.
  const std::size_t room = static_cast<std::size_t>(std::max(terminal_.rows - 1, 1));
  const bool all = chains_.size() <= room;
  const std::size_t lines = all ? chains_.size() : room - 1;
  std::string text = drawn_lines_ > 0 ? fmt::format("\x1b[{}A", drawn_lines_) : "";
  for (std::size_t i = 0; i < lines; ++i) {
    text += fmt::format("\r{}\x1b[K\n", chain_line(i, chains_[i], plan_, terminal_, stopping_));
  }
  if (!all) text += fmt::format("\r... and {} more chains\x1b[K\n", chains_.size() - lines);
  drawn_lines_ = lines + (all ? 0 : 1);
  write_all(descriptor_, text + "\x1b[J");
}

void Progress::log(double seconds) {
  const std::int64_t all = planned();
  std::int64_t divergences = 0, finished = 0;
  for (const ChainState& state : chains_) {
    divergences += state.divergences;
    finished += state.iteration >= plan_.transitions() ? 1 : 0;
  }
  write_all(descriptor_,
            fmt::format("{:3.0f} %: {} of {} transitions, {} of {} chains done, {} divergence{}, {:.1f} s\n",
                        100 * ratio(done(), all), done(), all, finished, chains_.size(), divergences,
                        divergences == 1 ? "" : "s", seconds));
  next_tenth_ = done() * 10 / all + 1;
  last_line_ = seconds;
}

void Progress::stopping() {
  stopping_ = true;
  if (!terminal_.redraws) write_all(descriptor_, "hmc-run: stopping; a second signal ends at once\n");
}

void Progress::finish(double seconds) {
  const std::int64_t before = done();
  read(seconds);
  if (done() == before && drawn_lines_ == 0) return;  // all was said, or nothing was done
  if (terminal_.redraws) {
    redraw();
  } else {
    log(seconds);
  }
}

}  // namespace leapgraph::cli

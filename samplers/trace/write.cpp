/// The trace in an HDF5 file: what is in the file, and how chains fill it without a lock and without HDF5.
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

#include "leapgraph/samplers/trace.hpp"
#include "leapgraph/samplers/trace/hdf5.hpp"
#include "leapgraph/samplers/trace/layout.hpp"
#include "leapgraph/samplers/trace/output.hpp"

namespace leapgraph::samplers {
namespace {

using hdf5::Number;
using hdf5::Region;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Where the draws of one phase are in the file, in [chain][draw][cell] order.
struct PhaseRegions {
  std::int64_t draws = 0;
  std::vector<Region> variables;
  std::array<Region, draw_statistics.size()> statistics;
};

struct FileMap {
  PhaseRegions warmup, sampling;
};

Number number_of(const Statistic& statistic) {
  if (std::holds_alternative<double DrawStatistics::*>(statistic.field)) return Number::real;
  return std::holds_alternative<bool DrawStatistics::*>(statistic.field) ? Number::boolean : Number::integer;
}

// The standard attributes of a group, and the dimensions that draws have.
void enter_group(hdf5::Writer& file, const std::string& name, const Attributes& attributes) {
  file.enter_group(name);
  for (const auto& [key, value] : attributes) file.attribute(key, value);
}

void enter_draws(hdf5::Writer& file, const std::string& name, const TraceLayout& layout, std::int64_t draws,
                 const Attributes& attributes) {
  enter_group(file, name, attributes);
  const std::array<std::string, 2> sample_dimensions{"chain", "draw"};
  file.attribute("sample_dims", sample_dimensions);
  file.dimension("chain", layout.chains);
  file.dimension("draw", draws);
}

// The dimensions that belong to an array alone.
std::vector<std::string> own_dimensions(hdf5::Writer& file, const std::string& name,
                                        std::span<const std::int64_t> shape) {
  std::vector<std::string> names;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    names.push_back(dimension_name(name, axis));
    file.dimension(names.back(), shape[axis]);
  }
  return names;
}

PhaseRegions lay_out_phase(hdf5::Writer& file, const std::string& prefix, const TraceLayout& layout, std::int64_t draws,
                           const Attributes& attributes) {
  PhaseRegions regions{.draws = draws, .variables = {}, .statistics = {}};
  const std::vector<std::string> names = file_names(layout.variables);
  regions.variables.resize(names.size());
  for (const bool likelihood : {false, true}) {
    const bool any = std::ranges::any_of(layout.variables, &TraceVariable::log_likelihood);
    if (likelihood && !any) break;
    enter_draws(file, prefix + (likelihood ? "log_likelihood" : "posterior"), layout, draws, attributes);
    for (std::size_t v = 0; v < names.size(); ++v) {
      const TraceVariable& variable = layout.variables[v];
      if (variable.log_likelihood != likelihood) continue;
      hdf5::Array array{
          .name = names[v], .number = Number::real, .shape = {layout.chains, draws}, .dimensions = {"chain", "draw"}};
      std::ranges::copy(variable.shape, std::back_inserter(array.shape));
      std::ranges::copy(own_dimensions(file, variable.name, variable.shape), std::back_inserter(array.dimensions));
      regions.variables[v] = file.array(array, nan, true);
      if (names[v] != variable.name) file.array_attribute("original_name", variable.name);
    }
  }
  enter_draws(file, prefix + "sample_stats", layout, draws, attributes);
  for (std::size_t s = 0; s < draw_statistics.size(); ++s) {
    const Number number = number_of(draw_statistics[s]);
    const double fill = number == Number::real ? nan : number == Number::integer ? unwritten_integer : 0;
    regions.statistics[s] = file.array({.name = std::string(draw_statistics[s].name),
                                        .number = number,
                                        .shape = {layout.chains, draws},
                                        .dimensions = {"chain", "draw"}},
                                       fill, number == Number::real);
  }
  return regions;
}

std::vector<Region> lay_out_constants(hdf5::Writer& file, const TraceLayout& layout, const Attributes& attributes) {
  std::vector<Region> regions;
  if (layout.constants.empty()) return regions;
  enter_group(file, "constant_data", attributes);
  std::vector<TraceVariable> variables;
  for (const TraceConstant& constant : layout.constants) variables.push_back({constant.name, constant.shape});
  const std::vector<std::string> names = file_names(variables);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const TraceConstant& constant = layout.constants[i];
    regions.push_back(file.array({.name = names[i],
                                  .number = constant.integers.empty() ? Number::real : Number::integer,
                                  .shape = constant.shape,
                                  .dimensions = own_dimensions(file, constant.name, constant.shape)},
                                 0, false));
    if (names[i] != constant.name) file.array_attribute("original_name", constant.name);
  }
  return regions;
}

// Bytes that the file needs at most: its arrays, and room to spare for names, attributes and HDF5's own records.
std::int64_t room_for(const TraceLayout& layout) {
  std::int64_t bytes = 1 << 16;
  const auto text = [&](std::size_t length) { bytes += 2 * static_cast<std::int64_t>(length); };
  const auto array = [&](std::int64_t values, const std::string& name, std::span<const std::int64_t> shape) {
    bytes += 8 * values + 4096;
    text(8 * name.size());
    for (const std::int64_t n : shape) bytes += 8 * n + 4096;
  };
  const int phases = layout.warmup_draws > 0 ? 2 : 1;
  bytes += phases * (1 << 16) + 2 * 8 * phases * layout.chains;
  for (const std::int64_t draws : {layout.draws, layout.warmup_draws}) {
    const std::int64_t rows = layout.chains * draws;
    bytes += 8 * rows * static_cast<std::int64_t>(draw_statistics.size()) + 2 * 8 * draws;
    for (const TraceVariable& variable : layout.variables)
      array(rows * cells(variable.shape), variable.name, variable.shape);
  }
  for (const TraceConstant& constant : layout.constants) array(cells(constant.shape), constant.name, constant.shape);
  for (const auto& [name, value] : layout.attributes) text(name.size() + value.size() + 4096);
  return bytes;
}

void fill(int descriptor, const Region& region, double value, Number number, const std::string& path) {
  constexpr std::int64_t block = 1 << 16;
  std::vector<double> reals;
  std::vector<std::int64_t> integers;
  const void* from = nullptr;
  const auto count = static_cast<std::size_t>(std::min(block, region.bytes) / 8);
  if (number == Number::real) {
    reals.assign(count, value);
    from = reals.data();
  } else if (number == Number::integer) {
    integers.assign(count, static_cast<std::int64_t>(value));
    from = integers.data();
  } else {
    return;  // false is 0, and so is what was never written
  }
  for (std::int64_t done = 0; done < region.bytes; done += block) {
    write_at(descriptor, from, static_cast<std::size_t>(std::min(block, region.bytes - done)), region.offset + done,
             path);
  }
}

void fill_phase(int descriptor, const PhaseRegions& phase, const std::string& path) {
  for (const Region& region : phase.variables) fill(descriptor, region, nan, Number::real, path);
  for (std::size_t s = 0; s < draw_statistics.size(); ++s) {
    const Number number = number_of(draw_statistics[s]);
    fill(descriptor, phase.statistics[s], number == Number::real ? nan : unwritten_integer, number, path);
  }
}

/// Makes the whole file except its draws, under its temporary name.
FileMap lay_out(NewFile& output, const TraceLayout& layout, const std::string& path) {
  FileMap map;
  std::vector<Region> constants;
  {
    hdf5::Writer file(output.temporary_path(), output.descriptor());
    output.reserve(room_for(layout));  // making the HDF5 file gave the room back
    const Attributes attributes = standard_attributes(layout);
    for (const auto& [name, value] : root_attributes(layout)) file.attribute(name, value);
    map.sampling = lay_out_phase(file, "", layout, layout.draws, attributes);
    if (layout.warmup_draws > 0) map.warmup = lay_out_phase(file, "warmup_", layout, layout.warmup_draws, attributes);
    constants = lay_out_constants(file, layout, attributes);
    // Closing cuts off the room that was not needed only where HDF5 knows of it.
    output.cut(file.close());
  }
  for (std::size_t i = 0; i < constants.size(); ++i) {
    const TraceConstant& constant = layout.constants[i];
    const void* from =
        constant.integers.empty() ? static_cast<const void*>(constant.reals.data()) : constant.integers.data();
    write_at(output.descriptor(), from, static_cast<std::size_t>(constants[i].bytes), constants[i].offset, path);
  }
  fill_phase(output.descriptor(), map.sampling, path);
  fill_phase(output.descriptor(), map.warmup, path);
  return map;
}

// Seconds that only go forward, to some milliseconds, read in a few nanoseconds.
double clock_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Draws of one chain that are not in the file yet. Touched by the thread of its chain only.
struct alignas(64) ChainBuffer {
  std::unique_ptr<double[]> values;  // [row][value]
  std::vector<DrawStatistics> statistics;
  std::vector<double> columns;  // [variable][row][cell] of some variables, as in the file
  Phase phase = Phase::warmup;
  std::int64_t first = 0;  // draw of row 0
  std::int64_t rows = 0;
  double last_flush = 0;
  double last_write = 0;
  ChainProgress written;
};

class Hdf5Trace final : public TraceSink {
 public:
  Hdf5Trace(TraceLayout layout, std::string path, const Hdf5Options& options);
  ~Hdf5Trace() override;
  void write(Phase phase, std::int64_t chain, std::int64_t draw, std::span<const double> values,
             const DrawStatistics& statistics) override;
  void finish(std::span<const ChainProgress> progress) override;

 private:
  void flush(std::int64_t chain);
  void rewrite_trimmed(const KeptDraws& kept);

  TraceLayout layout_;
  std::string path_;
  Hdf5Options options_;
  std::vector<std::int64_t> sizes_;  // cells of each variable
  std::int64_t width_;               // values in a draw, their sum
  std::int64_t block_rows_;          // draws in a full buffer
  FileMap map_;
  int descriptor_ = -1;
  std::vector<ChainBuffer> buffers_;
};

Hdf5Trace::Hdf5Trace(TraceLayout layout, std::string path, const Hdf5Options& options)
    : layout_(std::move(layout)), path_(std::move(path)), options_(options), width_(0), block_rows_(0) {
  check_layout(layout_);
  check_output(path_, options_.overwrite);
  layout_.attributes = root_attributes(layout_);  // one time of creation for all groups, and for the trimmed file

  // Blocks of 64 KiB a variable are written at full speed; a wide model gets fewer rows, so that the buffer stays
  // small.
  constexpr std::int64_t most_rows = 8192;
  constexpr std::int64_t most_bytes = 4 << 20;
  for (const TraceVariable& variable : layout_.variables) sizes_.push_back(cells(variable.shape));
  width_ = draw_width(layout_.variables);
  block_rows_ = std::clamp<std::int64_t>(most_bytes / (8 * width_ + 64), 1, most_rows);
  block_rows_ = std::max<std::int64_t>(1, std::min(block_rows_, std::max(layout_.draws, layout_.warmup_draws)));

  buffers_ = std::vector<ChainBuffer>(static_cast<std::size_t>(layout_.chains));
  const double now = clock_seconds();
  for (ChainBuffer& buffer : buffers_) {
    buffer.values = std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(block_rows_ * width_));
    buffer.statistics.resize(static_cast<std::size_t>(block_rows_));
    buffer.last_flush = buffer.last_write = now;
  }
  NewFile output(path_, room_for(layout_));
  map_ = lay_out(output, layout_, path_);
  output.publish(options_.overwrite);
  descriptor_ = output.release();
}

Hdf5Trace::~Hdf5Trace() {
  if (descriptor_ < 0) return;
  for (std::int64_t chain = 0; chain < layout_.chains; ++chain) {
    try {
      flush(chain);
    } catch (const Error&) {  // nobody is left to be told; the draws are NaN in the file
    }
  }
  close(descriptor_);
}

void Hdf5Trace::write(Phase phase, std::int64_t chain, std::int64_t draw, std::span<const double> values,
                      const DrawStatistics& statistics) {
  const std::int64_t planned = phase == Phase::warmup ? layout_.warmup_draws : layout_.draws;
  if (chain < 0 || chain >= layout_.chains || draw < 0 || draw >= planned ||
      static_cast<std::int64_t>(values.size()) != width_ || descriptor_ < 0) {
    throw InternalError(
        fmt::format("trace: draw {} of chain {} with {} values does not fit", draw, chain, values.size()));
  }
  ChainBuffer& buffer = buffers_[static_cast<std::size_t>(chain)];
  if (buffer.rows > 0 && (phase != buffer.phase || draw != buffer.first + buffer.rows)) flush(chain);
  if (buffer.rows == 0) {
    buffer.phase = phase;
    buffer.first = draw;
  }
  std::copy(values.begin(), values.end(), buffer.values.get() + buffer.rows * width_);
  buffer.statistics[static_cast<std::size_t>(buffer.rows)] = statistics;
  ++buffer.rows;
  (phase == Phase::warmup ? buffer.written.warmup_draws : buffer.written.draws) = draw + 1;

  // Also before the next draw would be late, were it to take as long as this one.
  const double now = clock_seconds();
  const double age = now - buffer.last_flush + (now - buffer.last_write);
  buffer.last_write = now;
  if (buffer.rows == block_rows_ || age >= options_.flush_seconds) flush(chain);
}

void Hdf5Trace::flush(std::int64_t chain) {
  ChainBuffer& buffer = buffers_[static_cast<std::size_t>(chain)];
  const auto rows = static_cast<std::size_t>(std::exchange(buffer.rows, 0));
  buffer.last_flush = buffer.last_write;
  if (rows == 0) return;
  const PhaseRegions& regions = buffer.phase == Phase::warmup ? map_.warmup : map_.sampling;
  const std::int64_t first_row = chain * regions.draws + buffer.first;

  // Rows become columns, some neighbouring variables at a time, so that a cache line of a row is read once.
  constexpr std::int64_t group_width = 16;
  std::int64_t start = 0;  // of the group in a row
  for (std::size_t v = 0; v < regions.variables.size();) {
    const std::size_t first = v;
    std::int64_t width = 0;
    while (v < regions.variables.size() && (width < group_width || sizes_[v] == 0)) width += sizes_[v++];
    buffer.columns.resize(static_cast<std::size_t>(width) * rows);
    for (std::size_t row = 0; row < rows; ++row) {
      const double* from = buffer.values.get() + static_cast<std::int64_t>(row) * width_ + start;
      double* column = buffer.columns.data();
      for (std::size_t u = first; u < v; ++u) {
        const auto n = static_cast<std::size_t>(sizes_[u]);
        if (n == 1) {
          column[row] = *from;  // a call to copy one number costs more than all the rest
        } else {
          std::copy_n(from, n, column + row * n);
        }
        from += n;
        column += rows * n;
      }
    }
    const double* column = buffer.columns.data();
    for (std::size_t u = first; u < v; ++u) {
      const auto n = static_cast<std::size_t>(sizes_[u]);
      write_at(descriptor_, column, rows * n * 8, regions.variables[u].offset + first_row * sizes_[u] * 8, path_);
      column += rows * n;
    }
    start += width;
  }

  // Statistics come after the values, and the one that says that a draw is complete comes last.
  for (std::size_t s = 0; s < draw_statistics.size(); ++s) {
    std::visit(
        [&]<typename T>(T DrawStatistics::*field) {
          std::vector<std::conditional_t<std::is_same_v<T, bool>, std::int8_t, T>> column(rows);
          for (std::size_t row = 0; row < rows; ++row) column[row] = buffer.statistics[row].*field;
          write_at(descriptor_, column.data(), rows * sizeof column[0],
                   regions.statistics[s].offset + first_row * static_cast<std::int64_t>(sizeof column[0]), path_);
        },
        draw_statistics[s].field);
  }
}

void Hdf5Trace::finish(std::span<const ChainProgress> progress) {
  if (descriptor_ < 0) throw InternalError("trace: finished twice");
  const ChainProgress planned{.warmup_draws = layout_.warmup_draws, .draws = layout_.draws};
  const KeptDraws kept = kept_draws(progress, layout_.chains, planned);
  for (std::int64_t chain = 0; chain < layout_.chains; ++chain) {
    flush(chain);
    const ChainProgress& written = buffers_[static_cast<std::size_t>(chain)].written;
    if (written.draws < progress[static_cast<std::size_t>(chain)].draws ||
        written.warmup_draws < progress[static_cast<std::size_t>(chain)].warmup_draws) {
      throw InternalError(fmt::format("trace: chain {} reports more draws than it wrote", chain));
    }
  }
  sync(descriptor_, path_);
  const bool all_chains = static_cast<std::int64_t>(kept.chains.size()) == layout_.chains;
  if (kept.draws.draws < planned.draws || kept.draws.warmup_draws < planned.warmup_draws || !all_chains) {
    try {
      rewrite_trimmed(kept);
    } catch (const TraceError& error) {
      close(std::exchange(descriptor_, -1));
      throw TraceError(error.kind(),
                       fmt::format("{} (the trace of {} draws a chain is complete but not trimmed from {})",
                                   error.what(), kept.draws.draws, planned.draws));
    }
  }
  close(std::exchange(descriptor_, -1));
}

// The first draws of the given chains, from the region of one file to that of a shorter one.
void copy_draws(int from, const Region& source, std::int64_t source_draws, int to, const Region& target,
                std::int64_t target_draws, std::span<const std::int64_t> chains, const std::string& path) {
  if (target.bytes == 0) return;
  const std::int64_t row = target.bytes / (static_cast<std::int64_t>(chains.size()) * target_draws);
  std::vector<char> block(static_cast<std::size_t>(std::min<std::int64_t>(1 << 20, row * target_draws)));
  for (std::size_t i = 0; i < chains.size(); ++i) {
    const std::int64_t begin = chains[i] * source_draws * row;
    const std::int64_t target_begin = static_cast<std::int64_t>(i) * target_draws * row;
    for (std::int64_t done = 0; done < row * target_draws;) {
      const std::size_t bytes = std::min(block.size(), static_cast<std::size_t>(row * target_draws - done));
      read_at(from, block.data(), bytes, source.offset + begin + done, path);
      write_at(to, block.data(), bytes, target.offset + target_begin + done, path);
      done += static_cast<std::int64_t>(bytes);
    }
  }
}

void Hdf5Trace::rewrite_trimmed(const KeptDraws& kept) {
  TraceLayout layout = layout_;
  layout.chains = static_cast<std::int64_t>(kept.chains.size());
  layout.draws = kept.draws.draws;
  layout.warmup_draws = kept.draws.warmup_draws;
  layout.attributes.emplace_back("draws_planned", std::to_string(layout_.draws));
  layout.attributes.emplace_back("warmup_draws_planned", std::to_string(layout_.warmup_draws));
  if (layout.chains < layout_.chains) {
    std::string numbers;
    for (const std::int64_t chain : kept.chains) numbers += fmt::format("{}{}", numbers.empty() ? "" : " ", chain);
    layout.attributes.emplace_back("chains_planned", std::to_string(layout_.chains));
    layout.attributes.emplace_back("chains_kept", numbers);  // by their numbers in the run, counted from 0
  }
  NewFile output(path_, room_for(layout));
  const FileMap map = lay_out(output, layout, path_);
  const auto copy = [&](const PhaseRegions& source, const PhaseRegions& target) {
    for (std::size_t v = 0; v < target.variables.size(); ++v) {
      copy_draws(descriptor_, source.variables[v], source.draws, output.descriptor(), target.variables[v], target.draws,
                 kept.chains, path_);
    }
    for (std::size_t s = 0; s < draw_statistics.size(); ++s) {
      copy_draws(descriptor_, source.statistics[s], source.draws, output.descriptor(), target.statistics[s],
                 target.draws, kept.chains, path_);
    }
  };
  copy(map_.sampling, map.sampling);
  copy(map_.warmup, map.warmup);
  output.publish(true);
}

}  // namespace

std::unique_ptr<TraceSink> hdf5_trace(TraceLayout layout, const std::string& path, const Hdf5Options& options) {
  return std::make_unique<Hdf5Trace>(std::move(layout), path, options);
}

}  // namespace leapgraph::samplers

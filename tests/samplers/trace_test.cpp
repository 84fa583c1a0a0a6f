/// Traces keep what was written, in memory and in a file that xarray opens, through early ends, kills and full disks.
#include "leapgraph/samplers/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <thread>

namespace leapgraph::samplers {
namespace {

namespace fs = std::filesystem;
using Kind = TraceError::Kind;
using testing::HasSubstr;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A folder of its own for each test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "leapgraph-trace-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }
  std::size_t files() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), {})); }

 private:
  fs::path path_;
};

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

// The layout that trace/read_example.py knows: all kinds of shapes, names that collide with dimensions, a long program.
TraceLayout example_layout(std::int64_t warmup_draws = 4, std::int64_t draws = 7) {
  return {.chains = 3,
          .draws = draws,
          .warmup_draws = warmup_draws,
          .variables =
              {{"mu", {}}, {"theta", {2, 3}}, {"empty", {0}}, {"draw", {}}, {"a.b:1[2]", {2}}, {"theta_dim_0", {}}},
          .constants = {{"N", {}, {}, {3}},
                        {"X", {2, 2}, {1.5, -2.0, nan, std::numeric_limits<double>::infinity()}, {}},
                        {"y", {3}, {}, {7, -8, std::int64_t{1} << 53}},
                        {"chain", {}, {}, {1}}},
          .attributes = {{"created_at", "2001-02-03T04:05:06+00:00"},
                         {"stan_code", "// naïve\n" + std::string(300000, 'x')},
                         {"seed", "42"},
                         {"nothing", ""},
                         {"latin1", "na\xefve"}}};
}

std::int64_t width_of(const TraceLayout& layout) {
  std::int64_t width = 0;
  for (const TraceVariable& variable : layout.variables) {
    std::int64_t size = 1;
    for (const std::int64_t n : variable.shape) size *= n;
    width += size;
  }
  return width;
}

// All numbers are exact in binary, so that equality is the test.
std::vector<double> example_values(std::int64_t chain, std::int64_t draw, std::int64_t width) {
  std::vector<double> values;
  for (std::int64_t cell = 0; cell < width; ++cell) {
    values.push_back(1000.0 * static_cast<double>(chain) + static_cast<double>(draw) + static_cast<double>(cell) / 64);
  }
  return values;
}

DrawStatistics example_statistics(std::int64_t chain, std::int64_t draw) {
  const auto c = static_cast<double>(chain);
  const auto d = static_cast<double>(draw);
  return {.lp = -(1000.0 * c + d),
          .acceptance_rate = 0.5 + d / 64,
          .step_size = 0.25,
          .tree_depth = draw % 4,
          .n_steps = draw + 1,
          .diverging = draw % 3 == 0,
          .reached_max_treedepth = draw % 5 == 4,
          .energy = c + d / 8};
}

void write_draws(TraceSink& trace, const TraceLayout& layout, Phase phase, std::int64_t chain, std::int64_t draws) {
  for (std::int64_t draw = 0; draw < draws; ++draw) {
    trace.write(phase, chain, draw, example_values(chain, draw, width_of(layout)), example_statistics(chain, draw));
  }
}

void write_all(TraceSink& trace, const TraceLayout& layout, const ChainProgress& progress) {
  for (std::int64_t chain = 0; chain < layout.chains; ++chain) {
    write_draws(trace, layout, Phase::warmup, chain, progress.warmup_draws);
    write_draws(trace, layout, Phase::sampling, chain, progress.draws);
  }
}

std::vector<ChainProgress> all_chains(const TraceLayout& layout, const ChainProgress& progress) {
  return std::vector<ChainProgress>(static_cast<std::size_t>(layout.chains), progress);
}

void write_complete(const TraceLayout& layout, const std::string& path) {
  const auto trace = hdf5_trace(layout, path);
  const ChainProgress everything{layout.warmup_draws, layout.draws};
  write_all(*trace, layout, everything);
  trace->finish(all_chains(layout, everything));
}

// Bitwise, so that NaN equals NaN.
bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

void expect_equal(const TraceDraws& a, const TraceDraws& b) {
  EXPECT_EQ(a.planned, b.planned);
  ASSERT_EQ(a.draws, b.draws);
  ASSERT_EQ(a.values.size(), b.values.size());
  for (std::size_t v = 0; v < a.values.size(); ++v)
    EXPECT_TRUE(same_bits(a.values[v], b.values[v])) << "variable " << v;
  ASSERT_EQ(a.statistics.size(), b.statistics.size());
  for (std::size_t i = 0; i < a.statistics.size(); ++i) {
    EXPECT_EQ(a.statistics[i].lp, b.statistics[i].lp);
    EXPECT_EQ(a.statistics[i].acceptance_rate, b.statistics[i].acceptance_rate);
    EXPECT_EQ(a.statistics[i].step_size, b.statistics[i].step_size);
    EXPECT_EQ(a.statistics[i].tree_depth, b.statistics[i].tree_depth);
    EXPECT_EQ(a.statistics[i].n_steps, b.statistics[i].n_steps);
    EXPECT_EQ(a.statistics[i].diverging, b.statistics[i].diverging);
    EXPECT_EQ(a.statistics[i].reached_max_treedepth, b.statistics[i].reached_max_treedepth);
    EXPECT_EQ(a.statistics[i].energy, b.statistics[i].energy);
  }
}

void expect_equal(const Trace& a, const Trace& b) {
  EXPECT_EQ(a.chains, b.chains);
  ASSERT_EQ(a.variables.size(), b.variables.size());
  for (std::size_t v = 0; v < a.variables.size(); ++v) {
    EXPECT_EQ(a.variables[v].name, b.variables[v].name);
    EXPECT_EQ(a.variables[v].shape, b.variables[v].shape);
  }
  expect_equal(a.sampling, b.sampling);
  expect_equal(a.warmup, b.warmup);
  ASSERT_EQ(a.constants.size(), b.constants.size());
  for (std::size_t i = 0; i < a.constants.size(); ++i) {
    EXPECT_EQ(a.constants[i].name, b.constants[i].name);
    EXPECT_EQ(a.constants[i].shape, b.constants[i].shape);
    EXPECT_TRUE(same_bits(a.constants[i].reals, b.constants[i].reals));
    EXPECT_EQ(a.constants[i].integers, b.constants[i].integers);
  }
}

template <typename Call>
void expect_error(Kind kind, const std::string& text, Call call) {
  try {
    call();
    ADD_FAILURE() << "no error; expected: " << text;
  } catch (const TraceError& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

// Runs a script of tests/samplers/trace with Debian's Python. True: done; false: it lacks modules.
bool run_python(const std::string& script, const std::string& arguments) {
  if (!fs::exists("/usr/bin/python3")) return false;
  const std::string command =
      std::string("/usr/bin/python3 " LEAPGRAPH_SOURCE_DIR "/tests/samplers/trace/") + script + " " + arguments;
  const int status = std::system(command.c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) return false;
  EXPECT_EQ(status, 0) << command;
  return true;
}

TEST(MemoryTrace, GivesBackWhatWasWritten) {
  const TraceLayout layout = example_layout();
  const auto trace = memory_trace(layout);
  write_all(*trace, layout, {4, 7});
  trace->finish(all_chains(layout, {4, 7}));
  const Trace& result = trace->trace();
  ASSERT_EQ(result.sampling.draws, 7);
  ASSERT_EQ(result.warmup.draws, 4);
  EXPECT_EQ(result.variables[1].name, "theta");
  // theta is the second of the values of a draw: cell 4 of theta is value 5
  EXPECT_EQ(result.sampling.values[1][(2 * 7 + 3) * 6 + 4], 2003.0 + 5.0 / 64);
  EXPECT_EQ(result.warmup.values[0][1 * 4 + 3], 1003.0);
  EXPECT_EQ(result.sampling.statistics[1 * 7 + 6].n_steps, 7);
  EXPECT_TRUE(result.sampling.values[2].empty());
}

TEST(MemoryTrace, EndsWithTheShortestChain) {
  const TraceLayout layout = example_layout();
  const auto trace = memory_trace(layout);
  std::vector<ChainProgress> progress{{4, 5}, {4, 2}, {4, 3}};
  for (std::int64_t chain = 0; chain < 3; ++chain) {
    write_draws(*trace, layout, Phase::sampling, chain, progress[static_cast<std::size_t>(chain)].draws);
  }
  trace->finish(progress);
  EXPECT_EQ(trace->trace().sampling.draws, 2);
  EXPECT_EQ(trace->trace().sampling.planned, 7);
  EXPECT_EQ(trace->trace().sampling.values[0], (std::vector<double>{0, 1, 1000, 1001, 2000, 2001}));
}

TEST(Hdf5Trace, IsReadBackAsTheTraceInMemory) {
  const Folder folder;
  const TraceLayout layout = example_layout();
  write_complete(layout, folder / "a.h5");
  EXPECT_EQ(folder.files(), 1u) << "a temporary file is left";
  const auto memory = memory_trace(layout);
  write_all(*memory, layout, {4, 7});
  memory->finish(all_chains(layout, {4, 7}));
  const Trace trace = read_trace(folder / "a.h5");
  expect_equal(trace, memory->trace());
  ASSERT_EQ(trace.attributes.size(), memory->trace().attributes.size());
  for (std::size_t i = 0; i < trace.attributes.size(); ++i) {
    EXPECT_EQ(trace.attributes[i].first, memory->trace().attributes[i].first);
    if (trace.attributes[i].first == "latin1") continue;  // the file holds UTF-8 only
    EXPECT_EQ(trace.attributes[i].second, memory->trace().attributes[i].second);
  }
}

TEST(Hdf5Trace, IsOpenedByXarrayFinishedUnfinishedTrimmedAndEmpty) {
  const Folder folder;
  write_complete(example_layout(), folder / "finished.h5");
  write_complete(example_layout(0, 5), folder / "no_warmup.h5");
  write_complete(example_layout(0, 0), folder / "no_draws.h5");

  const TraceLayout layout = example_layout();
  const auto early = hdf5_trace(layout, folder / "early.h5");
  write_all(*early, layout, {4, 3});
  early->finish(all_chains(layout, {4, 3}));

  const auto warming = hdf5_trace(layout, folder / "warming.h5");
  write_all(*warming, layout, {2, 0});
  warming->finish(all_chains(layout, {2, 0}));

  // Chains are still at work on these two.
  const auto open = hdf5_trace(layout, folder / "open.h5", {.flush_seconds = 0});
  write_all(*open, layout, {4, 5});
  const auto untouched = hdf5_trace(layout, folder / "untouched.h5");

  const auto file = [&](const char* name, const char* extents) { return folder / name + "," + extents + " "; };
  if (!run_python("read_example.py", file("finished.h5", "4,7,4,7") + file("no_warmup.h5", "0,5,0,5") +
                                         file("no_draws.h5", "0,0,0,0") + file("early.h5", "4,3,4,3") +
                                         file("warming.h5", "2,0,2,0") + file("open.h5", "4,7,4,5") +
                                         file("untouched.h5", "4,7,0,0"))) {
    GTEST_SKIP() << "/usr/bin/python3 lacks xarray, h5netcdf or netCDF4";
  }
}

TEST(Hdf5Trace, IsTheSameFileForOneThreadAndForFour) {
  const Folder folder;
  TraceLayout layout = example_layout(20, 10000);  // several blocks a chain
  layout.chains = 4;
  write_complete(layout, folder / "one.h5");
  const auto trace = hdf5_trace(layout, folder / "four.h5");
  {
    std::vector<std::jthread> threads;
    for (std::int64_t chain = 0; chain < 4; ++chain) {
      threads.emplace_back([&, chain] {
        write_draws(*trace, layout, Phase::warmup, chain, 20);
        write_draws(*trace, layout, Phase::sampling, chain, 10000);
      });
    }
  }
  trace->finish(all_chains(layout, {20, 10000}));
  EXPECT_TRUE(contents(folder / "one.h5") == contents(folder / "four.h5"));
}

TEST(Hdf5Trace, IsTrimmedToTheShortestChainWhenTheRunEndsEarly) {
  const Folder folder;
  const TraceLayout layout = example_layout(4, 7);
  const auto trace = hdf5_trace(layout, folder / "a.h5");
  const std::vector<ChainProgress> progress{{4, 7}, {4, 2}, {4, 5}};
  for (std::int64_t chain = 0; chain < 3; ++chain) {
    write_draws(*trace, layout, Phase::warmup, chain, 4);
    write_draws(*trace, layout, Phase::sampling, chain, progress[static_cast<std::size_t>(chain)].draws);
  }
  trace->finish(progress);
  EXPECT_EQ(folder.files(), 1u);
  const Trace result = read_trace(folder / "a.h5");
  EXPECT_EQ(result.sampling.draws, 2);
  EXPECT_EQ(result.sampling.planned, 7);
  EXPECT_EQ(result.warmup.draws, 4);
  EXPECT_EQ(result.sampling.values[0], (std::vector<double>{0, 1, 1000, 1001, 2000, 2001}));
  EXPECT_EQ(result.constants.size(), 4u);
}

TEST(Hdf5Trace, ChainsThatHadHardlyBegunDoNotCostTheOthersTheirDraws) {
  const Folder folder;
  const TraceLayout layout = example_layout(4, 7);
  const std::vector<ChainProgress> progress{{2, 0}, {4, 7}, {4, 6}};
  const auto memory = memory_trace(layout);
  auto unfinished = hdf5_trace(layout, folder / "unfinished.h5");
  const auto finished = hdf5_trace(layout, folder / "finished.h5");
  for (TraceSink* trace : {static_cast<TraceSink*>(memory.get()), unfinished.get(), finished.get()}) {
    for (std::int64_t chain = 0; chain < 3; ++chain) {
      write_draws(*trace, layout, Phase::warmup, chain, progress[static_cast<std::size_t>(chain)].warmup_draws);
      write_draws(*trace, layout, Phase::sampling, chain, progress[static_cast<std::size_t>(chain)].draws);
    }
  }
  memory->finish(progress);
  finished->finish(progress);
  unfinished.reset();
  for (const Trace& trace :
       {memory->trace(), read_trace(folder / "finished.h5"), read_trace(folder / "unfinished.h5")}) {
    EXPECT_EQ(trace.chains, 2);
    EXPECT_EQ(trace.sampling.draws, 6);
    EXPECT_EQ(trace.sampling.planned, 7);
    EXPECT_EQ(trace.warmup.draws, 4);
    EXPECT_EQ(trace.sampling.values[0],
              (std::vector<double>{1000, 1001, 1002, 1003, 1004, 1005, 2000, 2001, 2002, 2003, 2004, 2005}));
    EXPECT_EQ(trace.warmup.values[0], (std::vector<double>{1000, 1001, 1002, 1003, 2000, 2001, 2002, 2003}));
    EXPECT_EQ(trace.sampling.statistics[6].lp, -2000);
  }
  const Trace trace = read_trace(folder / "finished.h5");
  EXPECT_THAT(trace.attributes, testing::Contains(testing::Pair("chains_kept", "1 2")));
  EXPECT_THAT(trace.attributes, testing::Contains(testing::Pair("chains_planned", "3")));
}

TEST(Hdf5Trace, WithoutFinishKeepsItsFullLengthAndIsReadUpToTheShortestChain) {
  const Folder folder;
  const TraceLayout layout = example_layout(4, 7);
  auto trace = hdf5_trace(layout, folder / "a.h5");
  for (std::int64_t chain = 0; chain < 3; ++chain) {
    write_draws(*trace, layout, Phase::warmup, chain, 4);
    write_draws(*trace, layout, Phase::sampling, chain, 3 + chain);
  }
  trace.reset();
  const Trace result = read_trace(folder / "a.h5");
  EXPECT_EQ(result.sampling.planned, 7);
  EXPECT_EQ(result.sampling.draws, 3);
  EXPECT_EQ(result.warmup.draws, 4);
}

TEST(Hdf5Trace, KilledAtAnyTimeHasEveryDrawThatReachedTheFile) {
  const Folder folder;
  TraceLayout layout = example_layout(0, 100000);
  layout.chains = 1;
  for (int round = 0; round < 8; ++round) {
    const std::string path = folder / ("killed" + std::to_string(round) + ".h5");
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {  // writes, and tells of every draw that `write` has returned from
      try {
        const auto trace = hdf5_trace(layout, path, {.flush_seconds = 0});
        for (std::int64_t draw = 0; draw < layout.draws; ++draw) {
          trace->write(Phase::sampling, 0, draw, example_values(0, draw, width_of(layout)),
                       example_statistics(0, draw));
          if (write(ends[1], "x", 1) != 1) break;
        }
      } catch (...) {
      }
      _exit(1);
    }
    close(ends[1]);
    std::vector<char> told(static_cast<std::size_t>(1 + 137 * round));
    std::size_t acknowledged = 0;
    while (acknowledged < told.size()) {
      const ssize_t n = read(ends[0], told.data(), told.size() - acknowledged);
      if (n <= 0) break;
      acknowledged += static_cast<std::size_t>(n);
    }
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    while (const ssize_t n = read(ends[0], told.data(), told.size()))
      acknowledged += n > 0 ? static_cast<std::size_t>(n) : 0;
    close(ends[0]);

    const Trace result = read_trace(path);
    ASSERT_GE(result.sampling.draws, static_cast<std::int64_t>(acknowledged));
    ASSERT_LE(result.sampling.draws, static_cast<std::int64_t>(acknowledged) + 1);
    ASSERT_LT(result.sampling.draws, layout.draws) << "killed too late to say anything";
    for (std::int64_t draw = 0; draw < result.sampling.draws; ++draw) {
      const std::vector<double> values = example_values(0, draw, width_of(layout));
      ASSERT_EQ(result.sampling.values[0][static_cast<std::size_t>(draw)], values[0]);
      ASSERT_EQ(result.sampling.values[5][static_cast<std::size_t>(draw)], values[10]);
      ASSERT_EQ(result.sampling.statistics[static_cast<std::size_t>(draw)].energy, example_statistics(0, draw).energy);
    }
  }
}

TEST(Hdf5Trace, KilledWhileItIsMadeLeavesTheOldFileOrTheNewOne) {
  const Folder folder;
  const TraceLayout layout = example_layout(0, 7);
  write_complete(layout, folder / "a.h5");
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      try {
        for (;;) hdf5_trace(layout, folder / "a.h5", {.overwrite = true});
      } catch (...) {
      }
      _exit(1);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(5000 + 717 * round));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    const Trace result = read_trace(folder / "a.h5");
    EXPECT_EQ(result.sampling.planned, 7);
    EXPECT_TRUE(result.sampling.draws == 0 || result.sampling.draws == 7);
  }
}

TEST(Hdf5Trace, DoesNotOverwriteUnlessAsked) {
  const Folder folder;
  write_text(folder / "a.h5", "precious");
  expect_error(Kind::exists, "a.h5 exists", [&] { hdf5_trace(example_layout(), folder / "a.h5"); });
  expect_error(Kind::exists, "a.h5 exists", [&] { check_output(folder / "a.h5", false); });
  EXPECT_EQ(contents(folder / "a.h5"), "precious");
  EXPECT_EQ(folder.files(), 1u);
  check_output(folder / "a.h5", true);
  hdf5_trace(example_layout(), folder / "a.h5", {.overwrite = true});
  EXPECT_EQ(read_trace(folder / "a.h5").sampling.draws, 0);
}

TEST(Hdf5Trace, SaysWhyAnOutputCannotBeMade) {
  const Folder folder;
  expect_error(Kind::cannot_create, "no/such: ", [&] { hdf5_trace(example_layout(), folder / "no/such"); });
  expect_error(Kind::cannot_create, "the folder", [&] { check_output(folder / "no/such/a.h5", false); });
  write_text(folder / "file", "");
  expect_error(Kind::cannot_create, "file", [&] { check_output(folder / "file/a.h5", false); });
  expect_error(Kind::cannot_create, "not a regular file", [&] { check_output(folder.path(), true); });
  expect_error(Kind::cannot_create, "not the name of a file", [&] { check_output("", false); });
}

TEST(Hdf5Trace, SaysThatAFolderIsNotWritable) {
  if (geteuid() == 0) GTEST_SKIP() << "root writes to every folder";
  const Folder folder;
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  expect_error(Kind::cannot_create, "not writable", [&] { check_output(folder / "a.h5", false); });
  fs::permissions(folder.path(), fs::perms::owner_all);
}

TEST(Hdf5Trace, RefusesLayoutsThatCannotBeStored) {
  const Folder folder;
  const auto refused = [&](const std::string& text, auto change) {
    TraceLayout layout = example_layout();
    change(layout);
    expect_error(Kind::cannot_create, text, [&] { hdf5_trace(layout, folder / "a.h5"); });
    expect_error(Kind::cannot_create, text, [&] { memory_trace(layout); });
  };
  refused("'a/b'", [](TraceLayout& layout) { layout.variables[0].name = "a/b"; });
  refused("name of a variable", [](TraceLayout& layout) { layout.variables[0].name = ""; });
  refused("two variables are called 'theta'", [](TraceLayout& layout) { layout.variables[0].name = "theta"; });
  refused("too large", [](TraceLayout& layout) { layout.variables[0].shape = {1 << 30, 1 << 30, 1 << 10}; });
  refused("too large", [](TraceLayout& layout) { layout.variables[0].shape = {0, std::int64_t{1} << 60}; });
  refused("negative", [](TraceLayout& layout) { layout.variables[0].shape = {-1}; });
  refused("draws must not be negative", [](TraceLayout& layout) { layout.draws = -1; });
  refused("chains must be at least 1", [](TraceLayout& layout) { layout.chains = 0; });
  refused("constant X has 4 values for a shape of 6", [](TraceLayout& layout) { layout.constants[1].shape = {2, 3}; });
  EXPECT_EQ(folder.files(), 0u);
}

/// A file system of one megabyte.
class TinyDisk {
 public:
  explicit TinyDisk(std::string path) : path_(std::move(path)) {
    fs::create_directory(path_);
    mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=1m") == 0;
  }
  ~TinyDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
  bool mounted_ = false;
};

TEST(Hdf5Trace, FindsAFullDiskBeforeTheFirstDraw) {
  const Folder folder;
  const TinyDisk disk(folder / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs needs root";
  TraceLayout layout = example_layout(0, 5000);  // 3 x 5000 x (11 + 6.25) x 8 bytes: 2 MB
  expect_error(Kind::io, "bytes available", [&] { hdf5_trace(layout, disk / "a.h5"); });
  EXPECT_TRUE(fs::is_empty(folder / "disk")) << "a temporary file is left";

  // The draws would fit, the program would not.
  layout = example_layout(0, 100);
  layout.attributes[1].second.assign(2000000, 'x');
  expect_error(Kind::io, "the trace needs", [&] { hdf5_trace(layout, disk / "a.h5"); });
  EXPECT_TRUE(fs::is_empty(folder / "disk"));

  // What is announced is there: a second file does not fit beside the first, which can still be written to its end.
  layout = example_layout(0, 500);
  layout.attributes.resize(1);
  const auto trace = hdf5_trace(layout, disk / "a.h5");
  EXPECT_THROW(hdf5_trace(example_layout(0, 2000), disk / "b.h5"), TraceError);
  {
    std::ofstream hog(disk / "hog", std::ios::binary);
    hog << std::string(2000000, 'x') << std::flush;
    EXPECT_FALSE(hog.good());
  }
  write_all(*trace, layout, {0, 500});
  trace->finish(all_chains(layout, {0, 500}));
  EXPECT_EQ(read_trace(disk / "a.h5").sampling.draws, 500);
}

TEST(Hdf5Trace, WithNoRoomToTrimKeepsTheWholeFileAndSaysSo) {
  const Folder folder;
  const TinyDisk disk(folder / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs needs root";
  TraceLayout layout = example_layout(0, 500);
  layout.attributes.resize(1);
  const auto trace = hdf5_trace(layout, disk / "a.h5");
  std::ofstream(disk / "hog", std::ios::binary) << std::string(2000000, 'x') << std::flush;
  write_all(*trace, layout, {0, 400});
  expect_error(Kind::io, "complete but not trimmed", [&] { trace->finish(all_chains(layout, {0, 400})); });
  EXPECT_EQ(read_trace(disk / "a.h5").sampling.draws, 400);
}

TEST(Hdf5Trace, HoldsThousandsOfVariablesAndAttributesBeyond64kB) {
  const Folder folder;
  TraceLayout layout{.chains = 1, .draws = 2, .warmup_draws = 0, .variables = {}, .constants = {}, .attributes = {}};
  for (int i = 0; i < 5000; ++i) layout.variables.push_back({"variable " + std::to_string(i), {}});
  for (int i = 0; i < 100; ++i) layout.attributes.emplace_back("key" + std::to_string(i), std::string(1000, 'v'));
  write_complete(layout, folder / "a.h5");
  const Trace trace = read_trace(folder / "a.h5");
  ASSERT_EQ(trace.variables.size(), 5000u);
  EXPECT_EQ(trace.variables[4321].name, "variable 4321");
  EXPECT_EQ(trace.sampling.values[4321][1], 1.0 + 4321.0 / 64);
}

TEST(ReadTrace, RefusesWhatIsNotATrace) {
  const Folder folder;
  expect_error(Kind::missing, "No such file", [&] { read_trace(folder / "a.h5"); });
  expect_error(Kind::malformed, "not a regular file", [&] { read_trace(folder.path()); });
  write_text(folder / "text.h5", "mu,tau\n1,2\n");
  expect_error(Kind::malformed, "is not an HDF5 file", [&] { read_trace(folder / "text.h5"); });
  write_text(folder / "empty.h5", "");
  expect_error(Kind::malformed, "is not an HDF5 file", [&] { read_trace(folder / "empty.h5"); });
  write_complete(example_layout(), folder / "whole.h5");
  const std::string whole = contents(folder / "whole.h5");
  for (const std::size_t part : {whole.size() / 100, whole.size() / 3, whole.size() - 1}) {
    write_text(folder / "part.h5", whole.substr(0, part));
    SCOPED_TRACE(part);
    expect_error(Kind::malformed, "part.h5", [&] { read_trace(folder / "part.h5"); });
  }
}

TEST(ReadTrace, RefusesTracesThatWereTamperedWith) {
  const Folder folder;
  write_complete(example_layout(), folder / "good.h5");
  if (!run_python("spoil.py", folder / "good.h5" + " " + folder.path())) GTEST_SKIP() << "/usr/bin/python3 lacks h5py";
  const std::pair<const char*, const char*> cases[] = {
      {"no_posterior", "no group posterior"},
      {"no_lp", "sample_stats/lp is missing"},
      {"ragged", "posterior/mu does not have 3 chains of 7 draws"},
      {"ragged_statistics", "sample_stats/energy has 2 x 7 draws"},
      {"foreign", "not a trace written by leapgraph"},
      {"external_link", "/posterior/mu is a link to elsewhere"},
      {"external_group", "is a link to elsewhere"},
      {"soft_link", "/posterior/mu is a link to elsewhere"},
      {"external_storage", "not stored in one piece in this file"},
      {"virtual", "not stored in one piece in this file"},
      {"compressed", "not stored in one piece in this file"},
      {"strings", "neither reals, integers nor booleans"},
      {"enormous", "impossible size"},
      {"group_inside", "/posterior/more is not an array"},
  };
  for (const auto& [name, text] : cases) {
    SCOPED_TRACE(name);
    expect_error(Kind::malformed, text, [&] { read_trace(folder / (std::string(name) + ".h5")); });
  }
}

TEST(Hdf5Trace, PrintsNothing) {
  const Folder folder;
  write_text(folder / "text.h5", "\x89HDF\r\n\x1a\nbroken");
  testing::internal::CaptureStderr();
  EXPECT_THROW(read_trace(folder / "text.h5"), TraceError);
  write_complete(example_layout(), folder / "a.h5");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace leapgraph::samplers

/// The folder of compiled objects: who may use it, what is trusted in it, and that it spares the compiler.
#include "leapgraph/symbolic/backend/cache.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "leapgraph/symbolic/backend/cpu.hpp"
#include "leapgraph/symbolic/function.hpp"
#include "leapgraph/symbolic/ops.hpp"

namespace leapgraph::symbolic {
namespace {

namespace fs = std::filesystem;

/// A home of its own for each test, and a compiler that counts its calls.
class Cache : public testing::Test {
 protected:
  void SetUp() override {
    unsetenv("LEAPGRAPH_CC");
    const std::optional<Compiler> compiler = find_compiler();
    if (!compiler) GTEST_SKIP() << missing_compiler();
    std::string pattern = fs::temp_directory_path() / "leapgraph-cache-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    home_ = pattern;
    setenv("XDG_CACHE_HOME", home_.c_str(), 1);
    const fs::path script = home_ / "counting-cc";
    std::ofstream(script) << "#!/bin/sh\necho >> '" << (home_ / "calls").string() << "'\nexec '" << compiler->path
                          << "' \"$@\"\n";
    fs::permissions(script, fs::perms::owner_all);
    setenv("LEAPGRAPH_CC", script.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("LEAPGRAPH_CC");
    unsetenv("XDG_CACHE_HOME");
    std::error_code ignored;
    if (!home_.empty()) {
      fs::permissions(home_, fs::perms::owner_all, ignored);
      fs::remove_all(home_, ignored);
    }
  }

  fs::path folder() const { return home_ / "leapgraph"; }
  int compiler_calls() const {
    std::ifstream file(home_ / "calls");
    int lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    return lines;
  }
  /// Compiles x + `number` and checks that it works.
  static bool works(double number, CompileOptions options = {}) {
    const Expr x = input({DType::float64, {}}, "x");
    const CompiledFunction f = compile(Graph{{x}, {x + number}}, options);
    const Array one = Array::scalar(1.0);
    return f(std::span(&one, 1))[0].real() == 1 + number;
  }
  std::vector<fs::path> files(const std::string& extension) const {
    std::vector<fs::path> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder(), ignored))
      if (extension.empty() || entry.path().extension() == extension) found.push_back(entry.path());
    return found;
  }

  fs::path home_;
};

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

TEST_F(Cache, FolderAndFilesAreForTheirOwnerAlone) {
  const mode_t old = umask(0);
  EXPECT_TRUE(works(1));
  umask(old);
  EXPECT_EQ(mode_of(folder()), 0700u);
  ASSERT_EQ(files("").size(), 2u) << "source and object, nothing temporary";
  for (const fs::path& file : files("")) EXPECT_EQ(mode_of(file), 0600u) << file;
}

TEST_F(Cache, FunctionsOfOneObjectOutliveEachOther) {
  const Expr x = input({DType::float64, {}}, "x");
  const Array one = Array::scalar(1.0);
  const auto plus = [&](double number) { return compile(Graph{{x}, {x + number}}); };
  std::optional<CompiledFunction> first = plus(1), second = plus(1);
  first.reset();
  // What the first one had open is free for others now, though the same file is still loaded.
  const CompiledFunction two = plus(2), three = plus(3);
  EXPECT_EQ(two(std::span(&one, 1))[0].real(), 3);
  EXPECT_EQ(three(std::span(&one, 1))[0].real(), 4);
  EXPECT_EQ((*second)(std::span(&one, 1))[0].real(), 2);
}

TEST_F(Cache, ASecondCompilationDoesNotRunTheCompiler) {
  EXPECT_TRUE(works(1));
  EXPECT_EQ(compiler_calls(), 1);
  EXPECT_TRUE(works(1));
  EXPECT_EQ(compiler_calls(), 1);
  EXPECT_TRUE(works(2)) << "another source has another key";
  EXPECT_EQ(compiler_calls(), 2);
}

TEST_F(Cache, AnotherCompilerOrVersionHasAnotherKey) {
  EXPECT_TRUE(works(1));
  std::ofstream(home_ / "counting-cc", std::ios::app) << "# a newer version\n";
  EXPECT_TRUE(works(1));
  EXPECT_EQ(compiler_calls(), 2);
}

TEST_F(Cache, WithoutItNothingIsLeftBehind) {
  EXPECT_TRUE(works(1, {.cache = false}));
  EXPECT_TRUE(works(1, {.cache = false}));
  EXPECT_EQ(compiler_calls(), 2);
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(Cache, AFolderThatIsASymbolicLinkIsNotUsed) {
  fs::create_directory(home_ / "elsewhere");
  fs::permissions(home_ / "elsewhere", fs::perms::owner_all);
  fs::create_directory_symlink(home_ / "elsewhere", folder());
  EXPECT_FALSE(CompileCache::open());
  EXPECT_TRUE(works(1));
  EXPECT_TRUE(works(1));
  EXPECT_EQ(compiler_calls(), 2);
  EXPECT_TRUE(fs::is_empty(home_ / "elsewhere"));
}

TEST_F(Cache, AFolderThatOthersMayUseIsNotUsed) {
  fs::create_directory(folder());
  for (const mode_t mode : {0770u, 0707u, 0750u, 0711u}) {
    chmod(folder().c_str(), mode);
    EXPECT_FALSE(CompileCache::open()) << std::oct << mode;
  }
  EXPECT_TRUE(works(1));
  EXPECT_TRUE(files("").empty());
  chmod(folder().c_str(), 0700);
  EXPECT_TRUE(CompileCache::open());
}

TEST_F(Cache, AFolderOfAnotherUserIsNotUsed) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  fs::create_directory(folder());
  fs::permissions(folder(), fs::perms::owner_all);
  ASSERT_EQ(chown(folder().c_str(), 12345, 12345), 0);
  EXPECT_FALSE(CompileCache::open());
  EXPECT_TRUE(works(1));
  EXPECT_TRUE(files("").empty());
}

TEST_F(Cache, AFileInThePlaceOfTheFolderIsNotUsed) {
  std::ofstream(folder()) << "a file";
  EXPECT_FALSE(CompileCache::open());
  EXPECT_TRUE(works(1));
}

TEST_F(Cache, AHomeThatCannotBeWrittenMeansNoCache) {
  setenv("XDG_CACHE_HOME", "/proc/leapgraph-has-no-home", 1);
  EXPECT_FALSE(CompileCache::open());
  EXPECT_TRUE(works(1));
  setenv("XDG_CACHE_HOME", "relative", 1);
  const char* home = std::getenv("HOME");
  const std::string old = home == nullptr ? "" : home;
  setenv("HOME", "", 1);
  EXPECT_FALSE(CompileCache::open()) << "a relative path is no home";
  EXPECT_TRUE(works(1));
  if (home != nullptr) setenv("HOME", old.c_str(), 1);
}

TEST_F(Cache, ATamperedSourceMeansThatItsObjectIsNotTrusted) {
  EXPECT_TRUE(works(1));
  std::ofstream(files(".c")[0], std::ios::app) << " ";
  EXPECT_TRUE(works(1));
  EXPECT_EQ(compiler_calls(), 2);
  EXPECT_TRUE(works(1)) << "and was made anew";
  EXPECT_EQ(compiler_calls(), 2);
}

TEST_F(Cache, ABrokenObjectIsMadeAnew) {
  EXPECT_TRUE(works(1));
  const fs::path object = files(".so")[0];
  const auto replace = [&](const std::string& bytes) {
    fs::remove(object);  // the old one is mapped still
    std::ofstream(object) << bytes;
    fs::permissions(object, fs::perms::owner_read | fs::perms::owner_write);
  };
  std::ifstream file(object, std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(file), {}};
  std::string changed = good;
  changed[good.size() / 2] = static_cast<char>(changed[good.size() / 2] ^ 1);
  int calls = 1;
  for (const std::string& bytes :
       {std::string(), std::string("not an object"), good.substr(0, good.size() / 2), changed}) {
    replace(bytes);
    EXPECT_TRUE(works(1));
    EXPECT_EQ(compiler_calls(), ++calls);
  }
  replace(good);
  EXPECT_TRUE(works(1));
  EXPECT_EQ(compiler_calls(), calls);
}

TEST_F(Cache, AnObjectThatOthersMayWriteOrThatIsALinkIsNotTrusted) {
  EXPECT_TRUE(works(1));
  const fs::path object = files(".so")[0];
  chmod(object.c_str(), 0620);
  EXPECT_TRUE(works(1));
  EXPECT_EQ(compiler_calls(), 2);
  EXPECT_EQ(mode_of(object), 0600u) << "replaced by one of ours";
  fs::rename(object, home_ / "moved.so");
  fs::create_symlink(home_ / "moved.so", object);
  EXPECT_TRUE(works(1));
  EXPECT_EQ(compiler_calls(), 3);
  EXPECT_FALSE(fs::is_symlink(object));
}

TEST_F(Cache, ProcessesThatCompileOneSourceAtATimeDoNotDisturbEachOther) {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      int good = 0;
      for (int round = 0; round < 2; ++round)
        for (int number = 1; number <= 2; ++number) good += works(number) ? 1 : 0;
      _exit(good == 4 ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(files("").size(), 4u) << "two sources, two objects, nothing temporary";
  const int calls = compiler_calls();
  EXPECT_TRUE(works(1) && works(2));
  EXPECT_EQ(compiler_calls(), calls);
}

TEST_F(Cache, ThreadsThatCompileOneSourceAtATimeDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&good] {
      for (int number = 1; number <= 2; ++number) good += works(number) ? 1 : 0;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(files("").size(), 4u);
}

TEST_F(Cache, IsTrimmedFromTheLeastRecentlyUsedWhenItGrowsTooLarge) {
  const auto stored = [&](const CompileCache& cache, const std::string& key) {
    const std::string object = cache.path() + "/" + key + ".tmp";
    std::ofstream(object) << std::string(1000, 'x');
    return cache.store(key, "source", object).has_value();
  };
  const auto cache = CompileCache::open(10'000);
  ASSERT_TRUE(cache);
  for (int i = 0; i < 9; ++i) {
    ASSERT_TRUE(stored(*cache, "key" + std::to_string(i)));
    // The first is the oldest: files of one second are told apart by their times only.
    const timespec times[2] = {{1000 + i, 0}, {1000 + i, 0}};
    for (const char* end : {".c", ".so"})
      utimensat(AT_FDCWD, (cache->path() + "/key" + std::to_string(i) + end).c_str(), times, 0);
  }
  EXPECT_EQ(files(".so").size(), 9u);
  EXPECT_TRUE(stored(*cache, "new"));
  std::uintmax_t bytes = 0;
  for (const fs::path& file : files("")) bytes += fs::file_size(file);
  EXPECT_LE(bytes, 7'500u) << "three quarters of the bound";
  EXPECT_TRUE(cache->find("new", "source"));
  EXPECT_TRUE(cache->find("key8", "source"));
  EXPECT_FALSE(cache->find("key0", "source"));
}

TEST_F(Cache, CompilersThatAreNotThereMeanTheInterpreter) {
  setenv("LEAPGRAPH_CC", "none", 1);
  EXPECT_FALSE(find_compiler());
  EXPECT_NE(missing_compiler(), "");
  const Expr x = input({DType::float64, {}}, "x");
  const CompiledFunction f = compile(Graph{{x}, {x + 1.0}});
  EXPECT_FALSE(f.is_native());
  const Array one = Array::scalar(1.0);
  EXPECT_EQ(f(std::span(&one, 1))[0].real(), 2);
  EXPECT_THROW(compile(Graph{{x}, {x + 1.0}}, {.target = CompileOptions::Target::native}), GraphError);
  setenv("LEAPGRAPH_CC", "/no/such/compiler", 1);
  EXPECT_FALSE(find_compiler());
}

TEST_F(Cache, ACompilerThatFailsIsQuoted) {
  std::ofstream(home_ / "counting-cc") << "#!/bin/sh\necho 'the licence has expired' >&2\nexit 1\n";
  try {
    works(1);
    FAIL() << "it should have thrown";
  } catch (const GraphError& error) {
    EXPECT_NE(std::string(error.what()).find("the licence has expired"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(files("").empty()) << "nothing temporary is left";
  std::ofstream(home_ / "counting-cc")
      << "#!/bin/sh\nwhile [ \"$1\" != -o ]; do shift; done\necho half > \"$2\"\nexit 1\n";
  EXPECT_THROW(works(1), GraphError);
  EXPECT_TRUE(files("").empty()) << "what a compiler left behind is removed";
}

}  // namespace
}  // namespace leapgraph::symbolic

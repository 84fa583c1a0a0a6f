/// The grammar of the command line: what becomes of words, and what is said about wrong ones.
#include "leapgraph/cli/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "leapgraph/cli/suggest.hpp"

namespace leapgraph::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Command parsed(std::vector<std::string> arguments) { return parse(arguments); }

SampleCommand sample(std::vector<std::string> arguments) { return std::get<SampleCommand>(parse(arguments)); }

std::string complaint(std::vector<std::string> arguments) {
  try {
    parse(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no complaint";
}

std::string printed(std::vector<std::string> arguments) { return std::get<PrintText>(parse(arguments)).text; }

TEST(Options, SampleIsTheDefaultCommandWithStansDefaults) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"folder/m.stan", "d.json"}, {"sample", "folder/m.stan", "d.json"}}) {
    const SampleCommand command = sample(arguments);
    EXPECT_EQ(command.files.model, "folder/m.stan");
    EXPECT_EQ(command.files.data, "d.json");
    EXPECT_EQ(command.output, "m.h5") << "in the current folder";
    EXPECT_EQ(command.command_line, "hmc-run sample folder/m.stan d.json");
    EXPECT_FALSE(command.seed.has_value());
    EXPECT_EQ(command.config.chains, 4);
    EXPECT_EQ(command.config.warmup, 1000);
    EXPECT_EQ(command.config.draws, 1000);
    EXPECT_EQ(command.config.thin, 1);
    EXPECT_EQ(command.config.metric, samplers::MetricKind::diagonal);
    EXPECT_EQ(std::get<samplers::NutsOptions>(command.config.algorithm).max_depth, 10);
    EXPECT_TRUE(command.cache);
    EXPECT_FALSE(command.force || command.quiet || command.json || command.config.save_warmup);
  }
}

TEST(Options, EveryOptionOfSampleArrives) {
  const SampleCommand nuts = sample({"--chains",
                                     "2",
                                     "m.stan",
                                     "--warmup=30",
                                     "--draws",
                                     "40",
                                     "--seed",
                                     "18446744073709551615",
                                     "--threads",
                                     "3",
                                     "--algorithm",
                                     "nuts",
                                     "--metric",
                                     "dense",
                                     "--adapt-delta",
                                     "0.95",
                                     "--max-depth",
                                     "8",
                                     "--thin",
                                     "2",
                                     "--init",
                                     "0.5",
                                     "--force",
                                     "--quiet",
                                     "--json",
                                     "--save-warmup",
                                     "--no-cache",
                                     "-o",
                                     "out.h5",
                                     "--include-path",
                                     "a",
                                     "--include-path",
                                     "b"});
  EXPECT_EQ(nuts.config.chains, 2);
  EXPECT_EQ(nuts.config.warmup, 30);
  EXPECT_EQ(nuts.config.draws, 40);
  EXPECT_EQ(nuts.seed, 18446744073709551615U);
  EXPECT_EQ(nuts.config.threads, 3);
  EXPECT_EQ(nuts.config.metric, samplers::MetricKind::dense);
  EXPECT_EQ(nuts.config.adapt.step_size.delta, 0.95);
  EXPECT_EQ(std::get<samplers::NutsOptions>(nuts.config.algorithm).max_depth, 8);
  EXPECT_EQ(nuts.config.thin, 2);
  EXPECT_EQ(nuts.config.init_radius, 0.5);
  EXPECT_TRUE(nuts.force && nuts.quiet && nuts.json && nuts.config.save_warmup && !nuts.cache);
  EXPECT_EQ(nuts.output, "out.h5");
  EXPECT_EQ(nuts.files.include_paths, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(nuts.files.data, "");

  const SampleCommand hmc = sample({"m.stan", "--algorithm", "hmc", "--steps", "12", "--step-size", "0.25", "--jitter",
                                    "0.1", "--init", "start.json"});
  EXPECT_EQ(std::get<samplers::StaticHmcOptions>(hmc.config.algorithm).steps, 12);
  EXPECT_EQ(hmc.config.step_size, 0.25);
  EXPECT_EQ(hmc.config.jitter, 0.1);
  EXPECT_EQ(hmc.init_file, "start.json");
}

TEST(Options, OtherCommandsHaveTheirOwn) {
  const auto density = std::get<LogDensityCommand>(
      parsed({"log-density", "m.stan", "d.json", "--unconstrained", "p.json", "--repeat", "7"}));
  EXPECT_EQ(density.points, "p.json");
  EXPECT_EQ(density.repeat, 7);
  EXPECT_EQ(std::get<CheckCommand>(parsed({"check", "m.stan"})).files.model, "m.stan");
  EXPECT_TRUE(std::get<SummaryCommand>(parsed({"summary", "t.h5", "--json"})).json);
  EXPECT_EQ(std::get<DumpCommand>(parsed({"dump", "m.stan", "--stage", "kernels"})).stage, DumpCommand::Stage::kernels);
}

TEST(Options, UnknownOnesAreReportedWithWhatWasProbablyMeant) {
  EXPECT_EQ(complaint({"m.stan", "--chians", "3"}), "unknown option --chians; did you mean --chains?");
  EXPECT_EQ(complaint({"m.stan", "--adapt_delta=0.9"}), "unknown option --adapt_delta; did you mean --adapt-delta?");
  EXPECT_EQ(complaint({"--verison"}), "unknown option --verison; did you mean --version?");
  EXPECT_EQ(complaint({"m.stan", "--zzzzzzzz"}), "unknown option --zzzzzzzz; see hmc-run sample --help");
  EXPECT_EQ(complaint({"summary", "t.h5", "--jsn"}), "unknown option --jsn; did you mean --json?");
  EXPECT_EQ(complaint({"sumary", "t.h5"}), "unknown command 'sumary'; did you mean 'summary'?");
  EXPECT_EQ(complaint({"--quiet", "check", "m.stan"}), "the command comes first: hmc-run check ...");
}

TEST(Options, WrongValuesAreReportedWithWhatWouldBeRight) {
  EXPECT_EQ(complaint({"m.stan", "--chains", "two"}), "--chains must be a whole number, got 'two'");
  EXPECT_EQ(complaint({"m.stan", "--chains", "2.5"}), "--chains must be a whole number, got '2.5'");
  EXPECT_EQ(complaint({"m.stan", "--chains", "0"}), "--chains must be at least 1, got 0");
  EXPECT_EQ(complaint({"m.stan", "--draws", "-5"}), "--draws must be at least 0, got -5");
  EXPECT_EQ(complaint({"m.stan", "--seed", "-1"}), "--seed must be a whole number from 0 to 2^64 - 1, got '-1'");
  EXPECT_EQ(complaint({"m.stan", "--adapt-delta", "1"}), "--adapt-delta must be above 0 and below 1, got 1");
  EXPECT_EQ(complaint({"m.stan", "--adapt-delta", "nan"}), "--adapt-delta must be above 0 and below 1, got nan");
  EXPECT_EQ(complaint({"m.stan", "--max-depth", "31"}), "--max-depth must be from 1 to 30, got 31");
  EXPECT_EQ(complaint({"m.stan", "--metric", "diagonal"}), "--metric must be diag, dense or unit, got 'diagonal'");
  EXPECT_EQ(complaint({"m.stan", "--init", "-1"}), "--init RADIUS must be finite and at least 0, got -1");
  EXPECT_EQ(complaint({"m.stan", "--step-size", "0"}), "--step-size must be above 0, got 0");
  EXPECT_THAT(complaint({"dump", "m.stan", "--stage", "llvm"}), StartsWith("--stage must be ast, graph, "));
  EXPECT_EQ(complaint({"log-density", "m.stan", "--unconstrained", "p.json", "--repeat", "0"}),
            "--repeat must be at least 1, got 0");
}

TEST(Options, WhatDoesNotFitTogetherIsRefused) {
  EXPECT_EQ(complaint({"m.stan", "--steps", "4"}), "--steps needs --algorithm hmc");
  EXPECT_EQ(complaint({"m.stan", "--algorithm", "hmc", "--max-depth", "4"}), "--max-depth needs --algorithm nuts");
  EXPECT_THAT(complaint({"m.stan", "--step-size", "0.1", "--adapt-delta", "0.9"}), HasSubstr("nothing to adapt"));
}

TEST(Options, WhatIsMissingOrTooMuchIsNamed) {
  EXPECT_THAT(complaint({}), HasSubstr("a model is needed"));
  EXPECT_THAT(complaint({"sample"}), HasSubstr("MODEL.stan is required"));
  EXPECT_THAT(complaint({"log-density", "m.stan"}), HasSubstr("--unconstrained is required"));
  EXPECT_THAT(complaint({"dump", "m.stan"}), HasSubstr("--stage is required"));
  EXPECT_THAT(complaint({"m.stan", "d.json", "extra"}), StartsWith("unexpected argument 'extra'"));
  EXPECT_THAT(complaint({"m.stan", "--chains"}), StartsWith("--chains needs a value"));
  EXPECT_THAT(complaint({"m.stan", "--chains", "2", "--chains", "3"}), StartsWith("--chains is given more than once"));
  EXPECT_THAT(complaint({"trace.h5"}), HasSubstr("hmc-run summary trace.h5"));
}

TEST(Options, WhatThisVersionLacksIsRefusedByName) {
  EXPECT_EQ(complaint({"sample", "--resume", "t.h5"}), "--resume is not supported by this version");
  EXPECT_EQ(complaint({"report", "t.h5", "-o", "r.html"}), "report is not supported by this version");
  EXPECT_EQ(complaint({"dump", "m.stan", "--stage", "cuda"}), "--stage cuda is not in this build");
}

TEST(Options, HelpAndVersionAreTexts) {
  EXPECT_THAT(printed({"--version"}), StartsWith("hmc-run "));
  EXPECT_THAT(printed({"--help"}), HasSubstr("hmc-run log-density MODEL.stan"));
  EXPECT_EQ(printed({"-h"}), printed({"help"}));
  for (const char* option : {"--chains", "--adapt-delta", "--init", "--step-size", "--json", "--no-cache"}) {
    EXPECT_THAT(printed({"sample", "--help"}), HasSubstr(option));
  }
  EXPECT_EQ(printed({"help", "dump"}), printed({"dump", "--help"}));
  EXPECT_THAT(complaint({"help", "nothing"}), HasSubstr("'nothing'"));
}

TEST(Options, TheCommandLineIsStoredAsItCanBeTyped) {
  EXPECT_EQ(sample({"my model.stan", "it's.json"}).command_line, "hmc-run sample 'my model.stan' 'it'\\''s.json'");
}

TEST(Suggestions, AreNearAndOneOfTheWords) {
  const std::vector<std::string> words{"chains", "draws", "warmup"};
  EXPECT_EQ(nearest("chian", words), "chains");
  EXPECT_EQ(nearest("drwas", words), "draws");
  EXPECT_EQ(nearest("warm-up", words), "warmup");
  EXPECT_EQ(nearest("elephant", words), "");
  EXPECT_EQ(nearest("", words), "");
}

TEST(Options, CheckFormatsOrWarns) {
  const auto check = [](std::vector<std::string> arguments) { return std::get<CheckCommand>(parse(arguments)); };
  EXPECT_TRUE(check({"check", "m.stan", "--format"}).format);
  EXPECT_TRUE(check({"check", "m.stan", "d.json", "--pedantic"}).pedantic);
  EXPECT_THAT(complaint({"check", "m.stan", "--format", "--pedantic"}), HasSubstr("--pedantic"));
  EXPECT_THAT(complaint({"check", "m.stan", "d.json", "--format"}), HasSubstr("no use for data"));
  EXPECT_EQ(std::get<FunctionsCommand>(parse(std::vector<std::string>{"functions"})).name, "");
  EXPECT_EQ(std::get<FunctionsCommand>(parse(std::vector<std::string>{"functions", "normal"})).name, "normal");
}

}  // namespace
}  // namespace leapgraph::cli

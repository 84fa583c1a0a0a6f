/// The grammar of the command line; the one file that knows CLI11.
#include "leapgraph/cli/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <utility>

#include "leapgraph/cli/suggest.hpp"

namespace leapgraph::cli {
namespace {

using Arguments = std::span<const std::string>;

constexpr const char* version_text = "hmc-run " LEAPGRAPH_VERSION;

/// One command: how it is called, what it is for, and how its arguments become a value.
struct CommandRecord {
  std::string_view name;
  std::string_view arguments;
  std::string_view summary;
  Command (*parse)(Arguments arguments);
};

template <class Number>
Number number(std::string_view option, const std::string& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  const std::string_view wanted = std::is_floating_point_v<Number> ? "a number"
                                  : std::is_signed_v<Number>       ? "a whole number"
                                                                   : "a whole number from 0 to 2^64 - 1";
  throw UsageError(fmt::format("{} must be {}, got '{}'", option, wanted, text));
}

template <class Value>
using Choices = std::initializer_list<std::pair<std::string_view, Value>>;

template <class Value>
Value choice(std::string_view option, const std::string& text, Choices<Value> values) {
  std::string known;
  for (auto value = values.begin(); value != values.end(); ++value) {
    if (value->first == text) return value->second;
    const std::string_view before = value == values.begin() ? "" : value + 1 < values.end() ? ", " : " or ";
    known += fmt::format("{}{}", before, value->first);
  }
  throw UsageError(fmt::format("{} must be {}, got '{}'", option, known, text));
}

/// The options of one command as CLI11 sees them. Every value arrives as text, so that all messages are ours.
class Grammar {
 public:
  explicit Grammar(const CommandRecord& command)
      : app_(std::string(command.summary), fmt::format("hmc-run {}", command.name)) {
    app_.set_help_flag("-h,--help", "Print this help");
    app_.set_version_flag("--version", version_text, "Print the version");
    app_.allow_extras();
  }

  void positional(const std::string& name, const std::string& what, std::string& value, bool required) {
    app_.add_option(name, value, what)->required(required)->type_name("");
  }
  CLI::Option* text(const std::string& name, const std::string& type, const std::string& what, std::string& value) {
    return app_.add_option(name, value, what)->type_name(type);
  }
  void texts(const std::string& name, const std::string& type, const std::string& what,
             std::vector<std::string>& values) {
    app_.add_option(name, values, what)->type_name(type)->expected(1)->take_all()->allow_extra_args(false);
  }
  void flag(const std::string& name, const std::string& what, bool& value, bool set = true) {
    app_.add_flag_callback(
        name, [&value, set] { value = set; }, what);
  }
  template <class Set>
  CLI::Option* option(const std::string& name, const std::string& type, const std::string& what, Set set) {
    const auto take = [set](const std::string& value) { set(value); };
    return app_.add_option_function<std::string>(name, take, what)->type_name(type);
  }
  template <class Number>
  CLI::Option* number_option(const std::string& name, const std::string& what, Number& value) {
    return option(name, std::is_floating_point_v<Number> ? "X" : "N", what,
                  [name, &value](const std::string& t) { value = number<Number>(name, t); });
  }
  bool given(const std::string& name) const { return app_.count(name) > 0; }

  /// Sets the values; or returns the text that was asked for instead.
  std::optional<PrintText> read(Arguments arguments) {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
      app_.parse(reversed);
    } catch (const CLI::CallForHelp&) {
      return PrintText{app_.help()};
    } catch (const CLI::CallForVersion&) {
      return PrintText{fmt::format("{}\n", version_text)};
    } catch (const CLI::RequiredError& error) {
      refuse_extras();
      refuse(error.what());
    } catch (const CLI::ArgumentMismatch& error) {  // "--chains: At Most 1 required but received 2"
      const std::string message = error.what();
      refuse(message.substr(0, message.find(':')) +
             (message.find("received") == std::string::npos ? " needs a value" : " is given more than once"));
    } catch (const CLI::ParseError& error) {
      refuse(error.what());
    }
    refuse_extras();
    return std::nullopt;
  }

 private:
  [[noreturn]] void refuse(const std::string& message) const {
    throw UsageError(fmt::format("{}; see {} --help", message, app_.get_name()));
  }

  void refuse_extras() const {
    const std::vector<std::string> extras = app_.remaining();
    const auto option =
        std::find_if(extras.begin(), extras.end(), [](const std::string& word) { return word.starts_with('-'); });
    if (option == extras.end()) {
      if (!extras.empty()) refuse(fmt::format("unexpected argument '{}'", extras.front()));
      return;
    }
    std::vector<std::string> known;
    for (const CLI::Option* candidate : app_.get_options()) {
      for (const std::string& name : candidate->get_lnames()) known.push_back(name);
    }
    const std::string word = option->substr(0, option->find('='));
    const std::string meant =
        nearest(std::string_view(word).substr(std::min(word.size(), word.find_first_not_of('-'))), known);
    if (meant.empty()) refuse(fmt::format("unknown option {}", word));
    throw UsageError(fmt::format("unknown option {}; did you mean --{}?", word, meant));
  }

  CLI::App app_;
};

void model_files(Grammar& grammar, ModelFiles& files) {
  grammar.positional("MODEL.stan", "Program in the Stan language", files.model, true);
  grammar.positional("DATA.json", "Its data, as Stan writes them in JSON or R dumps them", files.data, false);
  grammar.texts("--include-path", "FOLDER", "Where #include looks besides the model's folder; may be repeated",
                files.include_paths);
}

// "adapt.delta must be ..." about a field of the configuration, in terms of its option.
std::string in_terms_of_options(std::string message) {
  struct Field {
    std::string_view name, option;
  };
  constexpr std::array<Field, 12> fields{{{"adapt.delta", "--adapt-delta"},
                                          {"chains", "--chains"},
                                          {"draws", "--draws"},
                                          {"init_radius", "--init RADIUS"},
                                          {"jitter", "--jitter"},
                                          {"max_depth", "--max-depth"},
                                          {"step_size", "--step-size"},
                                          {"steps", "--steps"},
                                          {"thin", "--thin"},
                                          {"threads", "--threads"},
                                          {"warmup", "--warmup"},
                                          {"warmup + draws", "--warmup + --draws"}}};
  for (const Field& field : fields) {
    if (message.starts_with(fmt::format("{} must", field.name))) {
      return message.replace(0, field.name.size(), field.option);
    }
  }
  return message;
}

void check_config(const samplers::SampleConfig& config) {
  try {
    samplers::validate(config, 0);
  } catch (const samplers::ConfigError& error) {
    throw UsageError(in_terms_of_options(error.what()));
  }
}

/// The options that say how to sample, which leave a SampleCommand that can be run.
class SampleGrammar {
 public:
  explicit SampleGrammar(const CommandRecord& record) : grammar_(record) {
    samplers::SampleConfig& config = command_.config;
    model_files(grammar_, command_.files);
    grammar_.text("-o,--output", "TRACE.h5", "The trace; by default MODEL.h5 in this folder", command_.output);
    grammar_.number_option("--chains", "Chains (4)", config.chains);
    grammar_.number_option("--warmup", "Transitions of warm-up, which adapts (1000)", config.warmup);
    grammar_.number_option("--draws", "Transitions after warm-up (1000)", config.draws);
    grammar_.option("--seed", "S", "Where the random numbers come from; by default another one in each run",
                    [this](const std::string& text) { command_.seed = number<std::uint64_t>("--seed", text); });
    grammar_.number_option("--threads", "Chains that run at a time; 0: all, up to four a core (0)", config.threads);
    grammar_.option("--algorithm", "nuts|hmc", "No-U-Turn sampler, or static HMC (nuts)", [this](const auto& text) {
      is_hmc_ = choice<bool>("--algorithm", text, {{"nuts", false}, {"hmc", true}});
    });
    grammar_.option("--metric", "diag|dense|unit", "Shape of the metric that warm-up adapts (diag)",
                    [&config](const std::string& text) {
                      using samplers::MetricKind;
                      config.metric = choice<MetricKind>(
                          "--metric", text,
                          {{"diag", MetricKind::diagonal}, {"dense", MetricKind::dense}, {"unit", MetricKind::unit}});
                    });
    grammar_.number_option("--adapt-delta", "Acceptance rate that the step size aims at (0.8)",
                           config.adapt.step_size.delta);
    grammar_.number_option("--max-depth", "Most doublings of a NUTS trajectory (10)", nuts_.max_depth);
    grammar_.number_option("--steps", "Leapfrog steps of an HMC trajectory; by default 2 pi / step size", hmc_.steps);
    grammar_.number_option("--step-size", "A fixed step size, which is not adapted", config.step_size);
    grammar_.number_option("--jitter", "Vary the step size by up to this part of it (0)", config.jitter);
    grammar_.number_option("--thin", "Keep every N-th draw (1)", config.thin);
    grammar_.option("--init", "FILE|RADIUS",
                    "Start from values in JSON, those not given being random; or from anywhere in\n"
                    "(-RADIUS, RADIUS) on the unconstrained scale (2)",
                    [this](const std::string& text) { set_init(text); });
    grammar_.flag("--save-warmup", "Keep the draws of warm-up too", config.save_warmup);
    grammar_.flag("--force", "Overwrite the trace", command_.force);
    grammar_.flag("--quiet", "No progress and no timings", command_.quiet);
    grammar_.flag("--json", "Print the summary as JSON", command_.json);
    grammar_.flag("--no-cache", "Neither use nor keep compiled code", command_.cache, false);
    const auto refuse_to_resume = [](const std::string&) {
      throw UsageError("--resume is not supported by this version");
    };
    grammar_.option("--resume", "TRACE.h5", "", refuse_to_resume)->group("");  // not in the help: there is none yet
  }

  Command parse(Arguments arguments) {
    if (auto text = grammar_.read(arguments)) return *text;
    refuse_contradictions();
    if (is_hmc_) {
      command_.config.algorithm = hmc_;
    } else {
      command_.config.algorithm = nuts_;
    }
    check_config(command_.config);
    return command_;
  }

 private:
  void set_init(const std::string& text) {
    double radius = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), radius);
    if (error == std::errc() && end == text.data() + text.size()) {
      command_.config.init_radius = radius;
    } else {
      command_.init_file = text;
    }
  }

  // Nothing that was asked for is left out without a word.
  void refuse_contradictions() const {
    if (!is_hmc_ && grammar_.given("--steps")) throw UsageError("--steps needs --algorithm hmc");
    if (is_hmc_ && grammar_.given("--max-depth")) throw UsageError("--max-depth needs --algorithm nuts");
    if (grammar_.given("--steps") && hmc_.steps < 1)
      throw UsageError(fmt::format("--steps must be at least 1, got {}", hmc_.steps));
    if (!grammar_.given("--step-size")) return;
    if (!(command_.config.step_size > 0))
      throw UsageError(fmt::format("--step-size must be above 0, got {}", command_.config.step_size));
    if (grammar_.given("--adapt-delta"))
      throw UsageError("--step-size fixes the step size, so that --adapt-delta has nothing to adapt");
  }

  SampleCommand command_;
  samplers::NutsOptions nuts_;
  samplers::StaticHmcOptions hmc_;
  bool is_hmc_ = false;
  Grammar grammar_;
};

extern const std::array<CommandRecord, 8> commands;
const CommandRecord& record(std::string_view name) {
  return *std::find_if(commands.begin(), commands.end(), [&](const CommandRecord& c) { return c.name == name; });
}

// What the shell needs to see to read `word` as one word.
std::string quoted(const std::string& word) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

// `hmc-run sumary trace.h5` asks to sample a model called sumary; these are not.
void refuse_what_is_no_model(const SampleCommand& command) {
  const std::string& model = command.files.model;
  const std::filesystem::path path(model);
  const std::string extension = path.extension().string();
  if (extension == ".h5" || extension == ".json") {
    throw UsageError(
        fmt::format("{} is not a model: the first argument is a command or MODEL.stan{}", model,
                    extension == ".h5" ? fmt::format(" (hmc-run summary {0} prints a trace)", model) : ""));
  }
  std::error_code ignored;
  if (!extension.empty() || model.find('/') != std::string::npos || std::filesystem::exists(path, ignored)) return;
  std::vector<std::string> names;
  for (const CommandRecord& candidate : commands) names.emplace_back(candidate.name);
  if (const std::string meant = nearest(model, names); !meant.empty()) {
    throw UsageError(model == meant ? fmt::format("the command comes first: hmc-run {} ...", meant)
                                    : fmt::format("unknown command '{}'; did you mean '{}'?", model, meant));
  }
}

Command parse_sample(Arguments arguments) {
  Command parsed = SampleGrammar(record("sample")).parse(arguments);
  auto* command = std::get_if<SampleCommand>(&parsed);
  if (!command) return parsed;
  refuse_what_is_no_model(*command);
  if (command->output.empty()) command->output = std::filesystem::path(command->files.model).stem().string() + ".h5";
  command->command_line = "hmc-run sample";
  for (const std::string& argument : arguments) command->command_line += " " + quoted(argument);
  return parsed;
}

Command parse_log_density(Arguments arguments) {
  LogDensityCommand command;
  Grammar grammar(record("log-density"));
  model_files(grammar, command.files);
  grammar
      .text("--unconstrained", "POINTS.json", "A list of points, each a list of numbers on the unconstrained scale",
            command.points)
      ->required();
  grammar.number_option("--repeat", "Time the gradient N times and print the median", command.repeat);
  grammar.flag("--no-cache", "Neither use nor keep compiled code", command.cache, false);
  if (auto text = grammar.read(arguments)) return *text;
  if (grammar.given("--repeat") && command.repeat < 1)
    throw UsageError(fmt::format("--repeat must be at least 1, got {}", command.repeat));
  return command;
}

Command parse_check(Arguments arguments) {
  CheckCommand command;
  Grammar grammar(record("check"));
  model_files(grammar, command.files);
  grammar.flag("--format", "Print the program in its canonical layout, comments kept, and check its syntax only",
               command.format);
  grammar.flag("--pedantic", "Warn of what modellers regret: a parameter without a prior, unused variables, ...",
               command.pedantic);
  if (auto text = grammar.read(arguments)) return *text;
  if (command.format && command.pedantic)
    throw UsageError("--format prints the program; ask for --pedantic without it");
  if (command.format && !command.files.data.empty()) throw UsageError("--format has no use for data");
  return command;
}

Command parse_functions(Arguments arguments) {
  FunctionsCommand command;
  Grammar grammar(record("functions"));
  grammar.positional("NAME", "A function, a distribution or a constrained type; by default all of them", command.name,
                     false);
  if (auto text = grammar.read(arguments)) return *text;
  return command;
}

Command parse_summary(Arguments arguments) {
  SummaryCommand command;
  Grammar grammar(record("summary"));
  grammar.positional("TRACE.h5", "A trace that hmc-run wrote, of a run that may still be going on", command.trace,
                     true);
  grammar.flag("--json", "Print JSON", command.json);
  if (auto text = grammar.read(arguments)) return *text;
  return command;
}

Command parse_report(Arguments) { throw UsageError("report is not supported by this version"); }

Command parse_dump(Arguments arguments) {
  DumpCommand command;
  Grammar grammar(record("dump"));
  model_files(grammar, command.files);
  const auto set_stage = [&](const std::string& text) {
    using Stage = DumpCommand::Stage;
    if (text == "cuda") throw UsageError("--stage cuda is not in this build");
    command.stage = choice<Stage>("--stage", text,
                                  {{"ast", Stage::ast},
                                   {"graph", Stage::graph},
                                   {"gradient", Stage::gradient},
                                   {"rewritten", Stage::rewritten},
                                   {"kernels", Stage::kernels},
                                   {"c", Stage::c},
                                   {"page", Stage::page}});
  };
  grammar
      .option("--stage", "STAGE",
              "ast, graph, gradient, rewritten, kernels or c: how far to go from model text to C; page: a page for a "
              "browser with all of them",
              set_stage)
      ->required();
  if (auto text = grammar.read(arguments)) return *text;
  return command;
}

std::string overview() {
  std::string text = "Samples models written in the Stan language.\n\nUsage:\n";
  for (const CommandRecord& command : commands) {
    if (command.parse == parse_report) continue;
    text += fmt::format("  hmc-run {} {}\n      {}\n", command.name == "sample" ? "[sample]" : command.name,
                        command.arguments, command.summary);
  }
  return text +
         "\nhmc-run COMMAND --help lists the options of a command; hmc-run --version prints the version.\n"
         "Results go to stdout, progress and messages to stderr. Exit status: 0 done; 64 usage; 65 bad model or\n"
         "data; 66 missing input; 70 internal error; 73 output exists or cannot be made; 74 input/output error;\n"
         "130 or 143 stopped by a signal, with the draws so far in the trace.\n";
}

Command parse_help(Arguments arguments) {
  if (arguments.empty()) return PrintText{overview()};
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const CommandRecord& command) { return command.name == arguments[0]; });
  if (found == commands.end()) throw UsageError(fmt::format("there is no command '{}'", arguments[0]));
  if (found->parse == parse_help) return PrintText{overview()};
  const std::string help = "--help";
  return found->parse({&help, 1});
}

const std::array<CommandRecord, 8> commands{{
    {"sample", "MODEL.stan [DATA.json] [OPTIONS]", "Sample the posterior into MODEL.h5 and print its summary",
     parse_sample},
    {"log-density", "MODEL.stan [DATA.json] --unconstrained POINTS.json",
     "Print log density and gradient at given points, as JSON", parse_log_density},
    {"check", "MODEL.stan [DATA.json] [--pedantic | --format]", "Say what is wrong with a model, or with its data",
     parse_check},
    {"functions", "[NAME]", "Print the reference of what programs can call", parse_functions},
    {"summary", "TRACE.h5 [--json]", "Print the summary of a trace", parse_summary},
    {"report", "TRACE.h5 -o REPORT.html", "Write a report of a trace", parse_report},
    {"dump", "MODEL.stan [DATA.json] --stage STAGE", "Print what a stage of compilation makes of a model", parse_dump},
    {"help", "[COMMAND]", "Print this, or the options of a command", parse_help},
}};

}  // namespace

Command parse(std::span<const std::string> arguments) {
  if (arguments.empty()) throw UsageError("a model is needed: hmc-run MODEL.stan [DATA.json]; see hmc-run --help");
  const std::string& first = arguments[0];
  if (first == "-h" || first == "--help") return PrintText{overview()};
  const auto command = std::find_if(commands.begin(), commands.end(),
                                    [&](const CommandRecord& candidate) { return candidate.name == first; });
  return command == commands.end() ? parse_sample(arguments) : command->parse(arguments.subspan(1));
}

}  // namespace leapgraph::cli

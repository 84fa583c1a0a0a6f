/// Which command runs, and what becomes of an exception that leaves it.
#include "leapgraph/cli/run.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <system_error>
#include <variant>

#include "leapgraph/cli/commands.hpp"
#include "leapgraph/cli/message.hpp"
#include "leapgraph/cli/options.hpp"
#include "leapgraph/models/data.hpp"
#include "leapgraph/models/source.hpp"
#include "leapgraph/samplers/trace.hpp"
#include "leapgraph/symbolic/error.hpp"

namespace leapgraph::cli {
namespace {

using samplers::TraceError;

ExitStatus status_of(TraceError::Kind kind) {
  switch (kind) {
    case TraceError::Kind::exists:
    case TraceError::Kind::cannot_create:
      return ExitStatus::no_output;
    case TraceError::Kind::io:
      return ExitStatus::io;
    case TraceError::Kind::missing:
      return ExitStatus::missing_input;
    case TraceError::Kind::malformed:
      return ExitStatus::bad_input;
  }
  return ExitStatus::our_fault;
}

ExitStatus complain(ExitStatus status, std::string_view message) {
  say(fmt::format("hmc-run: {}\n", message));
  return status;
}

// Messages of models and data begin with their own place, "file:line:column: error: ...".
ExitStatus complain_at_place(std::string_view message) {
  say(fmt::format("{}{}", message, message.ends_with('\n') ? "" : "\n"));
  return ExitStatus::bad_input;
}

ExitStatus complain_about_current_exception() {
  try {
    throw;
  } catch (const UsageError& error) {
    return complain(ExitStatus::usage, error.what());
  } catch (const models::ModelError& error) {
    return complain_at_place(error.what());
  } catch (const models::DataError& error) {
    return complain_at_place(error.what());
  } catch (const models::FileError& error) {
    return complain(ExitStatus::missing_input, error.what());
  } catch (const TraceError& error) {
    const bool exists = error.kind() == TraceError::Kind::exists;
    return complain(status_of(error.kind()),
                    fmt::format("{}{}", error.what(), exists ? " (--force overwrites it, -o names another)" : ""));
  } catch (const symbolic::GraphError& error) {  // nobody builds graphs on the command line
    return complain(ExitStatus::our_fault, fmt::format("internal error: {}", error.what()));
  } catch (const Error& error) {  // no usable start, no step size: this model with these data
    return complain(ExitStatus::bad_input, error.what());
  } catch (const InternalError& error) {
    return complain(ExitStatus::our_fault, error.what());
  } catch (const std::bad_alloc&) {
    return complain(ExitStatus::our_fault, "out of memory");
  } catch (const std::system_error& error) {  // stdout that cannot take a long table
    return complain(ExitStatus::io, error.what());
  } catch (const std::exception& error) {
    return complain(ExitStatus::our_fault, fmt::format("internal error: {}", error.what()));
  }
}

ExitStatus run_and_flush(std::span<const std::string> arguments) {
  const Command command = parse(arguments);
  const ExitStatus status = std::visit([](const auto& alternative) { return execute(alternative); }, command);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return complain(ExitStatus::io, fmt::format("standard output: {}", std::strerror(errno)));
  }
  return status;
}

}  // namespace

int run(std::span<const std::string> arguments) noexcept {
  try {
    return static_cast<int>(run_and_flush(arguments));
  } catch (...) {
    try {
      std::fflush(stdout);
      return static_cast<int>(complain_about_current_exception());
    } catch (...) {  // no memory for a message
      return static_cast<int>(ExitStatus::our_fault);
    }
  }
}

}  // namespace leapgraph::cli

/// From the counters of native code to tables.
#include "leapgraph/symbolic/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "leapgraph/symbolic/error.hpp"
#include "leapgraph/symbolic/places.hpp"
#include "leapgraph/symbolic/schedule/profile_record.hpp"

namespace leapgraph::symbolic {

namespace {

/// Seconds a tick of the record's clock, from how far both clocks have come.
double seconds_per_tick(const ProfileRecord& record) {
  using namespace std::chrono;
  while (steady_clock::now() - record.first_time < milliseconds(5)) std::this_thread::sleep_for(milliseconds(1));
  const auto ticks = static_cast<double>(record.ticks() - record.first_ticks);
  const double seconds = duration<double>(steady_clock::now() - record.first_time).count();
  return ticks > 0 ? seconds / ticks : 0;
}

struct Sum {
  double seconds = 0;
  std::uint64_t calls = 0;
};

class Sums {
 public:
  void add(const ProfileRecord& record) {
    if (record.values == nullptr) return;
    const std::size_t count = record.counters.size();
    std::vector<std::uint64_t> calls(count);
    std::vector<double> own(count);
    const double unit = seconds_per_tick(record);
    for (std::size_t k = 0; k < count; ++k) {
      calls[k] = std::atomic_ref(const_cast<std::uint64_t&>(record.values[2 * k])).load(std::memory_order_relaxed);
      const std::uint64_t ticks =
          std::atomic_ref(const_cast<std::uint64_t&>(record.values[2 * k + 1])).load(std::memory_order_relaxed);
      own[k] = static_cast<double>(ticks) * unit;
    }
    const std::vector<double> total = own;
    std::vector<double> in_function(count, 0);  // time of the steps of each function, the first counters
    std::vector<double> in_calls(count, 0);
    for (std::size_t k = 0; k < count; ++k) {
      const Counter& c = record.counters[k];
      if (c.is_entry) continue;
      if (c.around >= 0)
        own[static_cast<std::size_t>(c.around)] -= total[k];
      else
        in_function[c.function] += total[k];
      if (c.called >= 0) in_calls[static_cast<std::size_t>(c.called)] += total[k];
    }
    const std::vector<bool> reached = reachable(record);
    for (std::size_t k = 0; k < count; ++k) {
      const Counter& c = record.counters[k];
      if (c.is_entry || !reached[c.function]) continue;
      // What a call takes is counted in the kernels of what it calls.
      if (c.called >= 0) {
        const auto called = static_cast<std::size_t>(c.called);
        if (in_calls[called] > 0) own[k] -= in_function[called] * total[k] / in_calls[called];
      }
      add(c, std::max(0.0, own[k]), calls[k]);
    }
    calls_ += calls[record.entry];
  }

  void fill(Profile& profile) const {
    profile.calls = calls_;
    for (const auto& [what, sum] : kernels_) profile.seconds += sum.seconds;
    profile.ops = rows(ops_, profile.seconds);
    profile.places = rows(places_, profile.seconds);
    profile.kernels = rows(kernels_, profile.seconds);
  }

 private:
  using Table = std::map<std::string, Sum>;

  static std::vector<bool> reachable(const ProfileRecord& record) {
    std::vector<bool> reached(record.counters.size() + 1, false);
    reached[record.entry] = true;
    // Later functions call earlier ones.
    for (std::size_t function = record.entry + 1; function-- > 0;)
      if (reached[function])
        for (const Counter& c : record.counters)
          if (c.function == function && c.called >= 0) reached[static_cast<std::size_t>(c.called)] = true;
    return reached;
  }

  static void add(Table& table, const std::string& what, double seconds, std::uint64_t calls) {
    Sum& sum = table[what];
    sum.seconds += seconds;
    sum.calls += calls;
  }

  void add(const Counter& c, double seconds, std::uint64_t calls) {
    std::string where;
    double work = 0;
    for (const Share& share : c.shares) {
      work += share.work;
      const std::string place = place_text(share);
      if (where.find(place) == std::string::npos) where += (where.empty() ? "" : ", ") + place;
    }
    add(kernels_, where.empty() ? c.what : fmt::format("{} ({})", c.what, where), seconds, calls);
    if (c.shares.empty()) {
      add(ops_, "moves", seconds, calls);
      add(places_, "elsewhere", seconds, calls);
    }
    for (const Share& share : c.shares) {
      const double part = work > 0 ? seconds * share.work / work : seconds / static_cast<double>(c.shares.size());
      add(ops_, std::string(share.op), part, calls);
      add(places_, place_text(share), part, calls);
    }
  }

  /// "model.cpp:12", without folders.
  static std::string place_text(const Share& share) {
    if (is_own(share.place)) return "elsewhere";
    const std::string whole = to_string(share.place);
    return whole.substr(whole.rfind('/') + 1);
  }

  static std::vector<ProfileRow> rows(const Table& table, double seconds) {
    std::vector<ProfileRow> all;
    for (const auto& [what, sum] : table)
      all.push_back({what, sum.seconds, seconds > 0 ? sum.seconds / seconds : 0, sum.calls});
    std::stable_sort(all.begin(), all.end(),
                     [](const ProfileRow& a, const ProfileRow& b) { return a.seconds > b.seconds; });
    return all;
  }

  std::uint64_t calls_ = 0;
  Table ops_, places_, kernels_;
};

void add_stages(Profile& profile, const ProfileRecord& record) {
  for (const auto& [name, seconds] : record.stages) {
    const auto found = std::find_if(profile.stages.begin(), profile.stages.end(),
                                    [&name = name](const auto& stage) { return stage.first == name; });
    if (found == profile.stages.end())
      profile.stages.emplace_back(name, seconds);
    else
      found->second += seconds;
  }
}

Profile profile_of(const std::vector<CompiledFunction>& functions, const std::string& name) {
  Profile profile{.name = name};
  Sums sums;
  for (const CompiledFunction& function : functions) {
    const auto record = function.profile_record();
    if (record == nullptr)
      throw GraphError("profile: the function was not made with CompileOptions::profile, and has counted nothing");
    sums.add(*record);
    add_stages(profile, *record);
    profile.workspace_bytes = std::max(profile.workspace_bytes, function.workspace_bytes());
    ++profile.specialisations;
  }
  sums.fill(profile);
  return profile;
}

/// "1.23 ms".
std::string time_text(double seconds) {
  if (seconds >= 1) return fmt::format("{:.2f} s", seconds);
  if (seconds >= 1e-3) return fmt::format("{:.2f} ms", seconds * 1e3);
  return fmt::format("{:.2f} us", seconds * 1e6);
}

std::string json_text(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) < 32)
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      result += c;
  }
  return result + "\"";
}

}  // namespace

Profile profile(const CompiledFunction& function) { return profile_of({function}, ""); }

Profile profile(const Function& function) {
  if (!function.compile_options().profile)
    throw GraphError("profile: the function was not made with CompileOptions::profile, and has counted nothing");
  return profile_of(function.compiled(), function.name());
}

std::string Profile::text(std::size_t most) const {
  std::string text = fmt::format(
      "{}: {} call{}, {} in kernels{}\n", name.empty() ? "function" : name, calls, calls == 1 ? "" : "s",
      time_text(seconds), calls > 0 ? fmt::format(", {} a call", time_text(seconds / static_cast<double>(calls))) : "");
  text += "compiling:";
  for (const auto& [stage, time] : stages) text += fmt::format(" {} {},", stage, time_text(time));
  text += fmt::format(" {} specialisation{}; workspace {} bytes\n", specialisations, specialisations == 1 ? "" : "s",
                      workspace_bytes);
  const auto table = [&](std::string_view title, const std::vector<ProfileRow>& rows) {
    if (rows.empty()) return;
    text += fmt::format("\n{:>12} {:>7} {:>12}  {}\n", "time", "share", "calls", title);
    for (std::size_t i = 0; i < rows.size() && i < most; ++i)
      text += fmt::format("{:>12} {:>5.1f} % {:>12}  {}\n", time_text(rows[i].seconds), 100 * rows[i].share,
                          rows[i].calls, rows[i].what);
    if (rows.size() > most) text += fmt::format("{:>12} and {} more\n", "", rows.size() - most);
  };
  table("by op", ops);
  table("by place", places);
  table("by kernel", kernels);
  if (!kernels.empty())
    text += "\nKernels are measured; what is fused in one shares its time by the work of its ops.\n";
  return text;
}

std::string Profile::json() const {
  std::string text = fmt::format("{{\"name\": {}, \"calls\": {}, \"seconds\": {}, \"workspace_bytes\": {}, ",
                                 json_text(name), calls, seconds, workspace_bytes);
  text += fmt::format("\"specialisations\": {}, \"stages\": {{", specialisations);
  for (std::size_t i = 0; i < stages.size(); ++i)
    text += fmt::format("{}{}: {}", i == 0 ? "" : ", ", json_text(stages[i].first), stages[i].second);
  text += "}";
  const auto table = [&text](const char* title, const std::vector<ProfileRow>& rows) {
    text += fmt::format(", \"{}\": [", title);
    for (std::size_t i = 0; i < rows.size(); ++i)
      text += fmt::format("{}{{\"what\": {}, \"seconds\": {}, \"share\": {}, \"calls\": {}}}", i == 0 ? "" : ", ",
                          json_text(rows[i].what), rows[i].seconds, rows[i].share, rows[i].calls);
    text += "]";
  };
  table("ops", ops);
  table("places", places);
  table("kernels", kernels);
  return text + "}\n";
}

}  // namespace leapgraph::symbolic

/// What a call needs beside the code: pointers, converted arguments, workspace. Kept from call to call.
#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "leapgraph/symbolic/calls/specialisations.hpp"
#include "leapgraph/symbolic/calls/storage.hpp"

namespace leapgraph::symbolic {

struct Frame {
  Frame(std::size_t inputs, std::size_t read, std::size_t outputs, std::size_t updates)
      : in(inputs + read),
        words(inputs),
        shapes(inputs + read),
        converted(inputs),
        is_given(inputs),
        held(read),
        results(outputs),
        out(outputs + updates) {}

  /// Makes room for that specialisation, whose data follow the inputs.
  void use(const Specialisation& specialisation);

  std::vector<const void*> in;
  std::vector<std::uint64_t> words;  ///< arguments that are numbers
  std::vector<const Shape*> shapes;
  std::vector<std::optional<Array>> converted;  ///< other arguments, where they had to be
  std::vector<bool> is_given;
  std::vector<SharedStorage::Value> held;  ///< values of shared variables
  std::vector<Array> results;              ///< memory of the last call's, used again if nobody holds them
  std::vector<void*> out;
  std::vector<std::int64_t> extents;
  std::unique_ptr<void, decltype(&std::free)> workspace{nullptr, &std::free};
  std::int64_t workspace_bytes = -1;
  RuntimeError error;
  const Specialisation* specialisation = nullptr;  ///< the last one used
  bool has_converted = false;
};

/// Frames that wait for the next call; a thread finds the one it had most of the time.
class Frames {
 public:
  Frames() = default;
  ~Frames() {
    for (Slot& slot : slots_) delete slot.frame.load();
  }
  /// Null where none waits.
  Frame* take() { return slot().frame.exchange(nullptr, std::memory_order_acquire); }
  void give_back(Frame* frame) { delete slot().frame.exchange(frame, std::memory_order_acq_rel); }

 private:
  struct alignas(64) Slot {
    std::atomic<Frame*> frame = nullptr;
  };
  Slot& slot() {
    const auto thread = static_cast<std::uint64_t>(pthread_self());
    return slots_[(thread >> 8) * 0x9e3779b97f4a7c15ULL >> 60];
  }
  std::array<Slot, 16> slots_;
};

}  // namespace leapgraph::symbolic

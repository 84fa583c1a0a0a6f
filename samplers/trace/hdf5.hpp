/// The part of HDF5 that a trace needs, as values and exceptions: files of contiguous arrays with named dimensions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace leapgraph::samplers::hdf5 {

/// How a number lies in the file: float64, int64, or int8 with the attribute dtype = "bool", which is how xarray stores
/// a bool (netCDF4 drops HDF5's enumerations without a word).
enum class Number { real, integer, boolean };
std::int64_t bytes(Number number);

/// An identifier of the HDF5 library, released with the object.
class Handle {
 public:
  Handle() = default;
  explicit Handle(std::int64_t id) : id_(id) {}
  Handle(Handle&& other) noexcept;
  Handle& operator=(Handle&& other) noexcept;
  ~Handle();
  operator std::int64_t() const { return id_; }

 private:
  std::int64_t id_ = -1;
};

/// Keeps HDF5 from printing its errors while it lives (for this thread), and from loading plugins (for the process).
class Quiet {
 public:
  Quiet();
  ~Quiet();
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  int (*print_)(std::int64_t, void*) = nullptr;
  void* print_data_ = nullptr;
  unsigned plugins_ = 0;
};

/// An array with one named dimension an axis.
struct Array {
  std::string name;
  Number number = Number::real;
  std::vector<std::int64_t> shape;
  std::vector<std::string> dimensions;
};

/// Where the bytes of an array are in the file; row-major, in the byte order of this machine.
struct Region {
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
};

/// Lays out a file. Arrays get their place and nothing is written there; the caller fills the regions after `close`.
/// Throws TraceError of kind io.
class Writer {
 public:
  /// Overwrites the (empty) file at `path`, which must be the open file `descriptor`.
  Writer(const std::string& path, int descriptor);

  /// The group in which the following calls work; the root at first.
  void enter_group(const std::string& name);
  void attribute(const std::string& name, const std::string& value);
  void attribute(const std::string& name, std::span<const std::string> values);
  /// A dimension of the current group and its coordinate 0, 1, ...
  void dimension(const std::string& name, std::int64_t length);
  /// `fill` marks cells that are not written; `mark` also says so in the attribute `_FillValue`, for reals.
  Region array(const Array& array, double fill, bool mark);
  /// An attribute of the array made last.
  void array_attribute(const std::string& name, const std::string& value);
  /// Completes the file and gives its size in bytes; closing may leave some fewer.
  std::int64_t close();

 private:
  struct Dimension {
    Handle coordinate;
    std::vector<std::pair<std::uint64_t, int>> uses;  // address of an array, axis
  };
  void leave_group();

  Quiet quiet_;
  std::string path_;
  Handle file_, group_, array_;
  Handle text_, link_names_, attribute_names_;
  std::map<std::string, Dimension> dimensions_;
};

/// Reads what Writer wrote, and trusts none of it. Throws TraceError of kind malformed.
class Reader {
 public:
  explicit Reader(const std::string& path);

  bool has_group(const std::string& name) const;
  /// The arrays of a group in the order they were made, without the coordinates of its dimensions.
  std::vector<Array> arrays(const std::string& group) const;
  std::vector<double> reals(const std::string& group, const Array& array) const;
  std::vector<std::int64_t> integers(const std::string& group, const Array& array) const;
  /// The attributes of the root that are one string.
  std::vector<std::pair<std::string, std::string>> attributes() const;
  std::optional<std::string> array_attribute(const std::string& group, const Array& array,
                                             const std::string& name) const;

 private:
  Handle open_group(const std::string& name) const;
  Handle open_array(const std::string& group, const std::string& name) const;
  std::string where(const std::string& group, const std::string& name) const;

  Quiet quiet_;
  std::string path_;
  std::int64_t size_ = 0;
  Handle file_;
};

}  // namespace leapgraph::samplers::hdf5

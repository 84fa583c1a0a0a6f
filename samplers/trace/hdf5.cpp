/// The only source that sees the HDF5 headers.
#include "leapgraph/samplers/trace/hdf5.hpp"

#include <fmt/format.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "leapgraph/samplers/trace.hpp"

namespace leapgraph::samplers::hdf5 {
namespace {

static_assert(std::is_same_v<hid_t, std::int64_t>);
static_assert(std::is_same_v<H5E_auto2_t, int (*)(std::int64_t, void*)>);

using Kind = TraceError::Kind;

// The innermost message on HDF5's error stack, which is the one that names the cause.
std::string last_message() {
  std::string message;
  const auto first = [](unsigned, const H5E_error2_t* error, void* into) -> herr_t {
    auto& text = *static_cast<std::string*>(into);
    if (text.empty() && error->desc != nullptr) text = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first, &message);
  H5Eclear2(H5E_DEFAULT);
  return message.empty() ? "HDF5 gave no reason" : message;
}

[[noreturn]] void fail(Kind kind, const std::string& what) {
  throw TraceError(kind, fmt::format("{}: {}", what, last_message()));
}

// HDF5 answers with a negative number when a call fails.
template <typename T>
T done(T result, const std::string& what, Kind kind = Kind::io) {
  if (result < 0) fail(kind, what);
  return result;
}

Handle handle(hid_t id, const std::string& what, Kind kind = Kind::io) { return Handle(done(id, what, kind)); }

hid_t file_type(Number number) {
  return number == Number::real ? H5T_IEEE_F64LE : number == Number::integer ? H5T_STD_I64LE : H5T_STD_I8LE;
}

std::vector<hsize_t> extents(std::span<const std::int64_t> shape) { return {shape.begin(), shape.end()}; }

Handle space_of(std::span<const std::int64_t> shape) {
  if (shape.empty()) return handle(H5Screate(H5S_SCALAR), "scalar space");
  return handle(H5Screate_simple(static_cast<int>(shape.size()), extents(shape).data(), nullptr), "space");
}

Handle string_type() {
  Handle type = handle(H5Tcopy(H5T_C_S1), "string type");
  done(H5Tset_size(type, H5T_VARIABLE), "string type");
  done(H5Tset_cset(type, H5T_CSET_UTF8), "string type");
  return type;
}

// Bytes of a valid UTF-8 sequence at the start of `text`, or 0.
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  const std::size_t length = byte(0) < 0xc2 ? 0 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : byte(0) < 0xf5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what lies beyond the last code point.
  const bool bad = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xed && byte(1) >= 0xa0) ||
                   (byte(0) == 0xf0 && byte(1) < 0x90) || (byte(0) == 0xf4 && byte(1) >= 0x90);
  return bad ? 0 : length;
}

// Readers refuse a whole file for one attribute that is not UTF-8; a bad byte becomes U+FFFD, as does a NUL.
std::string utf8(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = text[0] == '\0' ? 0 : utf8_sequence(text);
    if (length == 0) {
      result += "\xef\xbf\xbd";
      text.remove_prefix(1);
    } else {
      result += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return result;
}

// The string of a scalar string attribute; nothing for any other.
std::optional<std::string> read_text(hid_t attribute) {
  const Handle type(H5Aget_type(attribute));
  const Handle space(H5Aget_space(attribute));
  if (type < 0 || space < 0 || H5Tis_variable_str(type) <= 0 || H5Sget_simple_extent_type(space) != H5S_SCALAR)
    return {};
  const Handle memory = string_type();
  done(H5Tset_cset(memory, H5Tget_cset(type)), "string attribute", Kind::malformed);
  char* text = nullptr;
  done(H5Aread(attribute, memory, &text), "string attribute", Kind::malformed);
  std::optional<std::string> result(text == nullptr ? "" : text);
  H5free_memory(text);
  return result;
}

}  // namespace

std::int64_t bytes(Number number) { return number == Number::boolean ? 1 : 8; }

Handle::Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
Handle& Handle::operator=(Handle&& other) noexcept {
  std::swap(id_, other.id_);
  return *this;
}
Handle::~Handle() {
  if (id_ >= 0) H5Idec_ref(id_);
}

Quiet::Quiet() {
  H5open();
  H5Eget_auto2(H5E_DEFAULT, &print_, &print_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLget_loading_state(&plugins_);
  H5PLset_loading_state(0);
}

Quiet::~Quiet() {
  H5PLset_loading_state(plugins_);
  H5Eset_auto2(H5E_DEFAULT, print_, print_data_);
}

Writer::Writer(const std::string& path, int descriptor) : path_(path) {
  // Format of HDF5 1.8: attributes beyond 64 kB, creation order. No timestamps, so that equal runs give equal files.
  const Handle access = handle(H5Pcreate(H5P_FILE_ACCESS), path);
  done(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18), path);
  done(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG), path);
  H5Pset_file_locking(access, false, true);
  const Handle creation = handle(H5Pcreate(H5P_FILE_CREATE), path);
  done(H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED), path);
  done(H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED), path);
  done(H5Pset_obj_track_times(creation, false), path);
  file_ = handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, access), path);

  void* opened = nullptr;
  done(H5Fget_vfd_handle(file_, H5P_DEFAULT, &opened), path);
  struct stat theirs {
  }, ours{};
  if (fstat(*static_cast<int*>(opened), &theirs) != 0 || fstat(descriptor, &ours) != 0 ||
      theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino) {
    throw TraceError(Kind::io, fmt::format("{}: the file was replaced while it was made", path));
  }

  text_ = string_type();
  link_names_ = handle(H5Pcreate(H5P_LINK_CREATE), path);
  done(H5Pset_char_encoding(link_names_, H5T_CSET_UTF8), path);
  attribute_names_ = handle(H5Pcreate(H5P_ATTRIBUTE_CREATE), path);
  done(H5Pset_char_encoding(attribute_names_, H5T_CSET_UTF8), path);
  group_ = handle(H5Gopen2(file_, "/", H5P_DEFAULT), path);
}

void Writer::enter_group(const std::string& name) {
  leave_group();
  const Handle creation = handle(H5Pcreate(H5P_GROUP_CREATE), name);
  done(H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED), name);
  done(H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED), name);
  done(H5Pset_obj_track_times(creation, false), name);
  done(H5Pset_link_phase_change(creation, 64, 32), name);  // no heap for the links of a group of common size
  done(H5Pset_attr_phase_change(creation, 64, 32), name);
  group_ = handle(H5Gcreate2(file_, name.c_str(), link_names_, creation, H5P_DEFAULT), path_ + ": " + name);
}

void Writer::attribute(const std::string& name, const std::string& value) {
  const Handle space = space_of({});
  const Handle attribute =
      handle(H5Acreate2(group_, name.c_str(), text_, space, attribute_names_, H5P_DEFAULT), path_ + ": " + name);
  const std::string text = utf8(value);
  const char* data = text.c_str();
  done(H5Awrite(attribute, text_, &data), path_ + ": " + name);
}

void Writer::attribute(const std::string& name, std::span<const std::string> values) {
  const std::int64_t shape[] = {static_cast<std::int64_t>(values.size())};
  const Handle space = space_of(shape);
  const Handle attribute =
      handle(H5Acreate2(group_, name.c_str(), text_, space, attribute_names_, H5P_DEFAULT), path_ + ": " + name);
  std::vector<const char*> data;
  for (const std::string& value : values) data.push_back(value.c_str());
  done(H5Awrite(attribute, text_, data.data()), path_ + ": " + name);
}

void Writer::dimension(const std::string& name, std::int64_t length) {
  array({.name = name, .number = Number::integer, .shape = {length}, .dimensions = {}}, 0, false);
  done(H5DSset_scale(array_, name.c_str()), path_ + ": " + name);
  std::vector<std::int64_t> coordinate(static_cast<std::size_t>(length));
  for (std::int64_t i = 0; i < length; ++i) coordinate[static_cast<std::size_t>(i)] = i;
  if (length > 0)
    done(H5Dwrite(array_, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, coordinate.data()), path_ + ": " + name);
  dimensions_[name] = {.coordinate = std::move(array_), .uses = {}};
}

Region Writer::array(const Array& array, double fill, bool mark) {
  const std::string what = path_ + ": " + array.name;
  const Handle space = space_of(array.shape);
  const Handle creation = handle(H5Pcreate(H5P_DATASET_CREATE), what);
  done(H5Pset_layout(creation, H5D_CONTIGUOUS), what);
  done(H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY), what);
  done(H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER), what);  // the caller fills, after the file is complete
  done(H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &fill), what);
  done(H5Pset_obj_track_times(creation, false), what);
  array_ = handle(
      H5Dcreate2(group_, array.name.c_str(), file_type(array.number), space, link_names_, creation, H5P_DEFAULT), what);

  if (array.number == Number::boolean) array_attribute("dtype", "bool");
  if (mark) {
    const std::int64_t one[] = {1};
    const Handle single = space_of(one);
    const Handle attribute =
        handle(H5Acreate2(array_, "_FillValue", file_type(array.number), single, H5P_DEFAULT, H5P_DEFAULT), what);
    done(H5Awrite(attribute, H5T_NATIVE_DOUBLE, &fill), what);
  }

  // DIMENSION_LIST is what H5DSattach_scale would write; its other half follows in leave_group, once a dimension.
  if (!array.dimensions.empty()) {
    hobj_ref_t self = 0;
    done(H5Rcreate(&self, array_, ".", H5R_OBJECT, -1), what);
    std::vector<hobj_ref_t> scales(array.dimensions.size());
    std::vector<hvl_t> list(array.dimensions.size());
    for (std::size_t axis = 0; axis < array.dimensions.size(); ++axis) {
      Dimension& dimension = dimensions_.at(array.dimensions[axis]);
      done(H5Rcreate(&scales[axis], dimension.coordinate, ".", H5R_OBJECT, -1), what);
      list[axis] = {.len = 1, .p = &scales[axis]};
      dimension.uses.emplace_back(self, static_cast<int>(axis));
    }
    const Handle type = handle(H5Tvlen_create(H5T_STD_REF_OBJ), what);
    const std::int64_t rank[] = {static_cast<std::int64_t>(list.size())};
    const Handle axes = space_of(rank);
    const Handle attribute = handle(H5Acreate2(array_, "DIMENSION_LIST", type, axes, H5P_DEFAULT, H5P_DEFAULT), what);
    done(H5Awrite(attribute, type, list.data()), what);
  }

  std::int64_t count = bytes(array.number);
  for (const std::int64_t n : array.shape) count *= n;
  if (count == 0) return {};
  const haddr_t offset = H5Dget_offset(array_);
  if (offset == HADDR_UNDEF) fail(Kind::io, what);
  return {.offset = static_cast<std::int64_t>(offset), .bytes = count};
}

void Writer::array_attribute(const std::string& name, const std::string& value) {
  const Handle space = space_of({});
  const Handle attribute =
      handle(H5Acreate2(array_, name.c_str(), text_, space, attribute_names_, H5P_DEFAULT), path_ + ": " + name);
  const std::string text = utf8(value);
  const char* data = text.c_str();
  done(H5Awrite(attribute, text_, &data), path_ + ": " + name);
}

void Writer::leave_group() {
  struct Use {
    hobj_ref_t array;
    int axis;
  };
  const Handle memory = handle(H5Tcreate(H5T_COMPOUND, sizeof(Use)), path_);
  done(H5Tinsert(memory, "dataset", offsetof(Use, array), H5T_STD_REF_OBJ), path_);
  done(H5Tinsert(memory, "dimension", offsetof(Use, axis), H5T_NATIVE_INT), path_);
  const Handle stored = handle(H5Tcreate(H5T_COMPOUND, sizeof(hobj_ref_t) + 4), path_);
  done(H5Tinsert(stored, "dataset", 0, H5T_STD_REF_OBJ), path_);
  done(H5Tinsert(stored, "dimension", sizeof(hobj_ref_t), H5T_STD_I32LE), path_);
  for (const auto& [name, dimension] : dimensions_) {
    if (dimension.uses.empty()) continue;
    std::vector<Use> uses;
    for (const auto& [array, axis] : dimension.uses) uses.push_back({array, axis});
    const std::int64_t count[] = {static_cast<std::int64_t>(uses.size())};
    const Handle space = space_of(count);
    const Handle attribute =
        handle(H5Acreate2(dimension.coordinate, "REFERENCE_LIST", stored, space, H5P_DEFAULT, H5P_DEFAULT),
               path_ + ": " + name);
    done(H5Awrite(attribute, memory, uses.data()), path_ + ": " + name);
  }
  dimensions_.clear();
  array_ = Handle();
}

std::int64_t Writer::close() {
  leave_group();
  group_ = Handle();
  hsize_t size = 0;
  done(H5Fflush(file_, H5F_SCOPE_GLOBAL), path_);
  done(H5Fget_filesize(file_, &size), path_);
  const Handle file = std::move(file_);
  return static_cast<std::int64_t>(size);
}

Reader::Reader(const std::string& path) : path_(path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    throw TraceError(errno == ENOENT ? Kind::missing : Kind::io, fmt::format("{}: {}", path, std::strerror(errno)));
  }
  if (!S_ISREG(status.st_mode)) throw TraceError(Kind::malformed, fmt::format("{} is not a regular file", path));
  size_ = status.st_size;
  const Handle access = handle(H5Pcreate(H5P_FILE_ACCESS), path);
  done(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG), path);
  H5Pset_file_locking(access, false, true);
  if (H5Fis_hdf5(path.c_str()) == 0) throw TraceError(Kind::malformed, fmt::format("{} is not an HDF5 file", path));
  file_ = handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), path + ": cannot be opened as HDF5", Kind::malformed);
}

std::string Reader::where(const std::string& group, const std::string& name) const {
  return fmt::format("{}: /{}/{}", path_, group, name);
}

bool Reader::has_group(const std::string& name) const { return H5Lexists(file_, name.c_str(), H5P_DEFAULT) > 0; }

Handle Reader::open_group(const std::string& name) const {
  const std::string what = fmt::format("{}: group {}", path_, name);
  H5L_info_t link{};
  done(H5Lget_info(file_, name.c_str(), &link, H5P_DEFAULT), what, Kind::malformed);
  if (link.type != H5L_TYPE_HARD) throw TraceError(Kind::malformed, what + " is a link to elsewhere");
  Handle group = handle(H5Oopen(file_, name.c_str(), H5P_DEFAULT), what, Kind::malformed);
  if (H5Iget_type(group) != H5I_GROUP) throw TraceError(Kind::malformed, what + " is not a group");
  return group;
}

// Only arrays whose bytes are in this file, whole, uncompressed and in one piece are read.
Handle Reader::open_array(const std::string& group_name, const std::string& name) const {
  const std::string what = where(group_name, name);
  const Handle group = open_group(group_name);
  H5L_info_t link{};
  done(H5Lget_info(group, name.c_str(), &link, H5P_DEFAULT), what, Kind::malformed);
  if (link.type != H5L_TYPE_HARD) throw TraceError(Kind::malformed, what + " is a link to elsewhere");
  Handle array = handle(H5Oopen(group, name.c_str(), H5P_DEFAULT), what, Kind::malformed);
  if (H5Iget_type(array) != H5I_DATASET) throw TraceError(Kind::malformed, what + " is not an array");
  const Handle creation = handle(H5Dget_create_plist(array), what, Kind::malformed);
  if (H5Pget_layout(creation) != H5D_CONTIGUOUS || H5Pget_external_count(creation) != 0 ||
      H5Pget_nfilters(creation) != 0) {
    throw TraceError(Kind::malformed, what + " is not stored in one piece in this file");
  }
  return array;
}

std::vector<Array> Reader::arrays(const std::string& group_name) const {
  const Handle group = open_group(group_name);
  H5G_info_t info{};
  done(H5Gget_info(group, &info), where(group_name, ""), Kind::malformed);
  // Files of ours keep the order of creation; one that does not has come through another program, and is read by name.
  char probe[1];
  const bool ordered = info.nlinks == 0 ||
                       H5Lget_name_by_idx(group, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, 0, probe, 0, H5P_DEFAULT) >= 0;
  const H5_index_t index = ordered ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
  std::vector<Array> result;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const ssize_t length = H5Lget_name_by_idx(group, ".", index, H5_ITER_INC, i, nullptr, 0, H5P_DEFAULT);
    done(length, where(group_name, ""), Kind::malformed);
    std::string name(static_cast<std::size_t>(length), '\0');
    H5Lget_name_by_idx(group, ".", index, H5_ITER_INC, i, name.data(), name.size() + 1, H5P_DEFAULT);
    const std::string what = where(group_name, name);
    const Handle array = open_array(group_name, name);
    if (H5DSis_scale(array) > 0) continue;

    Array found{.name = name, .number = Number::real, .shape = {}, .dimensions = {}};
    const Handle type = handle(H5Dget_type(array), what, Kind::malformed);
    if (H5Tequal(type, H5T_IEEE_F64LE) > 0) {
      found.number = Number::real;
    } else if (H5Tequal(type, H5T_STD_I64LE) > 0) {
      found.number = Number::integer;
    } else if (H5Tequal(type, H5T_STD_I8LE) > 0) {
      found.number = Number::boolean;
    } else {
      throw TraceError(Kind::malformed, what + " holds neither reals, integers nor booleans");
    }
    const Handle space = handle(H5Dget_space(array), what, Kind::malformed);
    const int rank = done(H5Sget_simple_extent_ndims(space), what, Kind::malformed);
    std::vector<hsize_t> sizes(static_cast<std::size_t>(rank));
    if (rank > 0) done(H5Sget_simple_extent_dims(space, sizes.data(), nullptr), what, Kind::malformed);
    // An array that is larger than its file is a forgery, and would be allocated before it is found out.
    const double room = static_cast<double>(size_);
    double needed = static_cast<double>(bytes(found.number));
    for (const hsize_t n : sizes) {
      needed *= static_cast<double>(n);
      // In our files every size is that of a coordinate, which is there too.
      if (static_cast<double>(n) * 8.0 > room) throw TraceError(Kind::malformed, what + " has an impossible size");
      found.shape.push_back(static_cast<std::int64_t>(n));
    }
    if (needed > 0) {
      const haddr_t offset = H5Dget_offset(array);
      if (needed > room || offset == HADDR_UNDEF || static_cast<double>(offset) + needed > room) {
        throw TraceError(Kind::malformed, what + " reaches beyond the end of the file");
      }
    }
    result.push_back(std::move(found));
  }
  return result;
}

std::vector<double> Reader::reals(const std::string& group, const Array& array) const {
  std::size_t count = 1;
  for (const std::int64_t n : array.shape) count *= static_cast<std::size_t>(n);
  std::vector<double> values(count);
  const Handle dataset = open_array(group, array.name);
  if (count > 0) {
    done(H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), where(group, array.name),
         Kind::malformed);
  }
  return values;
}

std::vector<std::int64_t> Reader::integers(const std::string& group, const Array& array) const {
  std::size_t count = 1;
  for (const std::int64_t n : array.shape) count *= static_cast<std::size_t>(n);
  std::vector<std::int64_t> values(count);
  const Handle dataset = open_array(group, array.name);
  if (count > 0) {
    done(H5Dread(dataset, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), where(group, array.name),
         Kind::malformed);
  }
  return values;
}

std::vector<std::pair<std::string, std::string>> Reader::attributes() const {
  std::vector<std::string> names;
  const auto collect = [](hid_t, const char* name, const H5A_info_t*, void* into) -> herr_t {
    static_cast<std::vector<std::string>*>(into)->emplace_back(name);
    return 0;
  };
  if (H5Aiterate2(file_, H5_INDEX_CRT_ORDER, H5_ITER_INC, nullptr, collect, &names) < 0) {
    names.clear();
    done(H5Aiterate2(file_, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &names), path_ + ": attributes",
         Kind::malformed);
  }
  std::vector<std::pair<std::string, std::string>> result;
  for (const std::string& name : names) {
    const Handle attribute = handle(H5Aopen(file_, name.c_str(), H5P_DEFAULT), path_ + ": " + name, Kind::malformed);
    if (auto text = read_text(attribute)) result.emplace_back(name, std::move(*text));
  }
  return result;
}

std::optional<std::string> Reader::array_attribute(const std::string& group, const Array& array,
                                                   const std::string& name) const {
  const Handle dataset = open_array(group, array.name);
  if (H5Aexists(dataset, name.c_str()) <= 0) return {};
  const Handle attribute =
      handle(H5Aopen(dataset, name.c_str(), H5P_DEFAULT), where(group, array.name), Kind::malformed);
  return read_text(attribute);
}

}  // namespace leapgraph::samplers::hdf5

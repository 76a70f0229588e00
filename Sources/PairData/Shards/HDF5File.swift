internal import CHDF5
import Foundation
import Runtime
import Storage

/// The serial HDF5 library, which is not safe for threads: every call happens inside ``locked(_:)``.
enum HDF5 {
  private static let lock = NSRecursiveLock()
  // Errors become `Failure`s; the library's own printing is off. Every file is closed here, so there is nothing to do at exit,
  // where the library would crash over a file that a full disk kept it from closing.
  private static let isReady: Bool = H5dont_atexit() >= 0 && H5open() >= 0 && croco_h5_silence() >= 0

  /// Runs `body` while no other thread is inside the library.
  static func locked<Result>(_ body: () throws -> Result) throws -> Result {
    lock.lock()
    defer { lock.unlock() }
    guard isReady else { throw Failure(.internalError, "The HDF5 library does not start.") }
    return try body()
  }

  /// The library's version, such as "1.10.8".
  static var version: String {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    lock.lock()
    defer { lock.unlock() }
    // Any call starts the library, which then no longer takes the setting of ``isReady``.
    guard isReady else { return "unknown" }
    return H5get_libversion(&major, &minor, &release) >= 0 ? "\(major).\(minor).\(release)" : "unknown"
  }

  /// The innermost message of the library's error stack.
  static func errorText() -> String {
    var text = ""
    withUnsafeMutablePointer(to: &text) { pointer in
      _ = H5Ewalk2(
        0, H5E_WALK_UPWARD,
        { depth, record, client in
          if depth == 0, let description = record?.pointee.desc {
            client?.assumingMemoryBound(to: String.self).pointee = String(cString: description)
          }
          return 0
        }, pointer)
    }
    return text.isEmpty ? "no reason given" : text
  }
}

/// The element types of a shard.
protocol HDF5Element: BitwiseCopyable {
  static var nativeType: hid_t { get }
  static var fileType: hid_t { get }
}

extension UInt8: HDF5Element {
  static var nativeType: hid_t { croco_h5_native_uint8() }
  static var fileType: hid_t { croco_h5_uint8le() }
}
extension UInt16: HDF5Element {
  static var nativeType: hid_t { croco_h5_native_uint16() }
  static var fileType: hid_t { croco_h5_uint16le() }
}
extension UInt32: HDF5Element {
  static var nativeType: hid_t { croco_h5_native_uint32() }
  static var fileType: hid_t { croco_h5_uint32le() }
}
extension UInt64: HDF5Element {
  static var nativeType: hid_t { croco_h5_native_uint64() }
  static var fileType: hid_t { croco_h5_uint64le() }
}
extension Float: HDF5Element {
  static var nativeType: hid_t { croco_h5_native_float() }
  static var fileType: hid_t { croco_h5_float32le() }
}

/// An open HDF5 file. Use it inside `HDF5.locked` only; close it there.
struct HDF5File {
  let path: String
  private let file: hid_t
  private let isWriting: Bool

  /// Creates a file whose bytes depend on its content only: without time stamps.
  init(creating path: String) throws {
    let access = H5Pcreate(croco_h5_file_access())
    defer { H5Pclose(access) }
    self.path = path
    isWriting = true
    guard access >= 0, croco_h5_disable_locking(access) >= 0, croco_h5_use_format_18(access) >= 0 else {
      throw Failure(.internalError, "HDF5 refuses its access properties: \(HDF5.errorText()).")
    }
    // The root group takes its properties from the file's.
    let creation = H5Pcreate(croco_h5_file_create())
    defer { H5Pclose(creation) }
    guard H5Pset_obj_track_times(creation, false) >= 0 else {
      throw Failure(.internalError, "HDF5 refuses its creation properties: \(HDF5.errorText()).")
    }
    file = H5Fcreate(path, croco_h5_truncate(), creation, access)
    guard file >= 0 else { throw Failure(.inputOutput, "Cannot create \(path): \(HDF5.errorText()).") }
  }

  /// Opens a file for reading, without file locks.
  init(reading path: String) throws {
    let access = H5Pcreate(croco_h5_file_access())
    defer { H5Pclose(access) }
    self.path = path
    isWriting = false
    guard access >= 0, croco_h5_disable_locking(access) >= 0 else {
      throw Failure(.internalError, "HDF5 refuses its access properties: \(HDF5.errorText()).")
    }
    file = H5Fopen(path, croco_h5_read_only(), access)
    guard file >= 0 else { throw failure("open the file") }
  }

  /// Closes the file, which flushes a new one.
  func close() throws {
    guard H5Fclose(file) >= 0 else { throw failure("close the file") }
  }

  // MARK: Writing

  func createGroup(_ name: String) throws {
    let creation = H5Pcreate(croco_h5_group_create())
    defer { H5Pclose(creation) }
    try check(H5Pset_obj_track_times(creation, false), "create group \(name)")
    let group = H5Gcreate2(file, name, croco_h5_default(), creation, croco_h5_default())
    try check(group, "create group \(name)")
    try check(H5Gclose(group), "create group \(name)")
  }

  /// Writes a whole contiguous array.
  func write<Element: HDF5Element>(_ name: String, _ values: [Element], shape: [Int]) throws {
    precondition(shape.reduce(1, *) == values.count, "\(name): \(values.count) values do not fill the shape \(shape)")
    let dataset = try createDataset(name, Element.fileType, shape: shape, allocated: false)
    defer { H5Dclose(dataset) }
    guard !values.isEmpty else { return }
    let status = values.withUnsafeBytes {
      H5Dwrite(dataset, Element.nativeType, croco_h5_all(), croco_h5_all(), croco_h5_default(), $0.baseAddress)
    }
    try check(status, "write \(name)")
  }

  /// Creates a contiguous array, to be filled by `pwrite` at the returned offset once the file is closed.
  func reserve<Element: HDF5Element>(_ name: String, _: Element.Type, shape: [Int]) throws -> Int {
    let dataset = try createDataset(name, Element.fileType, shape: shape, allocated: true)
    defer { H5Dclose(dataset) }
    return try offset(of: dataset, name)
  }

  /// Writes texts as UTF-8, each padded with zeros to the length of the longest.
  func write(_ name: String, _ texts: [String]) throws {
    let length = max(1, texts.map(\.utf8.count).max() ?? 0)
    var bytes: [UInt8] = []
    for text in texts { bytes += Array(text.utf8) + [UInt8](repeating: 0, count: length - text.utf8.count) }
    let type = try textType(length, "write \(name)")
    defer { H5Tclose(type) }
    let dataset = try createDataset(name, type, shape: [texts.count], allocated: false)
    defer { H5Dclose(dataset) }
    let status = H5Dwrite(dataset, type, croco_h5_all(), croco_h5_all(), croco_h5_default(), bytes)
    try check(status, "write \(name)")
  }

  func writeAttribute(_ name: String, _ text: String) throws {
    let bytes = Array(text.utf8)
    let type = try textType(max(1, bytes.count), "write attribute \(name)")
    defer { H5Tclose(type) }
    try writeAttribute(name, fileType: type, memoryType: type, bytes.isEmpty ? [0] : bytes)
  }

  /// UTF-8 texts of a fixed number of bytes; to be closed.
  private func textType(_ length: Int, _ action: String) throws -> hid_t {
    let type = H5Tcopy(croco_h5_c_string())
    try check(type, action)
    try check(H5Tset_size(type, length), action)
    try check(H5Tset_cset(type, H5T_CSET_UTF8), action)
    try check(H5Tset_strpad(type, H5T_STR_NULLPAD), action)
    return type
  }

  func writeAttribute(_ name: String, _ value: UInt32) throws {
    try writeAttribute(name, fileType: UInt32.fileType, memoryType: UInt32.nativeType, [value])
  }

  private func writeAttribute<Element>(_ name: String, fileType: hid_t, memoryType: hid_t, _ value: [Element]) throws {
    let space = H5Screate(H5S_SCALAR)
    defer { H5Sclose(space) }
    let attribute = H5Acreate2(file, name, fileType, space, croco_h5_default(), croco_h5_default())
    try check(attribute, "write attribute \(name)")
    defer { H5Aclose(attribute) }
    try check(value.withUnsafeBytes { H5Awrite(attribute, memoryType, $0.baseAddress) }, "write attribute \(name)")
  }

  private func createDataset(_ name: String, _ fileType: hid_t, shape: [Int], allocated: Bool) throws -> hid_t {
    let extents = shape.map { hsize_t($0) }
    let space = H5Screate_simple(Int32(extents.count), extents, nil)
    defer { H5Sclose(space) }
    let creation = H5Pcreate(croco_h5_dataset_create())
    defer { H5Pclose(creation) }
    try check(H5Pset_obj_track_times(creation, false), "create \(name)")
    try check(H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER), "create \(name)")
    if allocated { try check(H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY), "create \(name)") }
    let dataset = H5Dcreate2(file, name, fileType, space, croco_h5_default(), creation, croco_h5_default())
    try check(dataset, "create \(name)")
    return dataset
  }

  // MARK: Reading

  /// Where a contiguous array of the given type lies in the file, for `pread`, with its extents.
  ///
  /// - Throws: `Failure` of kind `badData` for an array of another type or storage.
  func array<Element: HDF5Element>(
    _ name: String, of _: Element.Type
  ) throws -> (array: StoredArray<Element>, shape: [Int]) {
    let dataset = try open(name)
    defer { H5Dclose(dataset) }
    let type = H5Dget_type(dataset)
    defer { H5Tclose(type) }
    guard H5Tequal(type, Element.fileType) > 0 else {
      throw Failure(.badData, "\(path) is not a sound shard: \(name) has another type than the format's.")
    }
    let shape = try shape(of: dataset, name)
    let count = shape.reduce(1, *)
    // An array without elements has no place.
    return (StoredArray(offset: count == 0 ? 0 : try offset(of: dataset, name), count: count), shape)
  }

  /// Whether the file holds an array or group of that path; its parent exists.
  func contains(_ name: String) -> Bool { H5Lexists(file, name, croco_h5_default()) > 0 }

  private func open(_ name: String) throws -> hid_t {
    let dataset = H5Dopen2(file, name, croco_h5_default())
    try check(dataset, "open \(name)")
    return dataset
  }

  private func shape(of dataset: hid_t, _ name: String) throws -> [Int] {
    let space = H5Dget_space(dataset)
    defer { H5Sclose(space) }
    let rank = H5Sget_simple_extent_ndims(space)
    try check(Int64(rank), "read the shape of \(name)")
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    try check(Int64(H5Sget_simple_extent_dims(space, &extents, nil)), "read the shape of \(name)")
    var product = 1
    for extent in extents {
      let (next, overflow) = product.multipliedReportingOverflow(by: max(1, Int(clamping: extent)))
      // No array can be larger than 2^46 elements, whatever a spoilt header says.
      guard !overflow, next < 1 << 46 else { throw Failure(.badData, "\(path): the shape of \(name) is impossible.") }
      product = next
    }
    return extents.map { Int($0) }
  }

  private func offset(of dataset: hid_t, _ name: String) throws -> Int {
    let offset = H5Dget_offset(dataset)
    guard offset != croco_h5_undefined_address(), offset < 1 << 62 else { throw failure("locate \(name)") }
    return Int(offset)
  }

  private func check(_ status: hid_t, _ action: String) throws {
    if status < 0 { throw failure(action) }
  }

  private func check(_ status: herr_t, _ action: String) throws {
    if status < 0 { throw failure(action) }
  }

  private func failure(_ action: String) -> Failure {
    let text = HDF5.errorText()
    guard isWriting else {
      return Failure(
        .badData, "\(path) is not a sound shard: HDF5 cannot \(action): \(text).",
        hint: "Copy or convert the data set again.")
    }
    // The library's text goes on with addresses and sizes of its buffers.
    if let number = Failure.systemCode(namedIn: text) {
      return .cannotWrite(path, code: number)
    }
    return Failure(.inputOutput, "Cannot write \(path): HDF5 cannot \(action): \(text).")
  }
}

import CHDF5
import Diagnostics
package import Files

/// An HDF5 file without its rows, laid out by libhdf5 in memory: groups, attributes, small datasets whole, and for the large ones
/// only the place where their rows belong.
///
/// libhdf5 never writes to the user's disk (it reports success on full disks); it lays the skeleton out in sparse memory of ours, and
/// its few kilobytes are copied with checked writes and read back. Equal calls give equal bytes.
package final class Skeleton {
  /// Where the rows of a large dataset lie in the file.
  package struct Extent: Sendable, Equatable {
    package var offset: Int
    package var byteCount: Int
  }

  package static let alignment = 4096

  private let image: MemoryImage
  private let file: hid_t
  private var isOpen = true
  private var extents: [Extent] = []
  private var contents: [Content] = []

  /// - Parameter mostBytes: more memory than this is not taken.
  package init(mostBytes: Int = .max) throws {
    let image = try MemoryImage(mostBytes: mostBytes)
    self.image = image
    file = try withLibrary {
      func failure() -> InputError { libraryError("libhdf5", "the layout can't be made") }
      return try using(H5Pcreate(captioneer_hdf5_file_access()), H5Pclose, orThrow: failure()) { access in
        try using(H5Pcreate(captioneer_hdf5_file_create()), H5Pclose, orThrow: failure()) { creation in
          try image.select(access)
          try require(H5Pset_alignment(access, 1, hsize_t(Self.alignment)), orThrow: failure())
          try require(H5Pset_obj_track_times(creation, false), orThrow: failure())
          let file = unsafe H5Fcreate("layout", captioneer_hdf5_truncate(), creation, access)
          try require(file < 0 ? -1 : 0, orThrow: libraryError("libhdf5", "the layout can't be made"))
          return file
        }
      }
    }
  }

  deinit {
    if isOpen { _ = try? withLibrary { _ = H5Fclose(file) } }
  }

  /// Makes room for a large dataset whose rows are written by others. The first one's place does not depend on what follows.
  ///
  /// - Returns: where its bytes belong in the file.
  package func reserve(_ name: String, _ type: ElementType, shape: [Int], description: String) throws -> Extent {
    let extent = try lay { () -> Extent in
      try type.withHandle { handle in
        try create(name, shape: shape, handle: handle) { dataset in
          try attach(dataset, "description", [description], isScalar: true)
          let address = H5Dget_offset(dataset)
          guard address != captioneer_hdf5_undefined_address() else { throw libraryError(name, "has no place") }
          return Extent(offset: Int(address), byteCount: shape.reduce(type.byteCount, *))
        }
      }
    }
    extents.append(extent)
    contents.append(.rows(name, .init(type: type, shape: shape, offset: extent.offset), description))
    return extent
  }

  /// Writes a small dataset whole. A name such as `ledger/reasons` makes the group.
  package func write(_ name: String, _ column: Column, shape: [Int]? = nil, description: String) throws {
    let shape = shape ?? [column.count]
    func store<T: BitwiseCopyable>(_ values: [T], _ type: ElementType) throws {
      try type.withHandle { handle in
        try create(name, shape: shape, handle: handle) { dataset in
          try attach(dataset, "description", [description], isScalar: true)
          guard !values.isEmpty else { return }
          let status = unsafe values.withUnsafeBytes { bytes in
            unsafe H5Dwrite(dataset, handle, 0, 0, captioneer_hdf5_default(), bytes.baseAddress)
          }
          try require(status, orThrow: libraryError(name, "can't be laid out"))
        }
      }
    }
    try lay {
      switch column {
      case .uint8(let values): try store(values, .uint8)
      case .int32(let values): try store(values, .int32)
      case .int64(let values): try store(values, .int64)
      case .uint32(let values): try store(values, .uint32)
      case .text(let values):
        try withTextType { type in
          try create(name, shape: shape, handle: type) { dataset in
            try attach(dataset, "description", [description], isScalar: true)
            guard !values.isEmpty else { return }
            let status = unsafe withCStrings(values) { pointers in
              unsafe H5Dwrite(dataset, type, 0, 0, captioneer_hdf5_default(), pointers)
            }
            try require(status, orThrow: libraryError(name, "can't be laid out"))
          }
        }
      }
    }
    contents.append(.column(name, column, shape, description))
  }

  /// A root attribute of text.
  package func setAttribute(_ name: String, _ text: String) throws {
    try lay { try attach(file, name, [text], isScalar: true) }
    contents.append(.texts(name, [text]))
  }

  /// A root attribute of several texts.
  package func setAttribute(_ name: String, _ texts: [String]) throws {
    try lay { try attach(file, name, texts, isScalar: false) }
    contents.append(.texts(name, texts))
  }

  /// A root attribute of one whole number.
  package func setAttribute(_ name: String, _ value: Int) throws {
    try lay {
      func failure() -> InputError { libraryError(name, "the attribute can't be written") }
      try using(H5Screate(H5S_SCALAR), H5Sclose, orThrow: failure()) { space in
        let made = unsafe H5Acreate2(file, name, captioneer_hdf5_int64(), space, 0, 0)
        try using(made, H5Aclose, orThrow: failure()) { attribute in
          var stored = Int64(value)
          try require(unsafe H5Awrite(attribute, captioneer_hdf5_int64(), &stored), orThrow: failure())
        }
      }
    }
    contents.append(.number(name, value))
  }

  /// Ends the layout and writes everything but the reserved rows into `output` at the same places.
  ///
  /// - Returns: the file's full length, which `output` then has.
  package func copyMetadata(to output: OutputFile) throws -> Int {
    try lay {
      isOpen = false
      try require(H5Fclose(file), orThrow: libraryError(output.path, "the layout can't be ended"))
      guard !image.isOpen else { throw InputError(file: output.path, "libhdf5 did not end the layout") }
    }
    for range in metadata { try image.copy(range, to: output) }
    let end = image.byteCount
    try output.truncate(to: end)
    return end
  }

  /// Everything but the reserved rows.
  private var metadata: [Range<Int>] {
    var position = 0
    var ranges: [Range<Int>] = []
    for extent in extents.sorted(by: { $0.offset < $1.offset }) + [Extent(offset: image.byteCount, byteCount: 0)] {
      ranges.append(position..<extent.offset)
      position = extent.offset + extent.byteCount
    }
    return ranges
  }

  /// Reads everything small back from the bytes of `output`, and where the large datasets lie, and compares it with what was laid out.
  ///
  /// - Throws: `InputError` naming what is not as it was asked for.
  package func check(_ output: OutputFile) throws {
    func fail(_ problem: String) -> InputError {
      InputError(
        file: output.path, "what was written can't be read back: \(problem)",
        remedy: "check the memory and the disk, and run the command again")
    }
    let map = try output.mapped()
    // First as bytes: libhdf5 may crash, or read for ever, in what is not as it wrote it.
    for range in metadata {
      if let place = image.firstDifference(in: range, from: map) { throw fail("byte \(place) is another") }
    }
    do {
      let written = try HDF5File(map)
      for content in contents {
        if try !content.isIn(written) { throw fail("\(content.name) is not what was laid out") }
      }
    } catch let error as InputError where error.file != output.path {
      throw fail(error.description)
    }
  }

  /// Runs `body` alone in libhdf5; what could not be kept in memory is an error even where libhdf5 didn't notice.
  private func lay<T: Sendable>(_ body: () throws -> T) throws -> T {
    try withLibrary {
      let result = try body()
      try image.checkWrites()
      return result
    }
  }

  private func create<T>(_ name: String, shape: [Int], handle: hid_t, _ body: (hid_t) throws -> T) throws -> T {
    if let slash = name.lastIndex(of: "/") { try makeGroup(String(name[..<slash])) }
    func failure() -> InputError { libraryError(name, "can't be laid out") }
    let extents = shape.map { hsize_t($0) }
    let space = unsafe H5Screate_simple(Int32(shape.count), extents, nil)
    return try using(space, H5Sclose, orThrow: failure()) { space in
      let dataset = try using(H5Pcreate(captioneer_hdf5_dataset_create()), H5Pclose, orThrow: failure()) { creation in
        try require(H5Pset_layout(creation, H5D_CONTIGUOUS), orThrow: failure())
        try require(H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY), orThrow: failure())
        // libhdf5 must be let fill datasets of variable-length text: stray bytes there would be pointers.
        if H5Tis_variable_str(handle) <= 0 {
          try require(H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER), orThrow: failure())
        }
        try require(H5Pset_obj_track_times(creation, false), orThrow: failure())
        return unsafe H5Dcreate2(file, name, handle, space, 0, creation, 0)
      }
      return try using(dataset, H5Dclose, orThrow: libraryError(name, "can't be laid out"), body)
    }
  }

  private func makeGroup(_ name: String) throws {
    guard unsafe H5Lexists(file, name, 0) <= 0 else { return }
    func failure() -> InputError { libraryError(name, "the group can't be made") }
    try using(H5Pcreate(captioneer_hdf5_group_create()), H5Pclose, orThrow: failure()) { creation in
      try require(H5Pset_obj_track_times(creation, false), orThrow: failure())
      try using(unsafe H5Gcreate2(file, name, 0, creation, 0), H5Gclose, orThrow: failure()) { _ in }
    }
  }

  private func attach(_ object: hid_t, _ name: String, _ texts: [String], isScalar: Bool) throws {
    func failure() -> InputError { libraryError(name, "the attribute can't be written") }
    try withTextType { type in
      let extents = [hsize_t(texts.count)]
      let space = unsafe isScalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, extents, nil)
      try using(space, H5Sclose, orThrow: failure()) { space in
        try using(unsafe H5Acreate2(object, name, type, space, 0, 0), H5Aclose, orThrow: failure()) { attribute in
          let status = unsafe withCStrings(texts) { unsafe H5Awrite(attribute, type, $0) }
          try require(status, orThrow: failure())
        }
      }
    }
  }
}

/// What a skeleton was asked to hold.
private enum Content {
  case rows(String, HDF5File.Dataset, _ description: String)
  case column(String, Column, _ shape: [Int], _ description: String)
  case texts(String, [String])
  case number(String, Int)

  var name: String {
    switch self {
    case .rows(let name, _, _), .column(let name, _, _, _), .texts(let name, _), .number(let name, _): name
    }
  }

  /// Whether `file` has it, value for value.
  func isIn(_ file: HDF5File) throws -> Bool {
    switch self {
    case .rows(let name, let dataset, let description):
      return try file.dataset(name) == dataset && isEqual(file.description(of: name), description)
    case .column(let name, let column, let shape, let description):
      guard try isEqual(file.description(of: name), description) else { return false }
      switch column {
      case .uint8(let values): return try file.uint8(name) == values && file.dataset(name).shape == shape
      case .int32(let values): return try file.int32(name) == values && file.dataset(name).shape == shape
      case .int64(let values): return try file.int64(name) == values && file.dataset(name).shape == shape
      case .uint32(let values): return try file.uint32(name) == values && file.dataset(name).shape == shape
      case .text(let values): return try areEqual(file.text(name), values)
      }
    case .texts(let name, let texts): return try areEqual(file.texts(attribute: name) ?? [], texts)
    case .number(let name, let value): return try file.integer(attribute: name) == value
    }
  }

  /// Byte for byte: Swift's own equality lets composed and decomposed letters be the same.
  private func areEqual(_ one: [String], _ other: [String]) -> Bool {
    one.count == other.count && zip(one, other).allSatisfy { isEqual($0, $1) }
  }

  private func isEqual(_ one: String?, _ other: String) -> Bool {
    one.map { $0.utf8.elementsEqual(other.utf8) } ?? false
  }
}

/// Calls `body` with an array of NUL-terminated strings, all of them in one allocation.
private func withCStrings<T>(_ texts: [String], _ body: (UnsafeRawPointer) throws -> T) rethrows -> T {
  var bytes: [CChar] = []
  var starts: [Int] = []
  for text in texts {
    starts.append(bytes.count)
    for byte in text.utf8 { bytes.append(CChar(bitPattern: byte)) }
    bytes.append(0)
  }
  return try unsafe bytes.withUnsafeBufferPointer { storage in
    let pointers = unsafe starts.map { unsafe storage.baseAddress! + $0 }
    return try unsafe pointers.withUnsafeBytes { unsafe try body($0.baseAddress!) }
  }
}

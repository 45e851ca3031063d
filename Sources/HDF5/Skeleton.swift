import CHDF5
import Diagnostics
public import Files

/// An HDF5 file without its rows, laid out by libhdf5 in memory: groups, attributes, small datasets whole, and for the large ones
/// only the place where their rows belong.
///
/// libhdf5 never writes to the user's disk (it reports success on full disks); it lays the skeleton out in a sparse memory file,
/// and its few kilobytes are copied with checked writes. Equal calls give equal bytes.
public final class Skeleton {
  /// Where the rows of a large dataset lie in the file.
  public struct Extent: Sendable, Equatable {
    public var offset: Int
    public var byteCount: Int
  }

  public static let alignment = 4096

  private let memory: MemoryFile
  private let file: hid_t
  private var isOpen = true
  private var extents: [Extent] = []

  public init() throws {
    let memory = try MemoryFile(name: "captioneer-skeleton")
    self.memory = memory
    file = try withLibrary {
      let access = H5Pcreate(captioneer_hdf5_file_access())
      let creation = H5Pcreate(captioneer_hdf5_file_create())
      defer {
        H5Pclose(access)
        H5Pclose(creation)
      }
      H5Pset_alignment(access, 1, hsize_t(Self.alignment))
      H5Pset_obj_track_times(creation, false)
      let file = unsafe H5Fcreate(memory.path, captioneer_hdf5_truncate(), creation, access)
      memory.unlinkName()
      guard file >= 0 else { throw libraryError(memory.path, "the layout can't be made") }
      return file
    }
  }

  deinit {
    if isOpen { _ = try? withLibrary { _ = H5Fclose(file) } }
  }

  /// Makes room for a large dataset whose rows are written by others. The first one's place does not depend on what follows.
  ///
  /// - Returns: where its bytes belong in the file.
  public func reserve(_ name: String, _ type: ElementType, shape: [Int], description: String) throws -> Extent {
    let extent: Extent = try withLibrary {
      let dataset = try create(name, shape: shape, type: type)
      try describe(dataset.id, description)
      let address = H5Dget_offset(dataset.id)
      guard address != captioneer_hdf5_undefined_address() else { throw libraryError(name, "has no place") }
      return Extent(offset: Int(address), byteCount: shape.reduce(type.byteCount, *))
    }
    extents.append(extent)
    return extent
  }

  /// Writes a small dataset whole. A name such as `ledger/reasons` makes the group.
  public func write(_ name: String, _ column: Column, shape: [Int]? = nil, description: String) throws {
    try withLibrary {
      let shape = shape ?? [column.count]
      func store<T: BitwiseCopyable>(_ values: [T], _ type: ElementType) throws {
        let dataset = try create(name, shape: shape, type: type)
        try describe(dataset.id, description)
        let status = type.withHandle { handle in
          unsafe values.withUnsafeBytes { bytes in
            unsafe H5Dwrite(dataset.id, handle, 0, 0, captioneer_hdf5_default(), bytes.baseAddress)
          }
        }
        guard values.isEmpty || status >= 0 else { throw libraryError(name, "can't be laid out") }
      }
      switch column {
      case .uint8(let values): try store(values, .uint8)
      case .int32(let values): try store(values, .int32)
      case .int64(let values): try store(values, .int64)
      case .uint32(let values): try store(values, .uint32)
      case .text(let values):
        try withTextType { type in
          let dataset = try create(name, shape: shape, handle: type)
          try describe(dataset.id, description)
          guard !values.isEmpty else { return }
          try unsafe withCStrings(values) { pointers in
            guard unsafe H5Dwrite(dataset.id, type, 0, 0, captioneer_hdf5_default(), pointers) >= 0 else {
              throw libraryError(name, "can't be laid out")
            }
          }
        }
      }
    }
  }

  /// A root attribute of text.
  public func setAttribute(_ name: String, _ text: String) throws {
    try withLibrary { try attach(file, name, [text], isScalar: true) }
  }

  /// A root attribute of several texts.
  public func setAttribute(_ name: String, _ texts: [String]) throws {
    try withLibrary { try attach(file, name, texts, isScalar: false) }
  }

  /// A root attribute of one whole number.
  public func setAttribute(_ name: String, _ value: Int) throws {
    try withLibrary {
      let space = try Handle(H5Screate(H5S_SCALAR), H5Sclose, orThrow: libraryError(name, "attribute"))
      let attribute = try Handle(
        unsafe H5Acreate2(file, name, captioneer_hdf5_int64(), space.id, 0, 0), H5Aclose,
        orThrow: libraryError(name, "the attribute can't be made"))
      var stored = Int64(value)
      guard unsafe H5Awrite(attribute.id, captioneer_hdf5_int64(), &stored) >= 0 else {
        throw libraryError(name, "the attribute can't be written")
      }
    }
  }

  /// Ends the layout and writes everything but the reserved rows into `output` at the same places.
  ///
  /// - Returns: the file's full length.
  public func copyMetadata(to output: OutputFile) throws -> Int {
    try withLibrary {
      guard H5Fclose(file) >= 0 else { throw libraryError(output.path, "the layout can't be ended") }
    }
    isOpen = false
    let end = try memory.byteCount()
    var position = 0
    for extent in extents.sorted(by: { $0.offset < $1.offset }) + [Extent(offset: end, byteCount: 0)] {
      try memory.copy(position..<extent.offset, to: output)
      position = extent.offset + extent.byteCount
    }
    return end
  }

  private func create(_ name: String, shape: [Int], type: ElementType) throws -> Handle {
    // A non-copyable handle can't come out of a generic closure.
    var id: hid_t = -1
    try type.withHandle { id = try createIdentifier(name, shape: shape, handle: $0) }
    return try Handle(id, H5Dclose, orThrow: libraryError(name, "can't be laid out"))
  }

  private func create(_ name: String, shape: [Int], handle: hid_t) throws -> Handle {
    try Handle(
      try createIdentifier(name, shape: shape, handle: handle), H5Dclose,
      orThrow: libraryError(name, "can't be laid out")
    )
  }

  private func createIdentifier(_ name: String, shape: [Int], handle: hid_t) throws -> hid_t {
    if let slash = name.lastIndex(of: "/") { try makeGroup(String(name[..<slash])) }
    let extents = shape.map { hsize_t($0) }
    let space = try Handle(
      unsafe H5Screate_simple(Int32(shape.count), extents, nil), H5Sclose, orThrow: libraryError(name, "bad shape"))
    let creation = try Handle(
      H5Pcreate(captioneer_hdf5_dataset_create()), H5Pclose, orThrow: libraryError(name, "properties"))
    H5Pset_layout(creation.id, H5D_CONTIGUOUS)
    H5Pset_alloc_time(creation.id, H5D_ALLOC_TIME_EARLY)
    // libhdf5 must be let fill datasets of variable-length text: stray bytes there would be pointers.
    if H5Tis_variable_str(handle) <= 0 { H5Pset_fill_time(creation.id, H5D_FILL_TIME_NEVER) }
    H5Pset_obj_track_times(creation.id, false)
    return unsafe H5Dcreate2(file, name, handle, space.id, 0, creation.id, 0)
  }

  private func makeGroup(_ name: String) throws {
    guard unsafe H5Lexists(file, name, 0) <= 0 else { return }
    let creation = try Handle(
      H5Pcreate(captioneer_hdf5_group_create()), H5Pclose, orThrow: libraryError(name, "properties"))
    H5Pset_obj_track_times(creation.id, false)
    _ = try Handle(
      unsafe H5Gcreate2(file, name, 0, creation.id, 0), H5Gclose, orThrow: libraryError(name, "the group can't be made")
    )
  }

  private func describe(_ object: hid_t, _ description: String) throws {
    try attach(object, "description", [description], isScalar: true)
  }

  private func attach(_ object: hid_t, _ name: String, _ texts: [String], isScalar: Bool) throws {
    try withTextType { type in
      let extents = [hsize_t(texts.count)]
      let space = try Handle(
        unsafe isScalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, extents, nil), H5Sclose,
        orThrow: libraryError(name, "attribute"))
      let attribute = try Handle(
        unsafe H5Acreate2(object, name, type, space.id, 0, 0), H5Aclose,
        orThrow: libraryError(name, "the attribute can't be made"))
      try unsafe withCStrings(texts) { pointers in
        guard unsafe H5Awrite(attribute.id, type, pointers) >= 0 else {
          throw libraryError(name, "the attribute can't be written")
        }
      }
    }
  }
}

/// Calls `body` with an array of NUL-terminated strings, all of them in one allocation.
private func withCStrings(_ texts: [String], _ body: (UnsafeRawPointer) throws -> Void) rethrows {
  var bytes: [CChar] = []
  var starts: [Int] = []
  for text in texts {
    starts.append(bytes.count)
    for byte in text.utf8 { bytes.append(CChar(bitPattern: byte)) }
    bytes.append(0)
  }
  try unsafe bytes.withUnsafeBufferPointer { storage in
    let pointers = unsafe starts.map { unsafe storage.baseAddress! + $0 }
    try unsafe pointers.withUnsafeBytes { unsafe try body($0.baseAddress!) }
  }
}

import CHDF5
import Diagnostics

/// An HDF5 file opened for reading: attributes, small datasets whole, and where the large ones lie.
public final class HDF5File: Sendable {
  /// A dataset's place, as read from the file.
  public struct Dataset: Sendable {
    public var type: ElementType
    public var shape: [Int]
    public var offset: Int
  }

  public let path: String
  private let file: hid_t

  /// - Throws: `InputError` for a file that is missing, cut short or no HDF5 file.
  public init(path: String) throws {
    self.path = path
    file = try withLibrary {
      let file = unsafe H5Fopen(path, captioneer_hdf5_read_only(), captioneer_hdf5_default())
      guard file >= 0 else {
        var error = libraryError(path, "is not a whole HDF5 file")
        error.remedy = "build it again, or check where it was copied from"
        throw error
      }
      return file
    }
  }

  deinit { _ = try? withLibrary { _ = H5Fclose(file) } }

  private func fail(_ name: String, _ problem: String) -> InputError {
    InputError(file: path, at: name, problem, remedy: "build the cache again")
  }

  public func has(_ name: String) throws -> Bool {
    try withLibrary {
      // Each group on the way must exist before libhdf5 may be asked for what is in it.
      var prefix = ""
      for part in name.split(separator: "/") {
        prefix += prefix.isEmpty ? String(part) : "/" + part
        if unsafe H5Lexists(file, prefix, 0) <= 0 { return false }
      }
      return true
    }
  }

  /// The texts of a root attribute; nil where there is none of that name or it is no text.
  public func texts(attribute name: String) throws -> [String]? {
    try withLibrary {
      guard unsafe H5Aexists(file, name) > 0 else { return nil }
      let attribute = try Handle(
        unsafe H5Aopen(file, name, 0), H5Aclose, orThrow: fail(name, "can't be read"))
      let space = try Handle(H5Aget_space(attribute.id), H5Sclose, orThrow: fail(name, "can't be read"))
      let stored = try Handle(H5Aget_type(attribute.id), H5Tclose, orThrow: fail(name, "can't be read"))
      guard H5Tis_variable_str(stored.id) > 0 else { return nil }
      let count = Int(H5Sget_simple_extent_npoints(space.id))
      return try unsafe readTexts(count, space.id) { type, buffer in unsafe H5Aread(attribute.id, type, buffer) }
    }
  }

  public func integer(attribute name: String) throws -> Int? {
    try withLibrary {
      guard unsafe H5Aexists(file, name) > 0 else { return nil }
      let attribute = try Handle(
        unsafe H5Aopen(file, name, 0), H5Aclose, orThrow: fail(name, "can't be read"))
      var value: Int64 = 0
      guard unsafe H5Aread(attribute.id, captioneer_hdf5_int64(), &value) >= 0 else { return nil }
      return Int(value)
    }
  }

  /// Type, shape and place of a contiguous dataset.
  public func dataset(_ name: String) throws -> Dataset {
    guard try has(name) else { throw fail(name, "is not in the file") }
    return try withLibrary {
      let dataset = try open(name)
      let stored = try Handle(H5Dget_type(dataset.id), H5Tclose, orThrow: fail(name, "has no type"))
      guard let type = ElementType.allCases.first(where: { $0.withHandle { H5Tequal(stored.id, $0) > 0 } }) else {
        throw fail(name, "has an element type that no cache uses")
      }
      let shape = try shape(dataset.id, name)
      let creation = try Handle(H5Dget_create_plist(dataset.id), H5Pclose, orThrow: fail(name, "has no layout"))
      let address = H5Dget_offset(dataset.id)
      guard H5Pget_layout(creation.id) == H5D_CONTIGUOUS, address != captioneer_hdf5_undefined_address() else {
        throw fail(name, "is not stored in one piece")
      }
      return Dataset(type: type, shape: shape, offset: Int(address))
    }
  }

  public func uint8(_ name: String) throws -> [UInt8] { try numbers(name, .uint8, 0) }
  public func int32(_ name: String) throws -> [Int32] { try numbers(name, .int32, 0) }
  public func int64(_ name: String) throws -> [Int64] { try numbers(name, .int64, 0) }
  public func uint32(_ name: String) throws -> [UInt32] { try numbers(name, .uint32, 0) }

  public func text(_ name: String) throws -> [String] {
    guard try has(name) else { throw fail(name, "is not in the file") }
    return try withLibrary {
      let dataset = try open(name)
      let space = try Handle(H5Dget_space(dataset.id), H5Sclose, orThrow: fail(name, "has no shape"))
      let stored = try Handle(H5Dget_type(dataset.id), H5Tclose, orThrow: fail(name, "has no type"))
      guard H5Tis_variable_str(stored.id) > 0 else { throw fail(name, "is not text") }
      let count = Int(H5Sget_simple_extent_npoints(space.id))
      return try unsafe readTexts(count, space.id) { type, buffer in
        unsafe H5Dread(dataset.id, type, 0, 0, captioneer_hdf5_default(), buffer)
      }
    }
  }

  private func numbers<T: BitwiseCopyable & Sendable>(_ name: String, _ type: ElementType, _ zero: T) throws -> [T] {
    let found = try dataset(name)
    guard found.type == type else { throw fail(name, "is \(found.type.rawValue), expected \(type.rawValue)") }
    return try withLibrary {
      let dataset = try open(name)
      var values = [T](repeating: zero, count: found.shape.reduce(1, *))
      let status = type.withHandle { handle in
        unsafe values.withUnsafeMutableBytes {
          unsafe H5Dread(dataset.id, handle, 0, 0, captioneer_hdf5_default(), $0.baseAddress)
        }
      }
      guard values.isEmpty || status >= 0 else { throw libraryError(path, "\(name) can't be read") }
      return values
    }
  }

  private func open(_ name: String) throws -> Handle {
    try Handle(
      unsafe H5Dopen2(file, name, captioneer_hdf5_default()), H5Dclose,
      orThrow: libraryError(path, "\(name) can't be opened"))
  }

  private func shape(_ dataset: hid_t, _ name: String) throws -> [Int] {
    let space = try Handle(H5Dget_space(dataset), H5Sclose, orThrow: fail(name, "has no shape"))
    let rank = Int(H5Sget_simple_extent_ndims(space.id))
    guard rank > 0 else { throw fail(name, "has no rows") }
    var extents = [hsize_t](repeating: 0, count: rank)
    unsafe H5Sget_simple_extent_dims(space.id, &extents, nil)
    return extents.map { Int($0) }
  }

  private func readTexts(_ count: Int, _ space: hid_t, _ read: (hid_t, UnsafeMutableRawPointer) -> herr_t) throws
    -> [String]
  {
    try withTextType { type in
      var pointers = unsafe [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
      return try unsafe pointers.withUnsafeMutableBytes { buffer -> [String] in
        guard count > 0, let base = buffer.baseAddress else { return [] }
        guard unsafe read(type, base) >= 0 else { throw libraryError(path, "text can't be read") }
        defer { unsafe _ = H5Dvlen_reclaim(type, space, captioneer_hdf5_default(), base) }
        let strings = unsafe base.assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self)
        return (0..<count).map { index in unsafe strings[index].map { unsafe String(cString: $0) } ?? "" }
      }
    }
  }
}

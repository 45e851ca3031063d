import CHDF5
import Diagnostics
package import Files

/// An HDF5 file opened for reading: attributes, small datasets whole, and where the large ones lie.
///
/// libhdf5 reads the bytes that are mapped, so that what was checked is what it parses.
package final class HDF5File: Sendable {
  /// A dataset's place, as read from the file.
  package struct Dataset: Sendable, Equatable {
    package var type: ElementType
    package var shape: [Int]
    package var offset: Int
  }

  package let path: String
  private let image: MemoryImage
  private let byteCount: Int
  private let file: hid_t

  /// - Throws: `InputError` for a file that is missing, cut short or no HDF5 file.
  package convenience init(path: String) throws {
    try self.init(MappedFile(path: path))
  }

  /// - Throws: `InputError` for a file that is cut short or no HDF5 file.
  package init(_ map: MappedFile) throws {
    let path = map.path
    self.path = path
    byteCount = map.count
    let image = try MemoryImage(map)
    self.image = image
    file = try withLibrary {
      func failure() -> InputError { libraryError(path, "can't be opened") }
      return try using(H5Pcreate(captioneer_hdf5_file_access()), H5Pclose, orThrow: failure()) { access in
        try image.select(access)
        let file = unsafe H5Fopen(path, captioneer_hdf5_read_only(), access)
        guard file >= 0 else {
          var error = libraryError(path, "is not a whole HDF5 file")
          error.remedy = "build it again, or check where it was copied from"
          throw error
        }
        return file
      }
    }
  }

  deinit { _ = try? withLibrary { _ = H5Fclose(file) } }

  private func fail(_ name: String, _ problem: String) -> InputError {
    InputError(file: path, at: name, problem, remedy: "build the cache again")
  }

  package func has(_ name: String) throws -> Bool {
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
  package func texts(attribute name: String) throws -> [String]? {
    try withLibrary { try readTexts(attribute: name, of: file) }
  }

  /// The line for people that is stored with a dataset.
  package func description(of dataset: String) throws -> String? {
    guard try has(dataset) else { throw fail(dataset, "is not in the file") }
    return try withLibrary { try open(dataset) { try readTexts(attribute: "description", of: $0)?.first } }
  }

  package func integer(attribute name: String) throws -> Int? {
    try withLibrary {
      guard unsafe H5Aexists(file, name) > 0 else { return nil }
      return try using(unsafe H5Aopen(file, name, 0), H5Aclose, orThrow: fail(name, "can't be read")) { attribute in
        guard try isOneNumber(attribute, name) else { return nil }
        var value: Int64 = 0
        guard unsafe H5Aread(attribute, captioneer_hdf5_int64(), &value) >= 0 else { return nil }
        return Int(value)
      }
    }
  }

  /// Whether reading it gives one number and not several.
  private func isOneNumber(_ attribute: hid_t, _ name: String) throws -> Bool {
    try using(H5Aget_space(attribute), H5Sclose, orThrow: fail(name, "can't be read")) {
      H5Sget_simple_extent_npoints($0) == 1
    }
  }

  /// Type, shape and place of a contiguous dataset.
  package func dataset(_ name: String) throws -> Dataset {
    guard try has(name) else { throw fail(name, "is not in the file") }
    return try withLibrary {
      try open(name) { dataset in
        let type: ElementType? = try using(H5Dget_type(dataset), H5Tclose, orThrow: fail(name, "has no type")) {
          stored in
          for each in ElementType.allCases where try each.withHandle({ H5Tequal(stored, $0) > 0 }) { return each }
          return nil
        }
        guard let type else { throw fail(name, "has an element type that no cache uses") }
        let shape = try using(H5Dget_space(dataset), H5Sclose, orThrow: fail(name, "has no shape")) {
          try self.extents($0, name)
        }
        let layout = try using(H5Dget_create_plist(dataset), H5Pclose, orThrow: fail(name, "has no layout")) {
          H5Pget_layout($0)
        }
        let address = H5Dget_offset(dataset)
        let isEmpty = shape.contains(0)
        guard layout == H5D_CONTIGUOUS, isEmpty || address != captioneer_hdf5_undefined_address() else {
          throw fail(name, "is not stored in one piece")
        }
        let offset = isEmpty ? 0 : Int(clamping: address)
        guard let size = product(shape, type.byteCount), offset <= byteCount, size <= byteCount - offset else {
          throw InputError(
            file: path, at: name, "ends before its last row: the file has \(byteCount) bytes",
            remedy: "it was cut; build the cache again")
        }
        return Dataset(type: type, shape: shape, offset: offset)
      }
    }
  }

  package func uint8(_ name: String) throws -> [UInt8] { try numbers(name, .uint8, 0) }
  package func int32(_ name: String) throws -> [Int32] { try numbers(name, .int32, 0) }
  package func int64(_ name: String) throws -> [Int64] { try numbers(name, .int64, 0) }
  package func uint32(_ name: String) throws -> [UInt32] { try numbers(name, .uint32, 0) }

  package func text(_ name: String) throws -> [String] {
    guard try has(name) else { throw fail(name, "is not in the file") }
    return try withLibrary {
      try open(name) { dataset in
        let isText = try using(H5Dget_type(dataset), H5Tclose, orThrow: fail(name, "has no type")) {
          H5Tis_variable_str($0) > 0
        }
        guard isText else { throw fail(name, "is not text") }
        return try using(H5Dget_space(dataset), H5Sclose, orThrow: fail(name, "has no shape")) { space in
          try unsafe readTexts(name, space) { type, buffer in
            unsafe H5Dread(dataset, type, 0, 0, captioneer_hdf5_default(), buffer)
          }
        }
      }
    }
  }

  private func numbers<T: BitwiseCopyable & Sendable>(_ name: String, _ type: ElementType, _ zero: T) throws -> [T] {
    let found = try dataset(name)
    guard found.type == type else { throw fail(name, "is \(found.type.rawValue), expected \(type.rawValue)") }
    return try withLibrary {
      try open(name) { dataset in
        var values = [T](repeating: zero, count: found.shape.reduce(1, *))
        let status = try type.withHandle { handle in
          unsafe values.withUnsafeMutableBytes {
            unsafe H5Dread(dataset, handle, 0, 0, captioneer_hdf5_default(), $0.baseAddress)
          }
        }
        guard values.isEmpty || status >= 0 else { throw libraryError(path, "\(name) can't be read") }
        return values
      }
    }
  }

  private func open<T>(_ name: String, _ body: (hid_t) throws -> T) throws -> T {
    try using(
      unsafe H5Dopen2(file, name, captioneer_hdf5_default()), H5Dclose,
      orThrow: libraryError(path, "\(name) can't be opened"), body)
  }

  private func extents(_ space: hid_t, _ name: String) throws -> [Int] {
    let rank = Int(H5Sget_simple_extent_ndims(space))
    guard rank > 0 else { throw fail(name, "has no rows") }
    var extents = [hsize_t](repeating: 0, count: rank)
    guard unsafe H5Sget_simple_extent_dims(space, &extents, nil) == rank else { throw fail(name, "has no shape") }
    return extents.map { Int(clamping: $0) }
  }

  private func product(_ shape: [Int], _ byteCount: Int) -> Int? {
    var size = byteCount
    for extent in shape {
      let (next, isOver) = size.multipliedReportingOverflow(by: extent)
      if isOver { return nil }
      size = next
    }
    return size
  }

  private func readTexts(attribute name: String, of object: hid_t) throws -> [String]? {
    guard unsafe H5Aexists(object, name) > 0 else { return nil }
    func failure() -> InputError { fail(name, "can't be read") }
    return try using(unsafe H5Aopen(object, name, 0), H5Aclose, orThrow: failure()) { attribute in
      let isText = try using(H5Aget_type(attribute), H5Tclose, orThrow: failure()) { H5Tis_variable_str($0) > 0 }
      guard isText else { return nil }
      return try using(H5Aget_space(attribute), H5Sclose, orThrow: failure()) { space in
        try unsafe readTexts(name, space) { type, buffer in unsafe H5Aread(attribute, type, buffer) }
      }
    }
  }

  private func readTexts(
    _ name: String, _ space: hid_t, _ read: (hid_t, UnsafeMutableRawPointer) -> herr_t
  ) throws -> [String] {
    let count = Int(H5Sget_simple_extent_npoints(space))
    // Each takes 16 bytes in the file before its characters.
    guard count >= 0, count <= byteCount / 16 else { throw fail(name, "has more texts than the file can hold") }
    return try withTextType { type in
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

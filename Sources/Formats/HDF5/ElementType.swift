import CHDF5
import Diagnostics

/// The element types of our datasets; all little-endian in the file.
package enum ElementType: String, Sendable, CaseIterable {
  case uint8, int32, int64, uint32, float16, float32

  package var byteCount: Int {
    switch self {
    case .uint8: 1
    case .float16: 2
    case .int32, .uint32, .float32: 4
    case .int64: 8
    }
  }

  /// Calls `body` with libhdf5's type of this kind.
  func withHandle<T>(_ body: (hid_t) throws -> T) throws -> T {
    switch self {
    case .uint8: return try body(captioneer_hdf5_uint8())
    case .int32: return try body(captioneer_hdf5_int32())
    case .int64: return try body(captioneer_hdf5_int64())
    case .uint32: return try body(captioneer_hdf5_uint32())
    case .float32: return try body(captioneer_hdf5_float32())
    case .float16:
      // IEEE 754 binary16: sign at 15, 5 bits of exponent at 10, 10 bits of mantissa. h5py knows it as float16.
      func failure() -> InputError { libraryError("float16", "is no type") }
      return try using(H5Tcopy(captioneer_hdf5_float32()), H5Tclose, orThrow: failure()) { type in
        try require(H5Tset_fields(type, 15, 10, 5, 0, 10), orThrow: failure())
        try require(H5Tset_size(type, 2), orThrow: failure())
        try require(H5Tset_ebias(type, 15), orThrow: failure())
        return try body(type)
      }
    }
  }
}

/// The content of a small dataset that is written as a whole.
package enum Column: Sendable, Equatable {
  case uint8([UInt8])
  case int32([Int32])
  case int64([Int64])
  case uint32([UInt32])
  case text([String])

  package var count: Int {
    switch self {
    case .uint8(let values): values.count
    case .int32(let values): values.count
    case .int64(let values): values.count
    case .uint32(let values): values.count
    case .text(let values): values.count
    }
  }
}

/// Text that libhdf5 stores with variable length in UTF-8.
func withTextType<T>(_ body: (hid_t) throws -> T) throws -> T {
  func failure() -> InputError { libraryError("text", "is no type") }
  return try using(H5Tcopy(captioneer_hdf5_c_string()), H5Tclose, orThrow: failure()) { type in
    try require(H5Tset_size(type, captioneer_hdf5_variable()), orThrow: failure())
    try require(H5Tset_cset(type, H5T_CSET_UTF8), orThrow: failure())
    return try body(type)
  }
}

import CHDF5
import CHDF5Memory
import Diagnostics
import Files

#if canImport(Glibc)
  import Glibc
#endif

/// A file of libhdf5's that lies in memory: a new one, or the bytes of a mapped file. libhdf5 opens no file itself.
///
/// Used under libhdf5's lock.
@safe final class MemoryImage: @unchecked Sendable {
  private let memory: OpaquePointer
  /// The bytes that libhdf5 reads stay in place as long as this.
  private let map: MappedFile?

  /// An empty file; pages that are never written cost nothing.
  init(mostBytes: Int) throws {
    guard let memory = unsafe captioneer_hdf5_memory_create(mostBytes) else { throw Self.shortage }
    unsafe self.memory = memory
    map = nil
  }

  init(_ map: MappedFile) throws {
    let memory = unsafe map.bytes.withUnsafeBytes { unsafe captioneer_hdf5_memory_over($0.baseAddress, $0.count) }
    guard let memory = unsafe memory else { throw Self.shortage }
    unsafe self.memory = memory
    self.map = map
  }

  deinit { unsafe captioneer_hdf5_memory_release(memory) }

  static let shortage = InputError(
    "memory ran out while a cache's layout was made", remedy: "make more memory available", errorNumber: ENOMEM)

  /// Makes `access`, a file access property list, open this file.
  func select(_ access: hid_t) throws {
    guard unsafe captioneer_hdf5_memory_select(memory, access) == 0 else {
      throw libraryError("libhdf5", "takes no file driver")
    }
  }

  /// - Throws: where anything that libhdf5 wrote could not be kept; libhdf5 itself is not told.
  func checkWrites() throws {
    guard unsafe captioneer_hdf5_memory_has_failed(memory) == 0 else { throw Self.shortage }
  }

  var isOpen: Bool { unsafe captioneer_hdf5_memory_is_open(memory) != 0 }
  var byteCount: Int { unsafe captioneer_hdf5_memory_size(memory) }

  /// Copies a range of bytes to the same place of `output`.
  func copy(_ range: Range<Int>, to output: OutputFile) throws {
    try forEachChunk(of: range) { try output.write($0.byteSpan, at: $1) }
  }

  /// The first byte of `range` that `map` has not as this file has it; nil where all are equal.
  func firstDifference(in range: Range<Int>, from map: MappedFile) -> Int? {
    var found: Int?
    forEachChunk(of: range) { chunk, start in
      guard found == nil else { return }
      guard start + chunk.count <= map.count else {
        found = map.count
        return
      }
      let other = map.bytes.values(at: start, count: chunk.count, as: UInt8.self)
      found = chunk == other ? nil : zip(chunk, other).enumerated().first { $1.0 != $1.1 }.map { start + $0.offset }
    }
    return found
  }

  private func forEachChunk(of range: Range<Int>, _ body: ([UInt8], _ start: Int) throws -> Void) rethrows {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: 1 << 20) {
      var chunk = [UInt8](repeating: 0, count: min(1 << 20, range.upperBound - start))
      unsafe chunk.withUnsafeMutableBytes {
        unsafe captioneer_hdf5_memory_read(memory, start, $0.count, $0.baseAddress)
      }
      try body(chunk, start)
    }
  }
}

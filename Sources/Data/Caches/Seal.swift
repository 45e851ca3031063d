import Diagnostics
import Files
import Kernels

/// The last 128 bytes of a cache, behind what HDF5 knows of: a checksum of everything but the rows, which have their own.
///
/// libhdf5 trusts what it reads and may crash on a file with a turned bit, so the seal is checked before libhdf5 sees the file.
/// Little-endian: magic [16], length of the file without the seal u64, number of row extents u32, CRC32C of the bytes outside them
/// u32, five extents (offset u64, length u64), zeros, CRC32C of the seal so far u32.
enum Seal {
  static let byteCount = 128
  private static let magic = Array("captioneer seal\u{1}".utf8)
  private static let mostExtents = 5

  /// Appends the seal to a file of `end` bytes whose rows lie in `extents`.
  static func append(to output: OutputFile, end: Int, extents: [Range<Int>]) throws {
    precondition(extents.count <= mostExtents)
    let map = try output.mapped()
    var seal = magic
    seal.append(bytesOf: [UInt64(end)])
    seal.append(bytesOf: [UInt32(extents.count), checksum(map, end, extents)])
    for extent in extents { seal.append(bytesOf: [UInt64(extent.lowerBound), UInt64(extent.count)]) }
    seal += [UInt8](repeating: 0, count: byteCount - 4 - seal.count)
    seal.append(bytesOf: [crc32c(seal)])
    try output.write(seal.byteSpan, at: end)
  }

  /// - Throws: `InputError` where the file was cut short, changed or damaged. What is no HDF5 at all is left to libhdf5.
  static func check(_ map: MappedFile) throws {
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46]
    guard map.count >= signature.count, map.bytes.values(at: 0, count: signature.count) == signature else { return }
    func fail(_ problem: String) -> InputError {
      InputError(
        file: map.path, problem,
        remedy: "build it again, or check where it was copied from; caches are not to be edited")
    }
    let end = map.count - byteCount
    let seal = end > 0 ? map.bytes.values(at: end, count: byteCount, as: UInt8.self) : []
    guard !seal.isEmpty, Array(seal[..<magic.count]) == magic,
      seal.byteSpan.value(at: byteCount - 4, as: UInt32.self) == crc32c(Array(seal[..<(byteCount - 4)])),
      seal.byteSpan.value(at: magic.count, as: UInt64.self) == UInt64(end)
    else {
      throw fail(
        "is no whole cache: its seal is missing or damaged, so it was cut short, changed, or is another kind of HDF5 file"
      )
    }
    let count = Int(seal.byteSpan.value(at: magic.count + 8, as: UInt32.self))
    var extents: [Range<Int>] = []
    for index in 0..<min(count, mostExtents) {
      let place = magic.count + 16 + 16 * index
      let start = Int(clamping: seal.byteSpan.value(at: place, as: UInt64.self))
      let length = Int(clamping: seal.byteSpan.value(at: place + 8, as: UInt64.self))
      guard start >= extents.last?.upperBound ?? 0, start <= end, length <= end - start else {
        throw fail("is no whole cache: its seal is damaged")
      }
      extents.append(start..<start + length)
    }
    guard seal.byteSpan.value(at: magic.count + 12, as: UInt32.self) == checksum(map, end, extents) else {
      throw fail("was changed or damaged after it was made: what is not rows does not match its seal")
    }
  }

  /// CRC32C of `0 ..< end` without `extents`, which rise.
  private static func checksum(_ map: MappedFile, _ end: Int, _ extents: [Range<Int>]) -> UInt32 {
    var crc: UInt32 = 0
    var position = 0
    for extent in extents + [end..<end] {
      crc = crc32c(map.bytes.extracting(position..<extent.lowerBound), continuing: crc)
      position = extent.upperBound
    }
    return crc
  }
}

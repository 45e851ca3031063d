import Caches
import Diagnostics
import Files
import JSON
import Kernels
import TestSupport
import Testing

@Suite struct FeatureRowsTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/features.h5" }
  private static let rows = 5
  private static let channels = 40
  private static func value(_ row: Int, _ channel: Int) -> Float { Float(row * channels + channel) / 8 - 3 }

  init() throws { folder = try TemporaryFolder() }

  private func write(
    _ type: RowElement, rowShape: [Int] = [channels], ids: Int = rows, bytes: (Int, Int) -> [UInt8]
  ) throws {
    let writer = try CacheWriter(
      path: path, journalIdentity: "test", datasets: [RowDataset("pooled", type, rowShape: rowShape, description: "p")],
      maximumRows: Self.rows, inputCount: Self.rows, inputsPerBlock: Self.rows)
    let content = (0..<Self.rows).flatMap { row in (0..<Self.channels).flatMap { bytes(row, $0) } }
    try writer.commit(block: 0, rowCount: Self.rows, note: "") { try $0.append(dataset: 0, content.byteSpan) }
    try writer.publish(
      CacheIdentity(
        format: FeatureOrigin.format, formatVersion: 1, stage: "test", codeVersion: 1, configuration: [:], inputs: [:],
        splits: ["train"]),
      columns: [NamedColumn("image_ids", .int64((0..<Int64(ids)).map { $0 }), description: "i")])
  }

  private static func little(_ bits: some FixedWidthInteger) -> [UInt8] {
    (0..<bits.bitWidth / 8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
  }

  @Test(arguments: [true, false]) func rowsAreCopiedAsFloats(isHalf: Bool) throws {
    try write(isHalf ? .float16 : .float32) { row, channel in
      let value = Self.value(row, channel)
      return isHalf ? Self.little(Float16(value).bitPattern) : Self.little(value.bitPattern)
    }
    let features = try FeatureRows(path: path)
    #expect(features.count == Self.rows && features.channels == Self.channels && features.imageIDs == [0, 1, 2, 3, 4])
    let out = Matrix(rows: 1, columns: Self.channels)
    for row in [4, 0, 2] {
      try features.copy(row, into: out)
      #expect(out.values == (0..<Self.channels).map { Self.value(row, $0) })
      try features.confirmFinite(out, isRow: row)
    }
  }

  /// The seal does not hold the rows: a row is looked at when it is read, and the others are of no concern.
  @Test func aRowThatWasEditedIsNamed() throws {
    try write(.float32) { Self.little(Self.value($0, $1).bitPattern) }
    let features = try FeatureRows(path: path)
    var content = try contents(of: path)
    let row = (0..<Self.channels).flatMap { Self.little(Self.value(3, $0).bitPattern) }
    let place = try #require(content.indices.first { content[$0...].starts(with: row) })
    content[place + 7] ^= 1
    try FileSystem.replace(path, with: content)
    let edited = try FeatureRows(path: path)
    let out = Matrix(rows: 1, columns: Self.channels)
    try edited.copy(2, into: out)
    #expect(message { try edited.copy(3, into: out) }.contains("pooled row 3: does not match its checksum"))
    try features.copy(3, into: out)  // the file that was opened is another one
  }

  @Test func whatIsNotFiniteIsNamedWithItsRemedy() throws {
    for isHalf in [true, false] {
      try write(isHalf ? .float16 : .float32) { row, channel in
        let value = row == 1 && channel == 7 ? Float.infinity : 1
        return isHalf ? Self.little(Float16(value).bitPattern) : Self.little(value.bitPattern)
      }
      let features = try FeatureRows(path: path)
      let out = Matrix(rows: 1, columns: Self.channels)
      try features.copy(1, into: out)
      let found = message { try features.confirmFinite(out, isRow: 1) }
      #expect(found.contains("pooled row 1: holds a number that is not finite"), "\(found)")
      #expect(found.contains(isHalf ? "--precision f32" : "other weights"), "\(found)")
    }
  }

  @Test func otherShapesAndTypesAreRefused() throws {
    try write(.int32) { Self.little(Int32($0 + $1)) }
    #expect(message { _ = try FeatureRows(path: path) }.contains("holds no floating-point numbers"))
    try FileSystem.remove(path)
    try write(.float32, rowShape: [4, 10]) { Self.little(Self.value($0, $1).bitPattern) }
    #expect(message { _ = try FeatureRows(path: path) }.contains("has the shape [5, 4, 10] for 5 images"))
    try FileSystem.remove(path)
    try write(.float32, ids: 4) { Self.little(Self.value($0, $1).bitPattern) }
    #expect(message { _ = try FeatureRows(path: path) }.contains("for 4 images"))
  }
}

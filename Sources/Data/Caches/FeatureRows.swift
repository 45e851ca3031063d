import Diagnostics
import Files
package import Kernels

/// The pooled features of a features cache, one row an image, read where they lie: for training, captioning and the benchmark alike.
package struct FeatureRows: Sendable {
  package let cache: CacheReader
  /// COCO's id of each row.
  package let imageIDs: [Int64]
  /// Features of a row.
  package let channels: Int
  private let rows: MappedRows  // f32 or f16 [images, channels]
  private let checksums: [UInt32]

  package var count: Int { rows.rowCount }
  package var path: String { cache.path }

  /// - Throws: `InputError` for a file that is no features cache, or whose `pooled` is no table of f32 or f16, a row an image.
  package init(path: String) throws {
    cache = try CacheReader(path: path, format: FeatureOrigin.format)
    rows = try cache.rows("pooled")
    checksums = try cache.checksums("pooled")
    imageIDs = try cache.int64("image_ids")
    func fail(_ problem: String) -> InputError {
      InputError(file: path, at: "dataset pooled", problem, remedy: "rebuild it with extract-features")
    }
    guard rows.shape.count == 2, imageIDs.count == rows.rowCount else {
      throw fail("has the shape \(rows.shape) for \(imageIDs.count) images")
    }
    guard rows.elementType == .float32 || rows.elementType == .float16 else {
      throw fail("holds no floating-point numbers")
    }
    channels = rows.shape[1]
  }

  /// Copies row `row` into `out` [1, channels]; halves become floats.
  ///
  /// - Throws: `InputError` where the copy does not match its checksum. Each read is checked: it costs a thousandth of a training step.
  package func copy(_ row: Int, into out: Matrix) throws {
    let rows = self.rows
    let copy = rows.row(row).values(at: 0, count: rows.rowByteCount, as: UInt8.self)
    try rows.confirm(copy.byteSpan, isRow: row, checksums)
    var values = out.mutableSpan
    if rows.elementType == .float16 {
      FloatConversion.widenHalves(copy.byteSpan, into: &values)
    } else {
      FloatConversion.copyFloats(copy.byteSpan, into: &values)
    }
  }

  /// - Throws: `InputError` where `values`, which `copy` made of row `row`, holds a number that is not finite.
  package func confirmFinite(_ values: Matrix, isRow row: Int) throws {
    if values.values.allSatisfy(\.isFinite) { return }
    throw InputError(
      file: path, at: "pooled row \(row)", "holds a number that is not finite",
      remedy: rows.elementType == .float16
        ? "extract the features with --precision f32" : "extract the features again, with other weights")
  }
}

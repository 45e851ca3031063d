import Diagnostics
import Files
import Images
import JPEG
import Synchronization
import Workers

/// A folder's photographs, held in memory, to 112 × 112; or libjpeg's part of it alone.
final class DecodePath: Sendable {
  private let files: [[UInt8]]
  private let resampling: Resampling
  /// nil: decode and resample. Else libjpeg alone, at this scale.
  private let denominator: Int?

  init(folder: String, limit: Int, resampling: Resampling = .exact, denominator: Int? = nil) throws {
    let names = try FileSystem.list(folder).filter { $0.hasSuffix(".jpg") || $0.hasSuffix(".jpeg") }
    files = try names.sorted().prefix(limit).map { name in
      let bytes = try MappedFile(path: FileSystem.join(folder, name))
      return bytes.bytes.values(at: 0, count: bytes.count, as: UInt8.self)
    }
    guard !files.isEmpty else { throw InputError(file: folder, "holds no JPEGs", remedy: "give --photos FOLDER") }
    self.resampling = resampling
    self.denominator = denominator
  }

  func run(threads: Int) throws -> Int {
    let next = Atomic<Int>(0)
    try forEachIndex(threads, threads: threads) { _, _ in
      let reader = PhotographReader(ImageOptions(resampling: self.resampling))
      let decoder = JPEGDecoder()
      var pixels = [UInt8](repeating: 0, count: reader.byteCount)
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < self.files.count else { return }
        let file = self.files[index]
        if let denominator = self.denominator {
          _ = try decoder.decode(
            file.byteSpan, padding: 0, denominator: { _, _ in denominator }, begin: { _ in 0 },
            consume: { _, _, _ in })
        } else {
          let outcome = reader.read(file.byteSpan, into: &pixels, at: 0)
          if case .skipped(let reason) = outcome { throw InputError(reason) }
        }
      }
    }
    return files.count
  }
}

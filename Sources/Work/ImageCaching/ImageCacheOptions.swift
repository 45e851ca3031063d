package import COCO
import Caches
import Diagnostics
import Files
package import Images
package import JSON

/// What the user chose about an images cache.
package struct ImageCacheOptions: Sendable {
  package var request: DatasetRequest
  /// Folders and zips of the photographs: `PATH` for all splits, `NAME=PATH` for one.
  package var places: [String]
  package var output: String
  package var image: ImageOptions
  /// How many photographs may be missing or undecodable; nil allows 1 in 100, rounded up.
  package var maximumFailures: Int?
  /// Throws away what an interrupted run left.
  package var restarts = false

  package init(request: DatasetRequest, places: [String], output: String, image: ImageOptions) {
    self.request = request
    self.places = places
    self.output = output
    self.image = image
  }

  /// All that changes the output besides the inputs' content.
  package var configuration: JSONValue {
    [
      "selection": request.selection.ofImages.json, "size": .integer(image.size), "fit": .string(image.fit.rawValue),
      "resampling": .string(image.resampling.rawValue),
    ]
  }

  /// The photographs as an input of the stage.
  package func photographs(threads: Int) -> PhotographsInput {
    PhotographsInput(request, threads: threads, place: place)
  }

  /// Where the photographs of `split` lie: the place named for it, or one given for all.
  ///
  /// - Throws: `InputError` where there is none.
  @Sendable func place(ofSplit split: String) throws -> String {
    let named = places.last { $0.hasPrefix("\(split)=") }.map { String($0.dropFirst(split.count + 1)) }
    let isForAll = { (path: String) in try FileSystem.status(of: path)?.isFolder == true || !path.contains("=") }
    guard let path = try named ?? places.last(where: isForAll) else {
      throw InputError("there is no --images for split '\(split)'", remedy: "give --images \(split)=FOLDER")
    }
    return path
  }

  /// How many photographs are chosen. Counting means reading the annotations, which a run does anyway.
  package func photographCount(threads: Int) throws -> Int {
    try request.load(threads: threads).splits.reduce(0) { $0 + $1.imageCount }
  }

  /// Bytes of the cache's rows.
  package func byteCount(photographs: Int) -> Int { photographs * image.byteCount }

  /// How many of `photographs` may be missing or undecodable.
  func failureLimit(of photographs: Int) -> Int { maximumFailures ?? (photographs + 99) / 100 }

  /// Why the cache that is there is not enough: a limit that was lowered since makes a complete cache incomplete, a raised one
  /// changes nothing. Nil where it is.
  @Sendable package func shortcoming() throws -> String? {
    let statuses = try CacheReader(path: output, format: ImageCacheJob.format).text("ledger/statuses")
    let skipped = statuses.count { $0 == LedgerEntry.Status.skipped.rawValue }
    let limit = failureLimit(of: statuses.count)
    return skipped <= limit ? nil : "\(skipped) photographs are missing in it, \(limit) may be"
  }
}

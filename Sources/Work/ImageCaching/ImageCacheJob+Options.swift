import COCO
import Diagnostics
import Images
package import JSON

extension ImageCacheJob {
  /// Reads the annotations and chooses the photographs.
  ///
  /// - Throws: `InputError` for what is wrong with the files, for a split without photographs and where nothing is chosen.
  package init(_ options: ImageCacheOptions, threads: Int) throws {
    let dataset = try options.request.load(threads: threads)
    let photographs = try dataset.photographs()
    guard !photographs.isEmpty else { throw InputError("no image was chosen", remedy: "see --first and --sample") }
    self.init(
      splits: try dataset.splits.map { ($0.name, try PhotographSource(path: options.place(ofSplit: $0.name))) },
      photographs: photographs, options: options.image, configuration: options.configuration,
      annotationDigests: dataset.digests.members?.map { ($0.key, $0.value.string ?? "") } ?? [],
      maximumFailures: options.failureLimit(of: photographs.count), threads: threads, restarts: options.restarts)
  }

  /// SHA-256 of what was read of the annotations, by the names of the inputs.
  package var digests: JSONValue {
    .object(annotationDigests.map { JSONValue.Member($0.name, .string($0.digest)) })
  }

  /// - Throws: `InputError` where none of the photographs was in `places`: they are not the ones that were meant.
  package func refuse(_ summary: Summary, withoutFilesIn places: [String]) throws {
    guard summary.rows == 0, summary.skipped.allSatisfy({ $0.content == "-" }) else { return }
    throw InputError(
      file: places.last ?? "",
      "has none of the \(photographs.count) photographs; the first is \(photographs[0].fileName)",
      remedy: "give --images the folder or the zip that holds them")
  }
}

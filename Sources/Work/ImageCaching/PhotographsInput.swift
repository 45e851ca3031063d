package import COCO
import Diagnostics
import Digests
import Files
import Images
import JSON
package import Provenance
import Synchronization
import Workers

/// The photographs that a plan reads, known by the content of each; folders and archives around them don't matter.
package struct PhotographsInput: Sendable {
  package static let name = "photographs"

  private let request: DatasetRequest
  private let threads: Int
  /// Where a split's photographs lie.
  private let place: @Sendable (_ split: String) throws -> String

  init(
    _ request: DatasetRequest, threads: Int, place: @escaping @Sendable (_ split: String) throws -> String
  ) {
    self.request = request
    self.threads = threads
    self.place = place
  }

  /// - Throws: `InputError` where a split has no place.
  package func input() throws -> StageInput {
    let paths: [String]
    switch request.source {
    case .coco(let splits): paths = try splits.map { try place($0.split) }
    // Which splits the file has shows when it is read.
    case .karpathy: paths = KarpathyFile.splits.compactMap { try? place($0) }
    }
    let once = paths.indices.filter { paths.firstIndex(of: paths[$0]) == $0 }.map { paths[$0] }
    return StageInput(Self.name, once, signature: { try Self.signature(once) }, content: { try content($0) })
  }

  /// Archives are looked at as files; a folder's photographs are looked at one by one, by those who read them.
  private static func signature(_ paths: [String]) throws -> String {
    try paths.map { path in
      guard let status = try FileSystem.status(of: path) else {
        throw InputError(
          file: path, "there is no such folder or zip file", remedy: "give the folder that holds the photographs")
      }
      return status.signature?.text ?? "folder"
    }.joined(separator: " ")
  }

  // MARK: Content

  /// The photographs' own digest: each one's id and content, in order.
  static func digest(_ entries: [LedgerEntry]) -> String {
    var hasher = SHA256Hasher()
    for entry in entries { hasher.update("\(entry.imageID) \(entry.content)\n") }
    return hasher.finish()
  }

  /// What a run of `job` found.
  package func content(of ledger: [LedgerEntry], _ job: ImageCacheJob) throws -> StageInput.Content {
    try content(of: ledger, job.photographs, splits: job.splits.map(\.name))
  }

  /// What was found, in the order of the annotations.
  private func content(
    of entries: [LedgerEntry], _ photographs: [Photograph], splits: [String]
  ) throws -> StageInput.Content {
    let lines = zip(entries, photographs).map { entry, photograph in
      JSONValue.string(
        "\(entry.imageID)\t\(photograph.split)\t\(entry.signature)\t\(entry.content)\t\(entry.fileName)")
    }
    return StageInput.Content(
      digest: Self.digest(entries),
      memo: [
        "chosen_by": .string(try choice()), "splits": .array(splits.map { .string($0) }), "files": .array(lines),
      ])
  }

  /// The annotation files as they lie there and what is taken of them: while these stay, so do the names.
  private func choice() throws -> String {
    let files = try request.inputs.map { try fileSignature($0.name, $0.path) }
    return (files + [request.selection.json.canonical]).joined(separator: " ")
  }

  private func content(_ memo: JSONValue) throws -> StageInput.Content {
    let known = (memo["files"]?.array ?? []).compactMap { KnownPhotograph($0.string ?? "") }
    var splits = (memo["splits"]?.array ?? []).compactMap(\.string)
    var photographs = known.map(\.photograph)
    let isChosenAlike =
      try memo["chosen_by"]?.string == choice()
      && photographs.allSatisfy { Int($0.split) < splits.count }
    if !isChosenAlike {
      let dataset = try request.load(threads: threads)
      photographs = try dataset.photographs()
      splits = dataset.splits.map(\.name)
    }
    let sources = try splits.map { try PhotographSource(path: place($0)) }
    var byName: [String: KnownPhotograph] = [:]
    for old in known { byName[old.photograph.fileName] = old }
    let entries = try entries(of: photographs, sources, known: byName)
    return try content(of: entries, photographs, splits: splits)
  }

  /// Looks at each photograph, and reads those that are not as they are known.
  private func entries(
    of photographs: [Photograph], _ sources: [PhotographSource], known: [String: KnownPhotograph]
  ) throws -> [LedgerEntry] {
    let entries = Mutex([LedgerEntry?](repeating: nil, count: photographs.count))
    let blockSize = 256
    try forEachIndex((photographs.count + blockSize - 1) / blockSize, threads: threads) { block, _ in
      var buffer: [UInt8] = []
      var found: [LedgerEntry] = []
      let range = block * blockSize..<min(photographs.count, (block + 1) * blockSize)
      for photograph in photographs[range] {
        let source = sources[Int(photograph.split)]
        let signature = try source.signature(of: photograph.fileName) ?? "-"
        let old = known[photograph.fileName].flatMap {
          $0.signature == signature && ($0.content != "-" || signature == "-") ? $0.content : nil
        }
        found.append(
          LedgerEntry(
            imageID: photograph.imageID, fileName: photograph.fileName, status: .ok, reason: "",
            content: try old ?? source.content(of: photograph.fileName, buffer: &buffer), signature: signature))
      }
      let done = found
      entries.withLock { for (index, entry) in zip(range, done) { $0[index] = entry } }
    }
    return entries.withLock { $0.compactMap(\.self) }
  }
}

/// A line of the memo.
private struct KnownPhotograph {
  var photograph: Photograph
  var signature: String
  var content: String

  init?(_ line: String) {
    let parts = line.split(separator: "\t", maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count == 5, let id = Int64(parts[0]), let split = UInt8(parts[1]) else { return nil }
    photograph = Photograph(imageID: id, fileName: String(parts[4]), split: split)
    (signature, content) = (String(parts[2]), String(parts[3]))
  }
}

extension Dataset {
  /// The chosen photographs, grouped by split.
  package func photographs() throws -> [Photograph] {
    try splits.enumerated().flatMap { number, split in
      try split.images().map {
        Photograph(
          imageID: $0.id, fileName: $0.fileName, width: $0.width ?? 0, height: $0.height ?? 0, split: UInt8(number))
      }
    }
  }
}

import Diagnostics
import Files
import Synchronization

/// Which photographs generate-scenes made in a folder: a line for each, written before the photograph gets its name.
///
/// By it an interrupted run knows what is finished, and no file is replaced that came from elsewhere.
final class SceneRecord: Sendable {
  private static let fileName = "scenes.record"
  private static let header = "captioneer scenes 1\n"

  private struct State {
    /// `name digest`
    var ours: Set<Substring> = []
    /// The same, of this series alone.
    var right: Set<Substring> = []
    var end: Int

    init(_ text: String, series: String) {
      end = text.utf8.count
      for line in text.split(separator: "\n").dropFirst() {
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count == 3 else { continue }
        ours.insert(line[..<words[1].endIndex])
        if words[2] == series { right.insert(line[..<words[1].endIndex]) }
      }
    }
  }

  /// `name digest` of each photograph of the series, without opening the record for writing; nil where there is no record.
  static func photographs(folder: String, series: String) throws -> Set<Substring>? {
    let path = FileSystem.join(folder, fileName)
    guard try FileSystem.status(of: path) != nil else { return nil }
    return State(try FileSystem.readText(path), series: series).right
  }

  private let series: String
  private let file: RecordFile
  private let state: Mutex<State>

  /// Opens the record of `folder`, or begins one. The folder is locked by the caller.
  ///
  /// - Parameter series: what decides a photograph's bytes besides its number.
  /// - Parameter restarts: begins one also where the file is no record.
  init(folder: String, series: String, restarts: Bool) throws {
    self.series = series
    let path = FileSystem.join(folder, Self.fileName)
    var text = Self.header
    if try FileSystem.status(of: path) != nil {
      let found = try FileSystem.readText(path)
      if found.hasPrefix(Self.header) {
        text = found
      } else if !restarts {
        throw InputError(
          file: path, "is no record of drawn scenes", remedy: "choose another folder, or --force to begin anew")
      }
      // A run that was killed leaves half a line.
      if let last = text.lastIndex(of: "\n") { text = String(text[...last]) }
    }
    state = Mutex(State(text, series: series))
    file = try RecordFile(path: path, startingWith: text)
  }

  /// Whether a file of these bytes is what this series draws under that name.
  func isRight(_ name: String, _ digest: String) -> Bool {
    state.withLock { $0.right.contains("\(name) \(digest)") }
  }

  /// Whether a file of these bytes was made here, by any series.
  func isOurs(_ name: String, _ digest: String) -> Bool {
    state.withLock { $0.ours.contains("\(name) \(digest)") }
  }

  /// Notes that a file of these bytes is about to get that name.
  func add(_ name: String, _ digest: String) throws {
    try state.withLock { state in
      let file: Substring = "\(name) \(digest)"
      guard state.right.insert(file).inserted else { return }
      state.ours.insert(file)
      let line = "\(file) \(series)\n"
      try self.file.write(line, at: state.end)
      state.end += line.utf8.count
    }
  }
}

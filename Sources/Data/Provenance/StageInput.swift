import Diagnostics
import Digests
import Files
package import JSON
import Synchronization

/// One thing that a stage reads, known by its content: where it lies and when it was touched don't matter.
package struct StageInput: Sendable {
  /// What names a content, and what the stamp keeps to know it again without reading.
  package struct Content: Sendable, Equatable {
    package var digest: String
    package var memo: JSONValue

    package init(digest: String, memo: JSONValue = .null) {
      self.digest = digest
      self.memo = memo
    }
  }

  /// What it is for, as the outputs record it: `annotations_train`, `images`.
  package var name: String
  /// The files, or the folders that hold them.
  package var paths: [String]
  /// Whether outputs record it once for each part of it: `annotations_train`, `annotations_val` of one file `annotations`.
  package var isRecordedInParts = false
  /// Whether what is read of it is compared with checksums of its own, so that it may be touched meanwhile.
  package var isCheckedWhileRead = false
  /// Whether outputs that record `key` mean this input.
  func isNamed(_ key: String) -> Bool { key == name || isRecordedInParts && key.hasPrefix(name + "_") }

  /// Looks without reading; another text means that something was changed, or only touched.
  let signature: @Sendable () throws -> String
  /// Reads, as far as the memo of an earlier look doesn't tell.
  let content: @Sendable (_ memo: JSONValue) throws -> Content

  /// For people.
  package var path: String { paths.joined(separator: ", ") }

  package init(
    _ name: String, _ paths: [String], signature: @escaping @Sendable () throws -> String,
    content: @escaping @Sendable (_ memo: JSONValue) throws -> Content
  ) {
    self.name = name
    self.paths = paths
    self.signature = signature
    self.content = content
  }

  /// A file that is known by its SHA-256, or by what `digest` makes of it; read again only where its signature moved.
  package static func file(
    _ name: String, _ path: String, isRecordedInParts: Bool = false,
    digest: @escaping @Sendable (_ path: String) throws -> String = { try sha256(ofFile: $0) }
  ) -> StageInput {
    let signature: @Sendable () throws -> String = { try fileSignature(name, path) }
    var input = StageInput(name, [path], signature: signature) { memo in
      let now = try signature()
      if memo["signature"]?.string == now, let known = memo["digest"]?.string {
        return Content(digest: known, memo: memo)
      }
      let found = try digest(path)
      // What changed while it was read is not known by what was read.
      let isStill = try signature() == now
      return Content(digest: found, memo: isStill ? ["signature": .string(now), "digest": .string(found)] : .null)
    }
    input.isRecordedInParts = isRecordedInParts
    return input
  }
}

extension StageInput {
  /// Several files, known by their names and the SHA-256 of each.
  ///
  /// - Parameters:
  ///   - paths: as the user gave them: files, and folders of files.
  ///   - files: the files that this means, in their order. What is no regular file is known by its name alone.
  package static func files(
    _ name: String, _ paths: [String], list files: @escaping @Sendable () throws -> [String]
  ) -> StageInput {
    let signature: @Sendable () throws -> String = {
      var hasher = SHA256Hasher()
      for file in try files() {
        hasher.update("\(file)\u{0}\(try FileSystem.status(of: file)?.signature?.text ?? "-")\u{0}")
      }
      return hasher.finish()
    }
    return StageInput(name, paths, signature: signature) { memo in
      let known = memo["files"]?.members ?? []
      var hasher = SHA256Hasher()
      var renewed: [JSONValue.Member] = []
      for (index, path) in try files().enumerated() {
        let old = known.indices.contains(index) && known[index].key == path ? known[index].value : .null
        let isFile = try FileSystem.status(of: path)?.signature != nil
        let content = isFile ? try StageInput.file(name, path).content(old) : Content(digest: "-")
        hasher.update("\(path)\u{0}\(content.digest)\u{0}")
        renewed.append(.init(path, content.memo))
      }
      return Content(digest: hasher.finish(), memo: ["files": .object(renewed)])
    }
  }
}

/// Size, times and inode of a file that must be there.
///
/// - Throws: `InputError` naming what the file is for.
package func fileSignature(_ name: String, _ path: String) throws -> String {
  guard let signature = try FileSystem.status(of: path).flatMap(\.signature) else {
    let isThere = try FileSystem.status(of: path) != nil
    throw InputError(
      file: path, isThere ? "the \(name) is not a regular file" : "the \(name) file is not there",
      remedy: isThere ? "give a file" : "check the path")
  }
  return signature.text
}

/// The SHA-256 of a file, read in windows so that it never stands in memory whole.
package func sha256(ofFile path: String) throws -> String {
  let file = try MappedFile(path: path)
  var hasher = SHA256Hasher()
  file.forEachWindow { hasher.update($0) }
  return hasher.finish()
}

/// The right to write a stamp, held while a stage makes what it claimed.
struct StampClaim: Sendable {
  var lock: OutputFile
  /// The stamp as it was before; nil where there was none.
  var oldText: String?
}

/// What a plan has seen of its inputs: signatures from before anything was read, contents as they become known.
final class SeenInputs: Sendable {
  private struct State {
    var signatures: [String: String] = [:]
    var contents: [String: StageInput.Content] = [:]
    var claim: StampClaim?
  }
  private let state = Mutex(State())

  /// Takes the input's signature, once.
  func look(at input: StageInput) throws {
    if state.withLock({ $0.signatures[input.name] != nil }) { return }
    let signature = try input.signature()
    state.withLock { $0.signatures[input.name] = signature }
  }

  /// nil where the outputs were not claimed.
  var claim: StampClaim? {
    get { state.withLock { $0.claim } }
    set { state.withLock { $0.claim = newValue } }
  }

  func signature(of name: String) -> String? { state.withLock { $0.signatures[name] } }
  func content(of name: String) -> StageInput.Content? { state.withLock { $0.contents[name] } }
  func keep(_ content: StageInput.Content, of name: String) { state.withLock { $0.contents[name] = content } }
}

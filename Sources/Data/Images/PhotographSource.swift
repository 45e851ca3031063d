import Archives
import Diagnostics
import Files
import Kernels

/// Where photographs come from: a folder, or a zip archive as COCO ships it, read in place.
///
/// A photograph is found by its file name, or by the last part of it: in the folder itself or in one of the folders right below
/// it, as COCO's `train2017/` and `val2017/` lie; in an archive by its whole path, else by its last part. A name that means two
/// files is refused.
package final class PhotographSource: Sendable {
  package let path: String
  private let place: Place

  private enum Place: Sendable {
    /// The folders right below, in byte order.
    case folder([String])
    case archive(ZipArchive, byPath: [String: [Int]], byName: [String: [Int]])
    /// Names are paths.
    case anywhere
  }

  /// Files by their paths.
  package static let anywhere = PhotographSource()

  private init() { (path, place) = ("", .anywhere) }

  /// - Throws: `InputError` where `path` is neither a folder nor a zip file.
  package init(path: String) throws {
    self.path = path
    guard let status = try FileSystem.status(of: path) else {
      throw InputError(
        file: path, "there is no such folder or zip file", remedy: "give the folder that holds the photographs")
    }
    if status.isFolder {
      place = .folder(
        try FileSystem.list(path).map { FileSystem.join(path, $0) }.filter {
          try FileSystem.status(of: $0)?.isFolder ?? false
        })
      return
    }
    let archive = try ZipArchive(path: path)
    var byPath: [String: [Int]] = [:]
    var byName: [String: [Int]] = [:]
    for (index, entry) in archive.entries.enumerated() {
      byPath[entry.name, default: []].append(index)
      byName[FileSystem.name(of: entry.name), default: []].append(index)
    }
    place = .archive(archive, byPath: byPath, byName: byName)
  }

  /// What tells this version of a photograph from another without reading it; nil where there is none of that name.
  ///
  /// - Throws: `InputError` where the name means two files, or the machine can't tell.
  package func signature(of fileName: String) throws -> String? {
    switch place {
    case .folder: try find(fileName)?.1
    case .archive: try entry(fileName).map { "\($0.count).\($0.checksum)" }
    case .anywhere: try FileSystem.status(of: fileName)?.signature?.text
    }
  }

  /// Calls `body` with the file's bytes, by way of `buffer`; returns nil where there is no file of that name.
  ///
  /// What the machine may be able to do a moment later (too many open files, an I/O error) is tried again before it is an error.
  package func withBytes<Result>(
    of fileName: String, buffer: inout [UInt8], _ body: (RawSpan) throws -> Result
  ) throws -> Result? {
    switch place {
    case .folder:
      guard let (path, _) = try find(fileName) else { return nil }
      return try Self.read(path, &buffer, body)
    case .archive(let archive, _, _):
      guard let entry = try entry(fileName) else { return nil }
      return try archive.withBytes(of: entry, buffer: &buffer, body)
    case .anywhere: return try Self.read(fileName, &buffer, body)
    }
  }

  private static func read<Result>(
    _ path: String, _ buffer: inout [UInt8], _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    let count = try patiently { try FileSystem.read(path, into: &buffer) }
    return try body(buffer.byteSpan.extracting(first: count))
  }

  /// What names a photograph's content: its CRC32C and length; "-" where there is none.
  package func content(of fileName: String, buffer: inout [UInt8]) throws -> String {
    do {
      return try withBytes(of: fileName, buffer: &buffer) { Self.content(of: $0) } ?? "-"
    } catch let error as InputError where error.errorNumber == nil {
      return "-"  // no regular file, or a damaged entry: nothing to decode
    }
  }

  package static func content(of bytes: RawSpan) -> String { "\(crc32c(bytes)).\(bytes.byteCount)" }

  private func find(_ fileName: String) throws -> (String, String)? {
    guard case .folder(let below) = place else { return nil }
    let name = FileSystem.name(of: fileName)
    for candidate in name == fileName ? [name] : [fileName, name] {
      let path = FileSystem.join(path, candidate)
      if let signature = try FileSystem.status(of: path)?.signature { return (path, signature.text) }
      var found: [(String, String)] = []
      for folder in below {
        let path = FileSystem.join(folder, candidate)
        if let signature = try FileSystem.status(of: path)?.signature { found.append((path, signature.text)) }
      }
      if found.count > 1 { throw ambiguous(fileName, found[0].0, found[1].0) }
      if let only = found.first { return only }
    }
    return nil
  }

  private func entry(_ fileName: String) throws -> ZipEntry? {
    guard case .archive(let archive, let byPath, let byName) = place else { return nil }
    let found = byPath[fileName] ?? byName[FileSystem.name(of: fileName)] ?? []
    if found.count > 1 { throw ambiguous(fileName, archive.entries[found[0]].name, archive.entries[found[1]].name) }
    return found.first.map { archive.entries[$0] }
  }

  private func ambiguous(_ fileName: String, _ one: String, _ other: String) -> InputError {
    InputError(
      file: path, at: fileName, "is ambiguous: it may be \(one) or \(other)",
      remedy: "give each split its own folder with --images NAME=PATH, or file names with their folders")
  }
}

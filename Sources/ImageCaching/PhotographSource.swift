import Archives
import Diagnostics
import Files

/// Where photographs come from: a folder, or a zip archive as COCO ships it, read in place.
///
/// A photograph is found by its file name, or by the last part of it: in the folder itself or in one of the folders right below
/// it, as COCO's `train2017/` and `val2017/` lie; in an archive by its whole path, else by its last part.
public final class PhotographSource: Sendable {
  public let path: String
  private let place: Place

  private enum Place: Sendable {
    /// The folder and those right below it, in byte order.
    case folder([String])
    case archive(ZipArchive, byPath: [String: Int], byName: [String: Int?], signature: String)
  }

  /// - Throws: `InputError` where `path` is neither a folder nor a zip file.
  public init(path: String) throws {
    self.path = path
    if FileSystem.isFolder(path) {
      let below = try FileSystem.list(path).map { FileSystem.join(path, $0) }.filter(FileSystem.isFolder)
      place = .folder([path] + below)
      return
    }
    guard let signature = FileSystem.signature(path) else {
      throw InputError(
        file: path, "there is no such folder or zip file", remedy: "give the folder that holds the photographs")
    }
    let archive = try ZipArchive(path: path)
    var byPath: [String: Int] = [:]
    // A name that occurs twice is nobody's.
    var byName: [String: Int?] = [:]
    for (index, entry) in archive.entries.enumerated() {
      byPath[entry.name] = index
      let name = FileSystem.name(of: entry.name)
      byName[name] = byName[name] == nil ? .some(index) : .some(nil)
    }
    place = .archive(archive, byPath: byPath, byName: byName, signature: signature.text)
  }

  /// What tells this version of a photograph from another without reading it; nil where there is none of that name.
  func signature(of fileName: String) -> String? {
    switch place {
    case .folder:
      // The content counts, not the inode: a copy of the folder is as good.
      return find(fileName).map { "\($0.1.size).\($0.1.modified)" }
    case .archive(_, _, _, let signature):
      return entry(fileName).map { "\(signature).\($0.checksum)" }
    }
  }

  /// Calls `body` with the file's bytes, by way of `buffer`; returns nil where there is no file of that name.
  func withBytes<Result>(
    of fileName: String, buffer: inout [UInt8], _ body: (RawSpan) throws -> Result
  ) throws -> Result? {
    switch place {
    case .folder:
      guard let (path, _) = find(fileName) else { return nil }
      let count = try FileSystem.read(path, into: &buffer)
      return try body(buffer.byteSpan.extracting(first: count))
    case .archive(let archive, _, _, _):
      guard let entry = entry(fileName) else { return nil }
      return try archive.withBytes(of: entry, buffer: &buffer, body)
    }
  }

  private func find(_ fileName: String) -> (String, FileSignature)? {
    guard case .folder(let folders) = place else { return nil }
    let name = FileSystem.name(of: fileName)
    for candidate in name == fileName ? [name] : [fileName, name] {
      for folder in folders {
        let path = FileSystem.join(folder, candidate)
        if let signature = FileSystem.signature(path) { return (path, signature) }
      }
    }
    return nil
  }

  private func entry(_ fileName: String) -> ZipEntry? {
    guard case .archive(let archive, let byPath, let byName, _) = place else { return nil }
    if let index = byPath[fileName] { return archive.entries[index] }
    guard let index = byName[FileSystem.name(of: fileName)] ?? nil else { return nil }
    return archive.entries[index]
  }
}

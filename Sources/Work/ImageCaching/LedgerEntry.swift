/// What became of one photograph.
package struct LedgerEntry: Equatable, Sendable {
  package enum Status: String, Sendable {
    /// Decoded without complaint.
    case ok
    /// Decoded, though libjpeg found the data corrupt and mended them.
    case recovered
    /// Not decoded: no row.
    case skipped
  }

  package var imageID: Int64
  package var fileName: String
  package var status: Status
  /// What was wrong; empty for `ok`.
  package var reason: String
  /// CRC32C and length of the file's bytes; "-" where there was no file.
  package var content: String
  /// The file's size and time when it was read.
  var signature: String

  /// There was a file, and it could not be read: what is told of it without reading does not tell whether it can be now.
  var isUnread: Bool { content == "-" && signature != "-" }

  /// One line of a block's note. File names come from the annotations and aren't repeated.
  var line: String {
    let oneLine = String(reason.map { $0.isNewline || $0 == "\t" ? " " : $0 })
    return "\(status.rawValue)\t\(content)\t\(signature)\t\(oneLine)"
  }

  init(
    imageID: Int64, fileName: String, status: Status, reason: String, content: String, signature: String
  ) {
    self.imageID = imageID
    self.fileName = fileName
    self.status = status
    self.reason = reason
    self.content = content
    self.signature = signature
  }

  init?(line: Substring, imageID: Int64, fileName: String) {
    let parts = line.split(separator: Character("\t"), maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 4, let status = Status(rawValue: parts[0]) else { return nil }
    self.init(
      imageID: imageID, fileName: fileName, status: status, reason: parts[3], content: parts[1], signature: parts[2])
  }
}

import Files

/// The whole of a file.
package func contents(of path: String) throws -> [UInt8] {
  let file = try MappedFile(path: path)
  return file.bytes.values(at: 0, count: file.count, as: UInt8.self)
}

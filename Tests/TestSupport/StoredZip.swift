import Files

/// Zip files of stored entries, made by hand.
package enum StoredZip {
  package static func bytes(_ entries: [(name: String, content: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, content) in entries {
      let (size, header, checksum) = (UInt32(content.count), UInt32(file.count), checksum(content))
      file.append(bytesOf: [UInt32(0x0403_4B50)])
      file.append(bytesOf: [UInt16](repeating: 0, count: 5))
      file.append(bytesOf: [checksum, size, size])
      file.append(bytesOf: [UInt16(name.utf8.count), 0])
      file += Array(name.utf8)
      file += content
      directory.append(bytesOf: [UInt32(0x0201_4B50)])
      directory.append(bytesOf: [UInt16](repeating: 0, count: 6))
      directory.append(bytesOf: [checksum, size, size])
      directory.append(bytesOf: [UInt16(name.utf8.count), 0, 0, 0, 0, 0, 0])
      directory.append(bytesOf: [header])
      directory += Array(name.utf8)
    }
    let (count, start) = (UInt16(entries.count), UInt32(file.count))
    file += directory
    file.append(bytesOf: [UInt32(0x0605_4B50)])
    file.append(bytesOf: [0, 0, count, count])
    file.append(bytesOf: [UInt32(directory.count), start])
    file.append(bytesOf: [UInt16(0)])
    return file
  }

  /// CRC-32 as zip has it.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var checksum = UInt32.max
    for byte in bytes { checksum = checksum >> 8 ^ table[Int((checksum ^ UInt32(byte)) & 0xFF)] }
    return ~checksum
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
  }
}

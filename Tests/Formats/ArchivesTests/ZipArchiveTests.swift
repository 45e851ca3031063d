import Archives
import Diagnostics
import Files
import TestSupport
import Testing

/// Archives made by Python's zipfile: Tests/References/make_archives.py.
@Suite struct ZipArchiveTests {
  static let folder = FileSystem.join(SharedData.repository, "Tests/References/archives")

  /// With `wide` all numbers stand in zip64's records, sizes and stored sizes too, which differ where entries are deflated.
  static let names = ["stored.zip", "deflated.zip", "wide.zip", "wide-deflated.zip"]

  /// What make_archives.py put in.
  static let members: [(name: String, bytes: [UInt8])] = [
    ("train/empty.txt", []), ("train/numbers.bin", (0..<3000).map { (number: Int) in UInt8(number * 7 % 251) }),
    ("train/words.txt", Array(String(repeating: "a man on a horse\n", count: 40).utf8)),
  ]

  @Test(arguments: names)
  func entriesComeOutAsTheyWentIn(name: String) throws {
    let archive = try ZipArchive(path: FileSystem.join(Self.folder, name))
    #expect(archive.entries.map(\.name) == Self.members.map(\.name))
    var buffer: [UInt8] = []
    for (entry, expected) in zip(archive.entries, Self.members) {
      let found = try archive.withBytes(of: entry, buffer: &buffer) {
        $0.values(at: 0, count: $0.byteCount, as: UInt8.self)
      }
      #expect(found == expected.bytes)
    }
  }

  @Test func damageIsNoticed() throws {
    let scratch = try TemporaryFolder()
    for name in Self.names {
      let whole = try contents(of: FileSystem.join(Self.folder, name))
      let path = FileSystem.join(scratch.path, name)
      for count in stride(from: 0, to: whole.count, by: 151) {
        try FileSystem.replace(path, with: Array(whole[..<count]))
        #expect(throws: InputError.self) { try ZipArchive(path: path) }
      }
      var undetected = 0
      for position in stride(from: 0, to: whole.count, by: 37) {
        var broken = whole
        broken[position] ^= 0x55
        try FileSystem.replace(path, with: broken)
        guard let archive = try? ZipArchive(path: path) else { continue }
        var buffer: [UInt8] = []
        for entry in archive.entries {
          let found = try? archive.withBytes(of: entry, buffer: &buffer) {
            $0.values(at: 0, count: $0.byteCount, as: UInt8.self)
          }
          if let found, !Self.members.contains(where: { $0.bytes == found }) { undetected += 1 }
        }
      }
      #expect(undetected == 0)
    }
  }

  /// An encrypted entry has twelve bytes more than its file, also where it is stored.
  @Test(arguments: ["stored.zip", "deflated.zip"]) func encryptedEntriesAreNamed(name: String) throws {
    var bytes = try contents(of: FileSystem.join(Self.folder, name))
    // In the directory, at each entry's signature.
    for place in bytes.indices.dropLast(46) where Array(bytes[place..<place + 4]) == [0x50, 0x4B, 1, 2] {
      bytes[place + 8] |= 1
      bytes[place + 20] &+= 12
    }
    let scratch = try TemporaryFolder()
    let path = FileSystem.join(scratch.path, name)
    try FileSystem.replace(path, with: bytes)
    #expect(message { _ = try ZipArchive(path: path) }.contains("has an encrypted entry: train/"))
  }

  /// What an entry claims is known before memory is claimed for it.
  @Test(arguments: names) func largeEntriesAreRefused(name: String) throws {
    let archive = try ZipArchive(path: FileSystem.join(Self.folder, name))
    let entry = try #require(archive.entries.first { $0.count == 3000 })
    var buffer: [UInt8] = []
    #expect { try archive.withBytes(of: entry, buffer: &buffer, limit: 2999) { $0.byteCount } } throws: { error in
      (error as? InputError)?.errorNumber == nil && "\(error)".contains("3000 bytes, more than the 2999")
    }
    #expect(buffer.isEmpty)
    #expect(try archive.withBytes(of: entry, buffer: &buffer, limit: 3000) { $0.byteCount } == 3000)
  }
}

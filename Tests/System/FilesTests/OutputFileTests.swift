import Diagnostics
import Dispatch
import Files
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

private let busy = "another process is making this file"

@Suite struct OutputFileTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/file" }

  init() throws { folder = try TemporaryFolder() }

  private func link(_ target: String, _ name: String) {
    #expect(unsafe symlink(target, folder.path + "/" + name) == 0)
  }

  @Test func linksAreWrittenThrough() throws {
    try FileSystem.makeFolder(folder.path + "/deep")
    try FileSystem.replace(path, with: "old")
    link("file", "one")
    link("one", "two")
    link(folder.path + "/deep/new", "dangling")
    #expect(try FileSystem.resolve(folder.path + "/two") == path)
    try FileSystem.replace(folder.path + "/two", with: "through two")
    try FileSystem.replace(folder.path + "/dangling", with: "through nothing")
    #expect(try FileSystem.readText(path) == "through two")
    #expect(try FileSystem.readText(folder.path + "/deep/new") == "through nothing")
    #expect(try FileSystem.list(folder.path) == ["dangling", "deep", "file", "one", "two"])
    var buffer = [CChar](repeating: 0, count: 64)
    for name in ["one", "two", "dangling"] {
      #expect(unsafe readlink(folder.path + "/" + name, &buffer, 64) > 0, "\(name) is still a link")
    }
  }

  @Test func twoNamesOfOneFileAreOneLock() throws {
    link("file", "alias")
    let first = try OutputFile(path: path)
    #expect(throws: InputError(file: folder.path + "/alias", busy, remedy: "wait for it, or stop it")) {
      try OutputFile(path: folder.path + "/alias")
    }
    first.discard()
    _ = try OutputFile(path: folder.path + "/alias")
    #expect(try FileSystem.list(folder.path) == ["alias"])
  }

  @Test func whatIsNoFileIsRefusedAsWhatItIs() throws {
    try FileSystem.makeFolder(folder.path + "/folder")
    #expect(unsafe mkfifo(folder.path + "/pipe", 0o600) == 0)
    link("circle", "circle")
    link("/dev/null", "device")
    link("pipe", "to-pipe")
    let expected = [
      "folder": "is a folder", "pipe": "is a named pipe", "device": "is a device", "to-pipe": "is a named pipe",
      "circle": "Too many levels of symbolic links", "new/": "names a folder",
    ]
    for (name, words) in expected.sorted(by: { $0.key < $1.key }) {
      for write in [{ try FileSystem.replace($0, with: "x") }, { _ = try OutputFile(path: $0) }]
        as [(String) throws -> Void]
      {
        let error = #expect(throws: InputError.self) { try write(folder.path + "/" + name) }
        #expect(
          error?.file == folder.path + "/" + name && error?.problem.contains(words) == true, "\(name): \(error as Any)")
      }
    }
    #expect(throws: InputError.self) { try FileSystem.resolve("") }
    #expect(throws: InputError.self) { try FileSystem.resolve("/dev/stdout") }
    #expect(try FileSystem.list(folder.path) == ["circle", "device", "folder", "pipe", "to-pipe"])
  }

  /// Links, pipes and second names in the place of the temporary file can't lead the bytes elsewhere.
  @Test func theTemporaryFileIsOurs() throws {
    try FileSystem.replace(folder.path + "/other", with: "somebody's")
    link("other", "file.partial")
    #expect(throws: InputError.self) { try OutputFile(path: path) }
    try FileSystem.remove(path + ".partial")
    #expect(unsafe mkfifo(path + ".partial", 0o600) == 0)
    #expect(throws: InputError.self) { try OutputFile(path: path) }
    try FileSystem.remove(path + ".partial")
    #expect(unsafe Glibc.link(folder.path + "/other", path + ".partial") == 0)
    try FileSystem.replace(path, with: "ours")
    #expect(try FileSystem.readText(folder.path + "/other") == "somebody's")
    #expect(try FileSystem.readText(path) == "ours")
  }

  /// Writers that wait for one that publishes never get hold of the published file: each round's file holds one writer's bytes, and
  /// a writer that published is never written over by one that waited.
  @Test(.timeLimit(.minutes(1))) func whoeverWaitedHoldsAFileOfItsOwn() throws {
    let byteCount = 200_000
    let finished = Mutex<[UInt8]>([])
    let maps = Mutex<[(UInt8, MappedFile)]>([])
    let path = path
    DispatchQueue.concurrentPerform(iterations: 8) { index in
      for round in 0..<6 {
        let mark = UInt8(index * 16 + round)
        do {
          let file = try OutputFile(path: path, keepsContent: true)
          try file.truncate(to: 0)
          try file.write([UInt8](repeating: mark, count: byteCount).byteSpan, at: 0)
          let map = try file.mapped()
          try file.publish()
          finished.withLock { $0.append(mark) }
          maps.withLock { $0.append((mark, map)) }
        } catch {
          #expect((error as? InputError)?.problem == busy, "\(error)")
        }
      }
    }
    #expect(finished.withLock { $0.count } >= 6)
    maps.withLock {
      for (mark, map) in $0 {
        let bytes = map.bytes.values(at: 0, count: map.count, as: UInt8.self)
        #expect(bytes == [UInt8](repeating: mark, count: byteCount), "writer \(mark)")
      }
    }
    #expect(try FileSystem.list(folder.path) == ["file"])
  }

  @Test func leftoversAreTakenOver() throws {
    try FileSystem.replace(folder.path + "/killed", with: "what a killed process left, longer than what follows")
    #expect(unsafe rename(folder.path + "/killed", path + ".partial") == 0)
    try FileSystem.replace(path, with: "short")
    #expect(try FileSystem.readText(path) == "short")
    do {
      let kept = try OutputFile(path: path, keepsContent: true)
      try kept.write("unfinished")
    }
    #expect(try FileSystem.readText(path + ".partial") == "unfinished")
    do {
      let kept = try OutputFile(path: path, keepsContent: true)
      try kept.write("still ")
      try kept.publish()
      #expect(throws: InputError.self, "after publication nothing is written") { try kept.write("late") }
    }
    #expect(try FileSystem.readText(path) == "still shed")
    do { _ = try OutputFile(path: path) }
    #expect(try FileSystem.list(folder.path) == ["file"], "what nobody goes on with goes away")
  }

  @Test func aStolenTemporaryFileIsNoticed() throws {
    let file = try OutputFile(path: path)
    try file.write("ours")
    try FileSystem.remove(file.partial)
    try FileSystem.replace(file.partial, with: "somebody's")
    #expect(throws: InputError.self) { try file.publish() }
    #expect(!FileSystem.isFile(path))
  }

  @Test func aFolderHasOneWriter() throws {
    let name = folder.path + "/training/run"
    do {
      let lock = try FolderLock(folder: name)
      let error = #expect(throws: InputError.self) { try FolderLock(folder: folder.path + "/./training/run") }
      #expect(error?.problem == "another process is writing into this folder")
      #expect(lock.folder == name)
    }
    _ = try FolderLock(folder: name)
    try FileSystem.replace(path, with: "x")
    #expect(throws: InputError.self) { try FolderLock(folder: path) }
  }

  @Test func claimingReservesAndKeeps() throws {
    let file = try OutputFile(path: path)
    try file.write("abc")
    try file.claim(100_000)
    try file.publish()
    let map = try MappedFile(path: path)
    #expect(map.count == 100_000)
    #expect(map.bytes.values(at: 0, count: 4, as: UInt8.self) == [97, 98, 99, 0])
    let endless = try OutputFile(path: folder.path + "/endless")
    let error = #expect(throws: InputError.self) { try endless.claim(1 << 60) }
    #expect(error?.errorNumber != nil)
  }

  @Test func aStatusTellsNothingFromWhatCannotBeSeen() throws {
    try FileSystem.replace(path, with: "x")
    #expect(try FileSystem.status(of: path)?.kind == .file)
    #expect(try FileSystem.status(of: folder.path + "/none") == nil)
    #expect(try FileSystem.status(of: path + "/below") == nil)
    link("circle", "circle")
    let error = #expect(throws: InputError.self) { try FileSystem.status(of: folder.path + "/circle") }
    #expect(error?.errorNumber == ELOOP)
  }

  /// A named pipe that nobody writes into must not be waited for.
  @Test(.timeLimit(.minutes(1))) func pipesAreNotRead() throws {
    #expect(unsafe mkfifo(path, 0o600) == 0)
    var buffer: [UInt8] = []
    for read in [{ _ = try MappedFile(path: $0) }, { _ = try FileSystem.read($0, into: &buffer) }]
      as [(String) throws -> Void]
    {
      let error = #expect(throws: InputError.self) { try read(path) }
      #expect(error?.problem == "is a named pipe, expected a file" && error?.errorNumber == nil)
    }
  }
}

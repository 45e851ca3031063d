import CSystem
package import Diagnostics
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// The writer of everything that gets a name: bytes go to `TARGET.partial`, by several threads at once and every write checked, and
/// `publish` turns that into `TARGET` whole.
///
/// One process at a time: the temporary file is locked, and once the lock is had its name must still mean the locked file. Whoever
/// waited while another published would else hold the published file, and rewrite it.
package final class OutputFile: Sendable {
  /// As the user named it.
  package let path: String
  /// What `path` means, links followed; temporary file, journal and lock lie beside it.
  package let target: String
  /// The temporary file.
  package var partial: String { target + ".partial" }

  private let descriptor: Descriptor
  private let keepsContent: Bool
  private let isFinished = Atomic(false)

  /// Opens or makes the temporary file and locks it. An earlier process's leftovers are taken over.
  ///
  /// - Parameter keepsContent: what an interrupted run left is kept, now and if this run is interrupted too.
  /// - Throws: `InputError` where `path` is no place for a file, the folder can't be written or another process makes this file.
  package init(path: String, keepsContent: Bool = false) throws(InputError) {
    self.path = path
    self.keepsContent = keepsContent
    target = try FileSystem.resolve(path)
    try FileSystem.makeFolder(FileSystem.folder(of: target))
    descriptor = try Self.openLocked(target + ".partial", path)
    if !keepsContent { try truncate(to: 0) }
  }

  private static func openLocked(_ partial: String, _ path: String) throws(InputError) -> Descriptor {
    let busy = InputError(file: path, "another process is making this file", remedy: "wait for it, or stop it")
    // Each turn beyond the first means that somebody published or gave up in between.
    for _ in 0..<100 {
      let descriptor = try Descriptor(
        opening: partial, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, file: path, "\(partial) can't be written",
        remedy: "choose a writable folder, or remove what is in the way")
      let held = try descriptor.status(partial)
      guard held.kind == .file else {
        throw InputError(file: partial, "is \(held.kind.words), which is in the way of \(path)", remedy: "remove it")
      }
      guard try descriptor.lock(partial) else { throw busy }
      guard let named = try FileSystem.statusOfName(partial), named.identity == held.identity else { continue }
      if named.names == 1 { return descriptor }
      // A second name would see our bytes: that file is somebody's own.
      try FileSystem.remove(partial)
    }
    throw busy
  }

  deinit {
    guard !isFinished.load(ordering: .relaxed) else { return }
    // What nobody goes on with, and what the disk may have lost, is no use to the next run.
    if !keepsContent || descriptor.closingError() != 0 { unsafe _ = unlink(partial) }
  }

  private func fail(
    _ problem: String, at location: String? = nil, number: Int32 = errno, remedy: String? = nil
  ) -> InputError {
    .system(path, at: location, problem, number: number, remedy: remedy)
  }

  /// Claims `byteCount` bytes on the disk, so that a full disk is found before the work begins.
  package func claim(_ byteCount: Int) throws(InputError) {
    var status = captioneer_claim(descriptor.number, Int64(byteCount))
    if status != 0, [EOPNOTSUPP, ENOSYS, EINVAL].contains(errno) { status = try claimByAsking(byteCount) }
    guard status == 0 else {
      throw fail(
        "\(byteCount) bytes can't be claimed",
        remedy: "free space or choose another disk; what was there before is untouched")
    }
  }

  /// For disks that can't reserve: looks at the free space and makes a hole.
  private func claimByAsking(_ byteCount: Int) throws(InputError) -> Int32 {
    var space = statvfs()
    var held = stat()
    guard unsafe fstatvfs(descriptor.number, &space) == 0, unsafe fstat(descriptor.number, &held) == 0 else {
      return -1
    }
    let free = Int(clamping: space.f_bavail).multipliedReportingOverflow(by: Int(clamping: space.f_frsize))
    if !free.overflow && free.partialValue < byteCount - 512 * Int(held.st_blocks) {
      errno = ENOSPC
      return -1
    }
    return Int(held.st_size) >= byteCount ? 0 : ftruncate(descriptor.number, byteCount)
  }

  package func write(_ bytes: RawSpan, at offset: Int) throws {
    try unsafe bytes.withUnsafeBytes { try unsafe write($0, at: offset) }
  }

  package func write(_ text: String, at offset: Int = 0) throws {
    try write(Array(text.utf8).byteSpan, at: offset)
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(InputError) {
    let remedy = keepsContent ? "free space; the same command goes on from here" : "check the folder and the free space"
    try unsafe descriptor.write(bytes, at: offset, path, remedy: remedy)
  }

  package func truncate(to byteCount: Int) throws(InputError) {
    var status: Int32
    repeat { status = ftruncate(descriptor.number, byteCount) } while status != 0 && errno == EINTR
    guard status == 0 else { throw fail("can't be cut to \(byteCount) bytes") }
  }

  /// What was written so far, to be read back.
  package func mapped() throws(InputError) -> MappedFile {
    try MappedFile(mapping: descriptor, path: partial)
  }

  /// Brings everything to the disk. Where that fails the temporary file is thrown away: the kernel calls the lost pages clean
  /// afterwards, and the next run would believe them.
  private func synchronize(orThrowAway record: String?) throws(InputError) {
    var status: Int32
    repeat { status = fsync(descriptor.number) } while status != 0 && errno == EINTR
    let failure = status != 0 ? errno : descriptor.closingError()
    guard failure == 0 else {
      if let record { unsafe _ = unlink(record) }
      discard()
      throw fail(
        "can't be brought to the disk", number: failure,
        remedy: "check the disk; what it may have lost was thrown away, run the command again")
    }
  }

  /// Throws the temporary file away.
  package func discard() {
    guard !isFinished.exchange(true, ordering: .relaxed) else { return }
    if unsafe unlink(partial) != 0 { _ = ftruncate(descriptor.number, 0) }
    descriptor.close()
  }

  /// Brings everything to the disk and gives the file its name; a reader sees the old file or the whole new one. Nothing can be
  /// written afterwards.
  ///
  /// - Parameter record: a file beside it that is of use only as long as it is unfinished. It goes while the lock is still held: the
  ///   next writer makes its own.
  package func publish(endingRecord record: String? = nil) throws(InputError) {
    try synchronize(orThrowAway: record)
    try checkName()
    if let record { try FileSystem.remove(record) }
    try giveName()
    try FileSystem.synchronizeFolder(of: target)
  }

  /// The same for one of many files: `FileSystem.synchronize(everythingNear:)` brings all of them to the disk at once.
  package func publishUnsynchronized() throws(InputError) {
    let failure = descriptor.closingError()
    guard failure == 0 else {
      discard()
      throw fail("can't be written", number: failure, remedy: "check the disk")
    }
    try giveName()
  }

  /// Whether the file can still get its name, looked at while what it was made from is still there.
  private func checkName() throws(InputError) {
    let held = try descriptor.status(path)
    guard let named = try FileSystem.statusOfName(partial), named.identity == held.identity else {
      throw InputError(file: partial, "was taken away while it was written", remedy: "run the command again")
    }
    if let there = try FileSystem.statusOfName(target), there.kind != .file {
      throw InputError(file: target, "has become \(there.kind.words), which is not written over", remedy: "remove it")
    }
  }

  private func giveName() throws(InputError) {
    try checkName()
    guard unsafe rename(partial, target) == 0 else { throw fail("can't be put in place", remedy: "check the folder") }
    isFinished.store(true, ordering: .relaxed)
    let failure = descriptor.close()
    guard failure == 0 else { throw fail("can't be closed", number: failure, remedy: "check the disk") }
  }
}

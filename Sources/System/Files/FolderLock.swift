package import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// The right to write into a folder of files that belong together, for one process at a time. Held until the object goes.
package final class FolderLock: Sendable {
  package let folder: String
  private let descriptor: Descriptor

  /// Makes the folder where it is missing, and locks it.
  ///
  /// - Throws: `InputError` where another process holds the folder, or folders can't be locked on its disk.
  package init(folder: String) throws(InputError) {
    self.folder = folder
    let busy = InputError(
      file: folder, "another process is writing into this folder", remedy: "wait for it, or stop it")
    for _ in 0..<100 {
      try FileSystem.makeFolder(folder)
      let descriptor = try Descriptor(opening: folder, O_RDONLY | O_DIRECTORY, remedy: "give a folder")
      let held = try descriptor.status(folder)
      guard try descriptor.lock(folder) else { throw busy }
      // Who waited may hold a folder that was moved away meanwhile.
      if let named = try FileSystem.status(of: folder), named.identity == held.identity {
        self.descriptor = descriptor
        return
      }
    }
    throw busy
  }
}

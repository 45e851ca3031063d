package import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

extension FileSystem {
  /// Removes what a killed run left beside a finished output: a journal without a partial file, a partial file without a journal. Together
  /// they are work that some other command may go on with. Files that a process holds are let be.
  package static func removeLeftovers(beside output: String) throws(InputError) {
    let target = try resolve(output)
    let (partial, journal) = (target + ".partial", target + ".journal")
    let (hasPartial, hasJournal) = (try status(of: partial) != nil, try status(of: journal) != nil)
    if hasPartial != hasJournal { try removeUnheld(hasPartial ? partial : journal) }
  }

  private static func removeUnheld(_ path: String) throws(InputError) {
    guard try statusOfName(path)?.kind == .file else { return }
    let descriptor = try Descriptor(opening: path, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
    guard try descriptor.lock(path), try statusOfName(path)?.identity == descriptor.status(path).identity else {
      return
    }
    try remove(path)
  }
}

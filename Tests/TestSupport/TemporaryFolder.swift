import Files
import Processes
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A folder that goes when its owner does.
package final class TemporaryFolder: Sendable {
  package let path: String
  private static let counter = Atomic<Int>(0)

  package init() throws {
    let base = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    let number = Self.counter.add(1, ordering: .relaxed).newValue
    path = "\(base)/captioneer-test-\(getpid())-\(number)"
    try FileSystem.makeFolder(path)
  }

  deinit {
    _ = try? ChildProcess.run("/bin/rm", ["-rf", path], capturesOutput: true)
  }
}

/// Makes a symbolic link.
package func symlink(to target: String, at path: String) -> Bool { unsafe Glibc.symlink(target, path) == 0 }

/// Gives a file a second name.
package func hardLink(to target: String, at path: String) -> Bool { unsafe Glibc.link(target, path) == 0 }

extension FileSystem {
  /// Whether a test sees a file there. The program itself asks `status(of:)`, which tells what can't be seen from what isn't there.
  package static func isFile(_ path: String) -> Bool { (try? status(of: path))?.isFile == true }
  package static func isFolder(_ path: String) -> Bool { (try? status(of: path))?.isFolder == true }
}

import Files

#if canImport(Glibc)
  import Glibc
#endif

/// Real photographs, captions and weights, which lie beside the repository and are never part of it.
package enum SharedData {
  /// The repository's root, found from this file.
  package static let repository: String = {
    var path = #filePath
    for _ in 0..<3 { path = FileSystem.folder(of: path) }
    return path
  }()

  /// The folder with the real data, or nil where this machine has none. `CAPTIONEER_SHARED_DATA` names another place.
  package static let path: String? = {
    let named = unsafe getenv("CAPTIONEER_SHARED_DATA").map { unsafe String(cString: $0) }
    let folder = named ?? FileSystem.join(repository, "../shared/data")
    return FileSystem.isFolder(folder) ? folder : nil
  }()

  /// Why a test that needs the data was skipped.
  package static let skipReason = "needs ../shared/data (or CAPTIONEER_SHARED_DATA), which is not on this machine"
}

public import Diagnostics
import Digests
import Files

/// Where MobileNetV2's weights come from: a path, else the weights folder, else torchvision's server.
public enum WeightsLocation {
  /// torchvision's published file; the digits in its name begin its SHA-256.
  public static let publishedName = "mobilenet_v2-b0353104.pth"
  public static let publishedURL = "https://download.pytorch.org/models/" + publishedName
  static let publishedDigestPrefix = "b0353104"

  /// The weights file that is there, or nil where it would have to be downloaded.
  ///
  /// - Throws: `InputError` where `path` is given and is no file.
  public static func find(path: String?, folder: String) throws(InputError) -> String? {
    if let path {
      guard FileSystem.isFile(path) else {
        throw InputError(file: path, "the weights file is not there", remedy: "check --weights")
      }
      return path
    }
    for name in [publishedName, "mobilenet_v2.safetensors"] where FileSystem.isFile(FileSystem.join(folder, name)) {
      return FileSystem.join(folder, name)
    }
    return nil
  }

  /// Downloads the published file into `folder` and checks its digest; curl shows the progress on standard error.
  ///
  /// curl is a program of its own, so that TLS and its libraries cost the stages no start-up.
  /// - Returns: the file's path.
  /// - Throws: `InputError` saying which file to put where; `Interrupted` after Ctrl-C.
  public static func download(into folder: String, isQuiet: Bool, from url: String = publishedURL) throws -> String {
    let target = FileSystem.join(folder, publishedName)
    try FileSystem.makeFolder(folder)
    let partial = target + ".partial"
    func curl(_ arguments: [String], isSilent: Bool) throws(InputError) -> Int32 {
      try ChildProcess.run(
        "/usr/bin/env", ["curl", "--fail", "--location", "--connect-timeout", "20"] + arguments + [url],
        capturesOutput: isSilent, silencesErrors: isSilent
      ).code
    }
    func fail(_ problem: String) -> InputError {
      InputError(
        file: target, problem,
        remedy: "fetch \(publishedURL) on another machine and put it there, or give --weights FILE")
    }
    // Asked quietly first: offline, the user reads our one line and not curl's.
    var code = try curl(["--silent", "--head"], isSilent: true)
    if code == 0 {
      let progress = isQuiet ? ["--silent"] : ["--progress-bar"]
      code = try curl(progress + ["--retry", "2", "--output", partial], isSilent: isQuiet)
    }
    guard code == 0 else {
      try FileSystem.remove(partial)
      if Signals.received != nil { throw Interrupted() }
      throw fail(code == 127 ? "curl is not installed" : "could not be downloaded (curl's code \(code))")
    }
    let file = try MappedFile(path: partial)
    let digest = sha256(file.bytes)
    guard digest.hasPrefix(publishedDigestPrefix) else {
      try FileSystem.remove(partial)
      throw fail("the download has the SHA-256 \(digest.prefix(16))…, expected \(publishedDigestPrefix)…")
    }
    try FileSystem.rename(partial, to: target)
    return target
  }
}

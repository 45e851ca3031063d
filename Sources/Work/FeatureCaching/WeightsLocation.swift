package import Diagnostics
import Digests
import Files

/// Where MobileNetV2's weights come from: a path, else the weights folder, else torchvision's server.
package enum WeightsLocation {
  /// torchvision's published file; the digits in its name begin its SHA-256, and anybody can make a file that begins alike.
  package static let publishedName = "mobilenet_v2-b0353104.pth"
  package static let publishedURL = "https://download.pytorch.org/models/" + publishedName
  /// The whole SHA-256, as others who distribute the file state it.
  static let publishedDigest = "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"

  /// The weights file that is there, or nil where it would have to be downloaded.
  ///
  /// - Throws: `InputError` where `path` is given and is no file.
  package static func find(path: String?, folder: String) throws(InputError) -> String? {
    if let path {
      let status = try FileSystem.status(of: path)
      guard status?.kind == .file else {
        let problem = status.map { "is \($0.kind.words), expected a file" } ?? "the weights file is not there"
        throw InputError(file: path, problem, remedy: "check --weights")
      }
      return path
    }
    for name in [publishedName, "mobilenet_v2.safetensors"] {
      let candidate = FileSystem.join(folder, name)
      if try FileSystem.status(of: candidate)?.kind == .file { return candidate }
    }
    return nil
  }

  /// Downloads the published file into `folder` and checks its digest; curl shows the progress on standard error.
  ///
  /// curl is a program of its own, so that TLS and its libraries cost the stages no start-up.
  /// - Returns: the file's path.
  /// - Throws: `InputError` saying which file to put where; `Interrupted` after Ctrl-C.
  package static func download(into folder: String, isQuiet: Bool, from url: String = publishedURL) throws -> String {
    let target = FileSystem.join(folder, publishedName)
    // curl writes into the file that this process made and locked, and that goes away unless it is published.
    let file = try OutputFile(path: target)
    func curl(_ arguments: [String], isSilent: Bool) throws(InputError) -> Int32 {
      try ChildProcess.run(
        "/usr/bin/env", ["curl", "--fail", "--location", "--connect-timeout", "20"] + arguments + [url],
        capturesOutput: isSilent, errors: isSilent ? .silenced : .passed
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
      code = try curl(progress + ["--retry", "2", "--output", file.partial], isSilent: isQuiet)
    }
    guard code == 0 else {
      if Signals.received != nil { throw Interrupted() }
      throw fail(code == 127 ? "curl is not installed" : "could not be downloaded (curl's code \(code))")
    }
    let map = try file.mapped()
    let digest = sha256(map.bytes)
    guard digest == publishedDigest else {
      throw fail("the download has the SHA-256 \(digest.prefix(16))…, expected \(publishedDigest.prefix(16))…")
    }
    try file.publish()
    return file.target
  }
}

package import Diagnostics
import Digests
import Files
import Processes

/// Where a network's weights come from: a path, else the weights folder, else its makers' server.
package struct PublishedWeights: Sendable {
  /// The published file; where digits in its name begin its SHA-256, anybody can make a file that begins alike.
  package let name: String
  package var url: String { folderURL + name }
  let folderURL: String
  /// The whole SHA-256, as others who distribute the file state it.
  let digest: String
  /// Names of the same weights in other kinds of files.
  let otherNames: [String]

  /// The weights file that is there, or nil where it would have to be downloaded.
  ///
  /// - Throws: `InputError` where `path` is given and is no file.
  package func find(path: String?, folder: String) throws(InputError) -> String? {
    if let path {
      let status = try FileSystem.status(of: path)
      guard status?.kind == .file else {
        let problem = status.map { "is \($0.kind.words), expected a file" } ?? "the weights file is not there"
        throw InputError(file: path, problem, remedy: "check --weights")
      }
      return path
    }
    for name in [name] + otherNames {
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
  package func download(into folder: String, isQuiet: Bool, from source: String? = nil) throws -> String {
    let target = FileSystem.join(folder, name)
    // curl writes into the file that this process made and locked, and that goes away unless it is published.
    let file = try OutputFile(path: target)
    func curl(_ arguments: [String], isSilent: Bool) throws(InputError) -> Int32 {
      try ChildProcess.run(
        "/usr/bin/env", ["curl", "--fail", "--location", "--connect-timeout", "20"] + arguments + [source ?? url],
        capturesOutput: isSilent, errors: isSilent ? .silenced : .passed
      ).code
    }
    func fail(_ problem: String) -> InputError {
      InputError(
        file: target, problem,
        remedy: "fetch \(url) on another machine and put it there, or give --weights FILE")
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
    let found = sha256(map.bytes)
    guard found == digest else {
      throw fail("the download has the SHA-256 \(found.prefix(16))…, expected \(digest.prefix(16))…")
    }
    try file.publish()
    return file.target
  }
}

import Files
import Processes

#if canImport(Glibc)
  import Glibc
#endif

/// One run of a built executable, which lies beside the running test binary.
package struct StageProcess: Sendable {
  package enum Failure: Error { case notMounted(Int32) }

  /// The exit code; 128 + the signal's number for a process that a signal ended.
  package var code: Int32
  package var output: String
  package var errors: String
  /// Largest resident memory that was seen, bytes. Looked at every few milliseconds, so short peaks may be missed.
  package var peakMemory: Int
  package var seconds: Double
  /// The lines of standard error that are neither why the stage runs nor progress of the kind `stage: phase 1/2 …, 3/s, 0:01 left`.
  package var errorLines: [Substring] {
    errors.split(separator: "\n").filter { !$0.hasSuffix(" left") && !$0.contains(": runs: ") }
  }

  /// What to do to a process while it runs.
  package enum Disturbance: Sendable {
    case none
    /// Sends `signal` this many seconds after the start.
    case signalAfter(Double, signal: Int32)
    /// Sends `signal` once the file exists and holds at least `bytes`.
    case signalOnce(file: String, bytes: Int, signal: Int32)
    /// Stops it once the file holds at least `bytes`, does something, and lets it go on.
    case during(file: String, bytes: Int, @Sendable () -> Void)
    /// Sends all of `signals`, one straight after the other, once the file exists.
    case signalsOnce(file: String, signals: [Int32])
  }

  /// Runs the executable `name` to its end.
  ///
  /// - Parameter environment: `NAME=VALUE`, on top of this process's.
  package static func run(
    _ name: String, _ arguments: [String], environment: [String] = [], disturbance: Disturbance = .none
  ) throws -> StageProcess {
    let executable = name.hasPrefix("/") ? name : ChildProcess.ownFolder + "/" + name
    let scratch = try TemporaryFolder()
    let (outputPath, errorPath) = (scratch.path + "/output", scratch.path + "/errors")

    let began = monotonicSeconds()
    let child = try ChildProcess(
      executable, arguments, settings: environment, input: .silenced, output: .file(outputPath),
      errors: .file(errorPath))
    var peak = 0
    var isDisturbed = false
    func hasReached(_ file: String, _ bytes: Int = 0) throws -> Bool {
      do { return try !isDisturbed && (FileSystem.status(of: file)?.signature?.size ?? -1) >= bytes } catch {
        // Nobody would wait for it.
        child.send(SIGKILL)
        _ = child.wait()
        throw error
      }
    }
    var ending = child.poll()
    while ending == nil {
      peak = max(peak, highWaterMark(child.number))
      switch disturbance {
      case .signalAfter(let seconds, let signal) where !isDisturbed && monotonicSeconds() - began >= seconds:
        child.send(signal)
        isDisturbed = true
      case .signalOnce(let file, let bytes, let signal) where try hasReached(file, bytes):
        child.send(signal)
        isDisturbed = true
      case .signalsOnce(let file, let signals) where try hasReached(file):
        for signal in signals { child.send(signal) }
        isDisturbed = true
      case .during(let file, let bytes, let act) where try hasReached(file, bytes):
        child.send(SIGSTOP)
        act()
        child.send(SIGCONT)
        isDisturbed = true
      default: break
      }
      usleep(1000)
      ending = child.poll()
    }
    return StageProcess(
      code: ending?.code ?? -1, output: try FileSystem.readText(outputPath), errors: try FileSystem.readText(errorPath),
      peakMemory: peak, seconds: monotonicSeconds() - began)
  }

  /// `VmHWM`: unlike `ru_maxrss` it does not start with what the parent held.
  private static func highWaterMark(_ process: pid_t) -> Int {
    guard let file = unsafe fopen("/proc/\(process)/status", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while unsafe fgets(&line, 256, file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix("VmHWM:") else { continue }
      return text.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }.map {
        $0 * 1024
      } ?? 0
    }
    return 0
  }
}

/// A variable of this process's environment.
package func environmentVariable(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}

/// Whether this process may mount file systems and write everywhere.
package let isSuperuser = geteuid() == 0

/// A small file system in memory, for filling it up.
package final class SmallDisk: Sendable {
  package let path: String
  private let folder: TemporaryFolder

  /// - Throws: where mounting is not allowed.
  package init(bytes: Int) throws {
    folder = try TemporaryFolder()
    path = folder.path + "/disk"
    try FileSystem.makeFolder(path)
    guard unsafe mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)") == 0 else {
      throw StageProcess.Failure.notMounted(errno)
    }
  }

  deinit { unsafe umount2(path, Int32(MNT_DETACH)) }

  /// Why a test that needs one was skipped.
  package static let skipReason = "needs the right to mount a tmpfs (root)"
  package static let isPossible: Bool = (try? SmallDisk(bytes: 1 << 20)) != nil
}

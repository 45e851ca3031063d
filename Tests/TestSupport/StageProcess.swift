import Files

#if canImport(Glibc)
  import Glibc
#endif

/// One run of a built executable, which lies beside the running test binary.
package struct StageProcess: Sendable {
  package enum Failure: Error { case notStarted(String) }

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

    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)

    var words: [UnsafeMutablePointer<CChar>?] = unsafe ([executable] + arguments).map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe words.indices { unsafe free(words[index]) } }
    var settings: [UnsafeMutablePointer<CChar>?] = unsafe environment.map { unsafe strdup($0) }
    defer { for index in environment.indices { unsafe free(settings[index]) } }
    var entry = unsafe environ
    while let setting = unsafe entry.pointee {
      unsafe settings.append(setting)
      unsafe entry += 1
    }
    unsafe settings.append(nil)

    var child: pid_t = 0
    let began = now()
    // The test's thread blocks signals, which the child would inherit.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var nothing = sigset_t()
    unsafe sigemptyset(&nothing)
    unsafe posix_spawnattr_setsigmask(&attributes, &nothing)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let failure = unsafe posix_spawn(&child, executable, &actions, &attributes, &words, &settings)
    guard failure == 0 else { throw Failure.notStarted("\(executable): \(unsafe String(cString: strerror(failure)))") }

    var status: Int32 = 0
    var peak = 0
    var isDisturbed = false
    while true {
      let ended = unsafe waitpid(child, &status, WNOHANG)
      if ended == child { break }
      peak = max(peak, highWaterMark(child))
      switch disturbance {
      case .signalAfter(let seconds, let signal) where !isDisturbed && now() - began >= seconds:
        kill(child, signal)
        isDisturbed = true
      case .signalOnce(let file, let bytes, let signal)
      where !isDisturbed && (FileSystem.signature(file)?.size ?? -1) >= bytes:
        kill(child, signal)
        isDisturbed = true
      case .signalsOnce(let file, let signals) where !isDisturbed && FileSystem.isFile(file):
        for signal in signals { kill(child, signal) }
        isDisturbed = true
      case .during(let file, let bytes, let act)
      where !isDisturbed && (FileSystem.signature(file)?.size ?? -1) >= bytes:
        kill(child, SIGSTOP)
        act()
        kill(child, SIGCONT)
        isDisturbed = true
      default: break
      }
      usleep(1000)
    }
    let code = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    return StageProcess(
      code: code, output: try FileSystem.readText(outputPath), errors: try FileSystem.readText(errorPath),
      peakMemory: peak, seconds: now() - began)
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

  private static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
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
      throw StageProcess.Failure.notStarted("mount: \(systemMessage())")
    }
  }

  deinit { unsafe umount2(path, Int32(MNT_DETACH)) }

  /// Why a test that needs one was skipped.
  package static let skipReason = "needs the right to mount a tmpfs (root)"
  package static let isPossible: Bool = (try? SmallDisk(bytes: 1 << 20)) != nil
}

public import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// Another program, run to its end.
public enum ChildProcess {
  public struct Result: Sendable {
    /// The exit code; 128 + the signal's number for a program that a signal ended.
    public var code: Int32
    /// What it wrote to standard output, where that was captured.
    public var output: String
  }

  /// The folder of the running executable, where its sisters lie.
  public static var ownFolder: String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { return "." }
    return FileSystem.folder(of: String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  /// Runs `executable` with `arguments` and this process's environment; standard error is passed through.
  ///
  /// Ctrl-C reaches the child, which decides how to stop; this process waits for it.
  /// - Throws: `InputError` where the program can't be started.
  public static func run(
    _ executable: String, _ arguments: [String], capturesOutput: Bool, silencesErrors: Bool = false
  ) throws(InputError) -> Result {
    var ends: [Int32] = [-1, -1]
    if capturesOutput {
      guard unsafe pipe(&ends) == 0 else { throw InputError(file: executable, "can't be started: \(systemMessage())") }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    if capturesOutput { unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1) }
    if silencesErrors { unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) }

    var words: [UnsafeMutablePointer<CChar>?] = unsafe ([executable] + arguments).map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe words.indices { unsafe free(words[index]) } }
    // The child must not inherit that this process ignores the interrupt.
    let previous = signal(SIGINT, SIG_IGN)
    defer { signal(SIGINT, previous) }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var defaults = sigset_t()
    unsafe sigemptyset(&defaults)
    unsafe sigaddset(&defaults, SIGINT)
    unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))

    var child: pid_t = 0
    let failure = unsafe posix_spawn(&child, executable, &actions, &attributes, &words, environ)
    if capturesOutput { close(ends[1]) }
    guard failure == 0 else {
      if capturesOutput { close(ends[0]) }
      throw InputError(
        file: executable, "can't be started: \(unsafe String(cString: strerror(failure)))",
        remedy: "build every stage with 'swift build -c release'")
    }
    let output = capturesOutput ? readAll(ends[0]) : []
    var status: Int32 = 0
    while unsafe waitpid(child, &status, 0) < 0 && errno == EINTR {}
    let code = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    return Result(code: code, output: String(decoding: output, as: UTF8.self))
  }

  private static func readAll(_ descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      bytes += chunk[..<count]
    }
    close(descriptor)
    return bytes
  }
}

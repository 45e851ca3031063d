import CProcesses
package import Diagnostics
import Files
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Another program that this process started.
///
/// swift-subprocess 1.0.2 was measured in its place: 16 s of a clean build, 3.6 MB in the executable, 0.2 ms of start-up and 2.7 ms for
/// each child. But it closes every descriptor above 2 in the child, and with it the pipe by which a stage learns that its parent is gone;
/// it can't hold signals back until the child's number is known; and all of it is `async`.
package final class ChildProcess {
  /// How a child ended.
  package struct Ending: Sendable, Equatable {
    /// The exit code; 128 + the signal's number for a program that a signal ended.
    package var code: Int32
    /// The signal that ended it, where one did.
    package var signal: Int32?
  }

  /// What becomes of one of a child's standard streams.
  package enum Stream: Sendable, Equatable {
    /// It is this process's.
    case passed
    /// It is `/dev/null`.
    case silenced
    /// `wait` reads all of it.
    case captured
    /// It goes into this file, which is made anew.
    case file(String)
  }

  /// How a child belongs to this process.
  package enum Bond: Sendable {
    /// It is in this process's group: the terminal's signals reach it as they reach us, and others are handed on.
    case sister
    /// One of our commands, in a group of its own: it gets each signal once, from us, and ends with us. It may print on the terminal.
    case stage
  }

  package let number: Int32
  private let isHandedSignals: Bool
  private let captured: [Pipe]
  /// The kernel closes its writing end with this process: by that a stage learns of it.
  private let life: Pipe?
  private var ending: Ending?

  /// Starts `executable` with `arguments` and this process's environment.
  ///
  /// - Parameters:
  ///   - settings: `NAME=VALUE`, which come before the environment's own.
  ///   - isHandedSignals: the signals that `Signals` handles are handed to it until it ends; to the first where there are several.
  /// - Throws: `InputError` where the program can't be started.
  package init(
    _ executable: String, _ arguments: [String], settings: [String] = [], input: Stream = .passed,
    output: Stream = .passed, errors: Stream = .passed, bond: Bond = .sister, isHandedSignals: Bool = false
  ) throws(InputError) {
    Signals.keepEndings()
    func fail(_ code: Int32) -> InputError {
      InputError(
        file: executable, "can't be started: \(unsafe String(cString: strerror(code)))",
        remedy: "check that it is a program that this user may run", errorNumber: code)
    }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    var captured: [Pipe] = []
    for (stream, number) in [(input, Int32(0)), (output, 1), (errors, 2)] {
      let reads = number == 0
      switch stream {
      case .passed: break
      case .silenced:
        unsafe posix_spawn_file_actions_addopen(&actions, number, "/dev/null", reads ? O_RDONLY : O_WRONLY, 0)
      case .file(let path):
        let flags = reads ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC
        unsafe posix_spawn_file_actions_addopen(&actions, number, path, flags, 0o600)
      case .captured:
        precondition(!reads, "standard input can't be captured")
        guard let pipe = Pipe(purpose: number) else { throw fail(errno) }
        unsafe posix_spawn_file_actions_adddup2(&actions, pipe.writing, number)
        captured.append(pipe)
      }
    }
    var life: Pipe?
    var settings = settings
    if bond == .stage {
      guard let pipe = Pipe(purpose: 0) else { throw fail(errno) }
      // On itself: that alone lets the child inherit it.
      unsafe posix_spawn_file_actions_adddup2(&actions, pipe.reading, pipe.reading)
      settings.append("\(ParentWatch.variable)=\(pipe.reading)")
      life = pipe
    }
    let words = CStrings([executable] + arguments)
    let environment = CStrings(settings + Self.inheritedEnvironment)
    var process: pid_t = 0
    let failure = Signals.heldBack {
      let failure = unsafe Self.spawn(&process, executable, &actions, bond, words, environment)
      if failure == 0 && isHandedSignals {
        _ = Signals.child.compareExchange(expected: 0, desired: process, ordering: .relaxed)
        // One that came before there was a child to hand it to.
        if let number = Signals.received { kill(process, number) }
      }
      return failure
    }
    guard failure == 0 else { throw fail(failure) }
    number = process
    self.isHandedSignals = isHandedSignals
    self.captured = captured
    self.life = life
  }

  /// Sends it a signal; nothing where it has ended.
  package func send(_ signal: Int32) {
    if ending == nil { kill(number, signal) }
  }

  /// How it ended; nil while it runs.
  package func poll() -> Ending? { finish(WNOHANG) }

  /// Waits for its end. What is captured is read meanwhile.
  package func wait() -> Ending {
    Pipe.readAll(captured)
    while true { if let ending = finish(0) { return ending } }
  }

  /// What it wrote to the captured stream 1 or 2, as far as `wait` has read it.
  fileprivate func text(_ stream: Int32) -> String {
    String(decoding: captured.first { $0.purpose == stream }?.bytes ?? [], as: UTF8.self)
  }

  private func finish(_ options: Int32) -> Ending? {
    if let ending { return ending }
    // The number is another process's once it is reaped: until then it is handed signals, and no longer.
    var information = unsafe siginfo_t()
    var looked: Int32
    repeat {
      looked = unsafe waitid(P_PID, id_t(number), &information, WEXITED | WNOWAIT | options)
    } while looked < 0 && errno == EINTR
    // With WNOHANG nothing is told of one that runs.
    guard unsafe looked < 0 || options & WNOHANG == 0 || information.si_signo != 0 else { return nil }
    if isHandedSignals { _ = Signals.child.compareExchange(expected: number, desired: 0, ordering: .relaxed) }
    var status: Int32 = 0
    var reaped: pid_t
    repeat { reaped = unsafe waitpid(number, &status, 0) } while reaped < 0 && errno == EINTR
    // `Signals.keepEndings` sees to it that nobody else gets a child's end; one that nobody got was no success.
    guard reaped == number else {
      ending = Ending(code: 1, signal: nil)
      return ending
    }
    let signal = status & 0x7F
    ending = Ending(code: signal == 0 ? status >> 8 & 0xFF : 128 + signal, signal: signal == 0 ? nil : signal)
    return ending
  }

  private static func spawn(
    _ process: inout pid_t, _ executable: String, _ actions: inout posix_spawn_file_actions_t, _ bond: Bond,
    _ words: CStrings, _ environment: CStrings
  ) -> Int32 {
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // What this process ignores for itself, and what it holds back just now, the child must not inherit.
    var defaults = sigset_t()
    unsafe sigemptyset(&defaults)
    for number in [SIGPIPE, SIGXFSZ, SIGCHLD] { unsafe sigaddset(&defaults, number) }
    unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
    var nothing = sigset_t()
    unsafe sigemptyset(&nothing)
    unsafe posix_spawnattr_setsigmask(&attributes, &nothing)
    var flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    if bond == .stage {
      unsafe posix_spawnattr_setpgroup(&attributes, 0)
      flags |= POSIX_SPAWN_SETPGROUP
    }
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    // The terminal stays this process's: a stage writes to it from the background, also where `stty tostop` forbids that to others, and
    // reading from it fails instead of stopping the stage for ever.
    let kept = bond == .stage ? [SIGTTOU, SIGTTIN].map { ($0, signal($0, SIG_IGN)) } : []
    defer { for (number, handler) in kept { signal(number, handler) } }
    return unsafe posix_spawn(&process, executable, &actions, &attributes, words.pointers, environment.pointers)
  }

  /// This process's environment, without the name of its own parent.
  private static var inheritedEnvironment: [String] {
    var settings: [String] = []
    var entry = unsafe environ
    while let setting = unsafe entry.pointee {
      unsafe settings.append(String(cString: setting))
      unsafe entry += 1
    }
    return settings.filter { !$0.hasPrefix(ParentWatch.variable + "=") }
  }
}

extension ChildProcess {
  package struct Result: Sendable {
    package var code: Int32
    package var signal: Int32?
    /// What it wrote to standard output, where that was captured.
    package var output: String
    /// What it wrote to standard error, where that was captured.
    package var errors: String
  }

  /// Runs `executable` with `arguments` to its end; the signals that `Signals` handles are handed to it meanwhile.
  ///
  /// - Throws: `InputError` where the program can't be started.
  package static func run(
    _ executable: String, _ arguments: [String], capturesOutput: Bool, errors: Stream = .passed, bond: Bond = .sister
  ) throws(InputError) -> Result {
    let child = try ChildProcess(
      executable, arguments, output: capturesOutput ? .captured : .passed, errors: errors, bond: bond,
      isHandedSignals: true)
    let ending = child.wait()
    return Result(code: ending.code, signal: ending.signal, output: child.text(1), errors: child.text(2))
  }

  /// The folder of the running executable, where its sisters lie.
  package static var ownFolder: String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { return "." }
    return FileSystem.folder(of: String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }
}

/// A pipe; both ends go with it and are closed in every program that this process starts.
private final class Pipe {
  let reading: Int32
  private(set) var writing: Int32
  /// The child's descriptor that it is for.
  let purpose: Int32
  private(set) var bytes: [UInt8] = []

  init?(purpose: Int32) {
    var ends: [Int32] = [-1, -1]
    // Closed in programs at once: another thread may start one between two calls.
    guard unsafe captioneer_pipe(&ends) == 0 else { return nil }
    (reading, writing) = (ends[0], ends[1])
    self.purpose = purpose
  }

  deinit {
    closeWriting()
    close(reading)
  }

  private func closeWriting() {
    if writing >= 0 { close(writing) }
    writing = -1
  }

  /// Reads all of them to their ends, whichever has something, so that no writer waits for another's reader.
  static func readAll(_ pipes: [Pipe]) {
    for pipe in pipes { pipe.closeWriting() }
    var open = pipes
    var chunk = [UInt8](repeating: 0, count: 65536)
    while !open.isEmpty {
      var entries = open.map { pollfd(fd: $0.reading, events: Int16(POLLIN), revents: 0) }
      if unsafe poll(&entries, nfds_t(entries.count), -1) < 0 {
        if errno == EINTR { continue }
        return
      }
      for (pipe, entry) in zip(open, entries) where entry.revents != 0 {
        let count = unsafe read(pipe.reading, &chunk, chunk.count)
        if count > 0 { pipe.bytes += chunk[..<count] }
        if count == 0 || count < 0 && errno != EINTR { open.removeAll { $0 === pipe } }
      }
    }
  }
}

/// A list of words as C wants it.
@safe private final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ words: [String]) {
    count = words.count
    unsafe pointers = .allocate(capacity: count + 1)
    for (index, word) in words.enumerated() { unsafe (pointers + index).initialize(to: strdup(word)) }
    unsafe (pointers + count).initialize(to: nil)
  }

  deinit {
    for index in 0..<count { unsafe free(pointers[index]) }
    unsafe pointers.deallocate()
  }
}

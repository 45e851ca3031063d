package import Diagnostics
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Another program, run to its end.
package enum ChildProcess {
  package struct Result: Sendable {
    /// The exit code; 128 + the signal's number for a program that a signal ended.
    package var code: Int32
    /// The signal that ended it, where one did.
    package var signal: Int32?
    /// What it wrote to standard output, where that was captured.
    package var output: String
    /// What it wrote to standard error, where that was captured.
    package var errors: String
  }

  /// What becomes of a child's standard error.
  package enum Errors: Sendable { case passed, silenced, captured }

  /// How a child belongs to this process.
  package enum Bond: Sendable {
    /// It is in this process's group: the terminal's signals reach it as they reach us, and others are handed on.
    case sister
    /// One of our commands, in a group of its own: it gets each signal once, from us, and ends with us. It may print on the terminal.
    case stage
  }

  /// The folder of the running executable, where its sisters lie.
  package static var ownFolder: String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { return "." }
    return FileSystem.folder(of: String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  /// Runs `executable` with `arguments` and this process's environment.
  ///
  /// This process waits for it; the signals that `Signals` handles are handed to it meanwhile.
  /// - Throws: `InputError` where the program can't be started.
  package static func run(
    _ executable: String, _ arguments: [String], capturesOutput: Bool, errors: Errors = .passed,
    bond: Bond = .sister
  ) throws(InputError) -> Result {
    func fail(_ code: Int32) -> InputError {
      InputError(
        file: executable, "can't be started: \(unsafe String(cString: strerror(code)))",
        remedy: "check that it is a program that this user may run", errorNumber: code)
    }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    var captured: [Pipe] = []
    var life: Pipe?
    var settings: [String] = []
    for number: Int32 in (capturesOutput ? [1] : []) + (errors == .captured ? [2] : []) {
      guard let pipe = Pipe(purpose: number) else { throw fail(errno) }
      unsafe posix_spawn_file_actions_adddup2(&actions, pipe.writing, number)
      captured.append(pipe)
    }
    if errors == .silenced { unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) }
    if bond == .stage {
      guard let pipe = Pipe(purpose: 0) else { throw fail(errno) }
      // On itself: that alone lets the child inherit it.
      unsafe posix_spawn_file_actions_adddup2(&actions, pipe.reading, pipe.reading)
      settings.append("\(ParentWatch.variable)=\(pipe.reading)")
      life = pipe
    }
    let words = CStrings([executable] + arguments)
    let environment = CStrings(settings + inheritedEnvironment)
    var process: pid_t = 0
    let failure = Signals.heldBack {
      let failure = unsafe spawn(&process, executable, &actions, bond, words, environment)
      if failure == 0 {
        Signals.child.store(process, ordering: .relaxed)
        // One that came before there was a child to hand it to.
        if let number = Signals.received { kill(process, number) }
      }
      return failure
    }
    guard failure == 0 else { throw fail(failure) }
    Pipe.readAll(captured)
    // The number is another process's once it is reaped: until then it is handed signals, and no longer.
    var information = unsafe siginfo_t()
    while unsafe waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
    _ = Signals.child.compareExchange(expected: process, desired: 0, ordering: .relaxed)
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
    withExtendedLifetime(life) {}
    let signal = status & 0x7F
    func text(_ number: Int32) -> String {
      String(decoding: captured.first { $0.purpose == number }?.bytes ?? [], as: UTF8.self)
    }
    return Result(
      code: signal == 0 ? status >> 8 & 0xFF : 128 + signal, signal: signal == 0 ? nil : signal, output: text(1),
      errors: text(2))
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
    for number in [SIGPIPE, SIGXFSZ] { unsafe sigaddset(&defaults, number) }
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

/// A pipe; both ends go with it and are closed in every program that this process starts.
private final class Pipe {
  let reading: Int32
  private(set) var writing: Int32
  /// The child's descriptor that it is for.
  let purpose: Int32
  private(set) var bytes: [UInt8] = []

  init?(purpose: Int32) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
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

import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// What signals mean to every command: HUP, INT and TERM ask it to finish the unit in hand and to keep what is done.
///
/// The first one is remembered; libraries learn of it through `ProgressReporter.isCancelled`. One that comes at least a second later ends
/// the process at once: terminals and timeout(1) send several together. A write to a closed pipe, or beyond a file-size limit, is an error
/// of the write and no signal.
package enum Signals {
  /// The first signal that asked this process to stop.
  package static var received: Int32? {
    let packed = request.load(ordering: .relaxed)
    return packed == 0 ? nil : Int32(truncatingIfNeeded: packed & 0xFF)
  }

  /// The exit code of a process that was asked to stop: 129, 130 or 143.
  package static var exitCode: Int32 { 128 + (received ?? SIGINT) }

  /// Called once, at the start of every command.
  package static func install() {
    // The handler must find them made: making a global takes a lock.
    _ = request.load(ordering: .relaxed)
    _ = child.load(ordering: .relaxed)
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    for number in [SIGHUP, SIGINT, SIGTERM] {
      // nohup(1) means it.
      if number == SIGHUP, isIgnored(number) { continue }
      handle(number) { Signals.stop(at: $0) }
    }
    handle(SIGIO) { _ in Signals.stop(at: SIGTERM) }
    ParentWatch.begin()
  }

  /// A parent that ignores SIGCHLD hands that down, and then the kernel throws away how children end: here it keeps it.
  static func keepEndings() {
    if isIgnored(SIGCHLD) { signal(SIGCHLD, SIG_DFL) }
  }

  /// Also hands the terminal's other signals to the child that `ChildProcess` runs: it is in a process group of its own.
  package static func installForwarding() {
    for number in [SIGQUIT, SIGCONT] { handle(number) { Signals.forward($0, toGroup: true) } }
    handle(SIGTSTP, SA_RESTART | SA_NODEFER) { _ in Signals.suspend() }
  }

  /// Calls `body` with HUP, INT, TERM and the like held back, and delivers them after it.
  static func heldBack<Value>(_ body: () -> Value) -> Value {
    var all = sigset_t()
    var previous = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_BLOCK, &all, &previous)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &previous, nil) }
    return body()
  }

  /// The process that signals are handed to; 0 where none runs.
  static let child = Atomic<Int32>(0)

  /// The first signal's number in the lowest byte, above it the millisecond at which it came.
  private static let request = Atomic<Int>(0)

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(number, nil, &action) == 0 else { return false }
    return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }

  private static func handle(_ number: Int32, _ flags: Int32 = SA_RESTART, _ handler: @convention(c) (Int32) -> Void) {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = handler
    action.sa_flags = flags
    unsafe sigaction(number, &action, nil)
  }

  // Handlers: system calls that POSIX allows there, atomics, nothing that allocates.

  private static func stop(at number: Int32) {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    let now = Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000
    let (isFirst, first) = request.compareExchange(
      expected: 0, desired: now << 8 | Int(number), ordering: .relaxed)
    guard isFirst || now - first >> 8 >= 1000 else { return }
    if child.load(ordering: .relaxed) != 0 {
      // This process ends when the child has.
      forward(number)
    } else if !isFirst {
      _exit(128 + number)
    }
  }

  private static func forward(_ number: Int32, toGroup: Bool = false) {
    let code = errno
    let process = child.load(ordering: .relaxed)
    if process != 0 { kill(toGroup ? -process : process, number) }
    errno = code
  }

  /// Stops the child and this process, as the terminal would have, and wakes the child when this process goes on.
  private static func suspend() {
    let code = errno
    forward(SIGTSTP, toGroup: true)
    var (action, previous) = (sigaction(), sigaction())
    unsafe action.__sigaction_handler.sa_handler = SIG_DFL
    unsafe sigaction(SIGTSTP, &action, &previous)
    raise(SIGTSTP)
    unsafe sigaction(SIGTSTP, &previous, nil)
    forward(SIGCONT, toGroup: true)
    errno = code
  }
}

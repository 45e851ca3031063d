public import Diagnostics
import Files
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Progress on standard error: a bar with rate and remaining time on a terminal, a line every few seconds elsewhere.
public final class TerminalProgress: ProgressReporter {
  private struct State {
    var phase = ""
    var unit = ""
    var total = 0
    var done = 0
    var doneBefore = 0
    var began = 0.0
    var drawn = 0.0
    var isShown = false
    var announcement: String?
  }

  private let name: String
  private let isQuiet: Bool
  private let isTerminal = isatty(2) == 1
  private let state = Mutex(State())

  /// - Parameter announcement: a note for the moment when work begins, so that bad input is told in one line.
  public init(name: String, isQuiet: Bool, announcement: String? = nil) {
    self.name = name
    self.isQuiet = isQuiet
    state.withLock { $0.announcement = announcement }
  }

  public var isCancelled: Bool { Signals.received != nil }

  public func begin(_ phase: String, total: Int, done: Int, unit: String) {
    if let announcement = state.withLock({ $0.announcement }) {
      state.withLock { $0.announcement = nil }
      note(announcement)
    }
    state.withLock { state in
      if state.isShown && isTerminal { writeStandardError("\r\u{1B}[K") }
      let now = monotonicSeconds()
      state = State(phase: phase, unit: unit, total: total, done: done, doneBefore: done, began: now, drawn: now)
    }
  }

  public func advance(by count: Int) {
    state.withLock { state in
      state.done += count
      let now = monotonicSeconds()
      guard !isQuiet, now - state.drawn >= (isTerminal ? 0.1 : 5) else { return }
      state.drawn = now
      state.isShown = true
      writeStandardError(isTerminal ? "\r\(line(state, now))\u{1B}[K" : line(state, now) + "\n")
    }
  }

  public func note(_ line: String) {
    state.withLock { state in
      guard !isQuiet else { return }
      writeStandardError((state.isShown && isTerminal ? "\r\u{1B}[K" : "") + "\(name): \(line)\n")
    }
  }

  /// Leaves the last state of the bar on a line of its own.
  public func finish() {
    if let announcement = state.withLock({ $0.announcement }) {
      state.withLock { $0.announcement = nil }
      note(announcement)
    }
    state.withLock { state in
      if state.isShown && isTerminal { writeStandardError("\r\(line(state, monotonicSeconds()))\u{1B}[K\n") }
      state.isShown = false
    }
  }

  private func line(_ state: State, _ now: Double) -> String {
    let rate = Double(state.done - state.doneBefore) / max(now - state.began, 1e-9)
    let remaining = rate > 0 ? Double(state.total - state.done) / rate : 0
    let share = state.total > 0 ? Double(state.done) / Double(state.total) : 1
    let bar =
      isTerminal
      ? " [" + String(repeating: "#", count: Int(share * 24)) + String(repeating: ".", count: 24 - Int(share * 24))
        + "]" : ""
    let rateText = rate >= 100 ? "\(Int(rate))" : "\((rate * 10).rounded() / 10)"
    return
      "\(name): \(state.phase)\(bar) \(state.done)/\(state.total) \(state.unit), \(rateText)/s, \(Self.clock(remaining)) left"
  }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return whole < 3600
      ? "\(whole / 60):\(padded(whole % 60))" : "\(whole / 3600):\(padded(whole / 60 % 60)):\(padded(whole % 60))"
  }
}

private func monotonicSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

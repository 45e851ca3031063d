import Diagnostics
import Processes
import Synchronization

/// Progress on standard error: a bar with rate and remaining time on a terminal, a line every few seconds elsewhere.
package final class TerminalProgress: ProgressReporter {
  private struct State {
    var line = ProgressLine(phase: "", total: 0, done: 0, unit: "", now: 0)
    var drawn = 0.0
    var isShown = false
    var announcement: String?
  }

  private static let clearToEnd = "\u{1B}[K"

  private let name: String
  private let isQuiet: Bool
  private let isTerminal = Terminal.isUsable
  private let state = Mutex(State())

  /// - Parameter announcement: a note for the moment when work begins, so that bad input is told in one line.
  package init(name: String, isQuiet: Bool, announcement: String? = nil) {
    self.name = name
    self.isQuiet = isQuiet
    state.withLock { $0.announcement = announcement }
  }

  package var isCancelled: Bool { Signals.received != nil }

  package func begin(_ phase: String, total: Int, done: Int, unit: String) {
    if let announcement = state.withLock({ $0.announcement }) {
      state.withLock { $0.announcement = nil }
      note(announcement)
    }
    state.withLock { state in
      if state.isShown && isTerminal { writeStandardError("\r" + Self.clearToEnd) }
      let now = monotonicSeconds()
      state = State(line: ProgressLine(phase: phase, total: total, done: done, unit: unit, now: now), drawn: now)
    }
  }

  package func advance(by count: Int) {
    state.withLock { state in
      let now = monotonicSeconds()
      state.line.advance(by: count, now: now)
      guard !isQuiet, now - state.drawn >= (isTerminal ? 0.1 : 5) else { return }
      state.drawn = now
      state.isShown = true
      writeStandardError(isTerminal ? "\r\(text(state, now))\(Self.clearToEnd)" : text(state, now) + "\n")
    }
  }

  package func note(_ line: String) {
    state.withLock { state in
      guard !isQuiet else { return }
      writeStandardError((state.isShown && isTerminal ? "\r" + Self.clearToEnd : "") + "\(name): \(line)\n")
    }
  }

  /// Leaves the last state of the bar on a line of its own.
  package func finish() {
    if let announcement = state.withLock({ $0.announcement }) {
      state.withLock { $0.announcement = nil }
      note(announcement)
    }
    state.withLock { state in
      if state.isShown && isTerminal {
        writeStandardError("\r\(text(state, monotonicSeconds()))\(Self.clearToEnd)\n")
      }
      state.isShown = false
    }
  }

  private func text(_ state: State, _ now: Double) -> String {
    state.line.text(name: name, width: isTerminal ? Terminal.width : nil, now: now)
  }
}

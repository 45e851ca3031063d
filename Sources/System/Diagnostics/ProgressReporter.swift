/// How a library tells its caller how far it is, and learns that it should stop. Libraries never print.
///
/// Called from any thread.
package protocol ProgressReporter: AnyObject, Sendable {
  /// Begins a phase of `total` units, `done` of which an earlier run had finished. `unit` is a plural noun: `images`.
  func begin(_ phase: String, total: Int, done: Int, unit: String)
  /// `count` more units are finished.
  func advance(by count: Int)
  /// One line worth keeping (an epoch's loss, a resumed block), printed above the bar.
  func note(_ line: String)
  /// True once the user pressed Ctrl-C: finish the unit in hand and throw `Interrupted`.
  var isCancelled: Bool { get }
}

/// Reports to nobody.
package final class SilentProgress: ProgressReporter {
  package init() {}
  package func begin(_ phase: String, total: Int, done: Int, unit: String) {}
  package func advance(by count: Int) {}
  package func note(_ line: String) {}
  package var isCancelled: Bool { false }
}

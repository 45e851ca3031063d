import Synchronization

/// Results of parallel work, each at its own index.
final class Slots<Value: Sendable>: Sendable {
  private let state: Mutex<[Value]>

  init(_ count: Int, empty: Value) { state = Mutex([Value](repeating: empty, count: count)) }

  func set(_ index: Int, _ value: Value) { state.withLock { $0[index] = value } }
  var values: [Value] { state.withLock { $0 } }
}

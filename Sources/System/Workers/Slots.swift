import Synchronization

/// Results of parallel work, each at its own index, whoever makes it and when.
package final class Slots<Value: Sendable>: Sendable {
  private let items: Mutex<[Value]>

  /// `count` slots that hold `empty` until they are set.
  package init(_ count: Int, empty: Value) { items = Mutex([Value](repeating: empty, count: count)) }

  package func set(_ index: Int, _ value: Value) { items.withLock { $0[index] = value } }

  /// In the order of the indices.
  package var values: [Value] { items.withLock { $0 } }
}

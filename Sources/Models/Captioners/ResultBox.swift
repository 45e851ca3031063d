import Synchronization

/// Results of parallel work, by index.
final class ResultBox<Value: Sendable>: Sendable {
  private let items: Mutex<[Value?]>

  init(count: Int) { items = Mutex([Value?](repeating: nil, count: count)) }

  func set(_ index: Int, _ value: Value) { items.withLock { $0[index] = value } }

  var values: [Value] { items.withLock { $0.compactMap(\.self) } }
}

/// One f64 for each part, added in the order of the parts.
final class PartSums: Sendable {
  private let items: Mutex<[Double]>

  init(count: Int) { items = Mutex([Double](repeating: 0, count: count)) }

  subscript(part: Int) -> Double {
    get { items.withLock { $0[part] } }
    set { items.withLock { $0[part] = newValue } }
  }

  var sum: Double { items.withLock { $0.reduce(0, +) } }
}

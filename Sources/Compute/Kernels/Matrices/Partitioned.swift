import Workers

/// What tasks write at once: window i is task i's, and no two windows share a number.
///
/// Windows come from a `Partition` of one matrix's rows or columns. Where a task writes several matrices, `together` checks that they
/// are several.
package struct Partitioned<Window: Sendable>: Sendable {
  fileprivate let windows: [Window]
  /// The memory of all windows together.
  fileprivate let extents: [Range<UInt>]

  fileprivate init(_ windows: [Window], extents: [Range<UInt>]) {
    self.windows = windows
    self.extents = extents
  }

  package var count: Int { windows.count }

  /// The same windows in other words: `wrap` gets the window and its task's number.
  package func map<Wrapped: Sendable>(_ wrap: (Window, Int) -> Wrapped) -> Partitioned<Wrapped> {
    Partitioned<Wrapped>(windows.enumerated().map { wrap($1, $0) }, extents: extents)
  }

  /// Runs `body` once for each window on up to `threads` threads, and waits.
  package func forEach(threads: Int, _ body: @Sendable (Window, Int) -> Void) {
    // The body throws nothing.
    try? forEachIndex(windows.count, threads: threads) { index, _ in body(windows[index], index) }
  }
}

/// Window i of each: for tasks that write several matrices, which must lie apart.
package func together<each Window: Sendable>(
  _ parts: repeat Partitioned<each Window>
) -> Partitioned<(repeat each Window)> {
  var extents: [Range<UInt>] = []
  var counts: [Int] = []
  for part in repeat each parts {
    requireApart(extents, part.extents)
    extents += part.extents
    counts.append(part.count)
  }
  let count = counts.first ?? 0
  precondition(counts.allSatisfy { $0 == count }, "\(counts) windows: each task gets one of each")
  return Partitioned((0..<count).map { index in (repeat (each parts).windows[index]) }, extents: extents)
}

extension Matrix {
  /// Windows of whole rows.
  package func partitioned(rows parts: Partition) -> Partitioned<Matrix> {
    Partitioned((0..<parts.count).map { rows(parts[$0]) }, extents: [rows(parts.extent).extent])
  }

  /// Windows of all rows.
  package func partitioned(columns parts: Partition) -> Partitioned<Matrix> {
    Partitioned((0..<parts.count).map { columns(parts[$0]) }, extents: [columns(parts.extent).extent])
  }

  /// Addresses from the first number to the last: also those between the rows, so that it is never too little.
  fileprivate var extent: Range<UInt> {
    let start = unsafe UInt(bitPattern: base)
    guard count > 0 else { return start..<start }
    return start..<start + UInt((rows - 1) * stride + columns) * UInt(MemoryLayout<Float>.size)
  }
}

/// Tasks of several kinds that run at once. What each kind writes is given with it and must lie apart from what the others write.
package struct ParallelTasks: ~Copyable {
  private var tasks: [@Sendable () -> Void] = []
  private var extents: [Range<UInt>] = []

  package init() {}

  /// A task for each window, which is its own to write.
  package mutating func add<Window: Sendable>(
    _ parts: Partitioned<Window>, _ body: @escaping @Sendable (Window, Int) -> Void
  ) {
    claim(parts.extents)
    for (index, window) in parts.windows.enumerated() { tasks.append { body(window, index) } }
  }

  /// One task that writes these matrices, or none: then what it writes is no matrix, but an object of its own.
  package mutating func add(writing matrices: [Matrix], _ body: @escaping @Sendable () -> Void) {
    for matrix in matrices { claim([matrix.extent]) }
    tasks.append(body)
  }

  private mutating func claim(_ claimed: [Range<UInt>]) {
    requireApart(extents, claimed)
    extents += claimed
  }

  /// Runs all of them in their order on up to `threads` threads, and waits.
  package consuming func run(threads: Int) {
    let tasks = self.tasks
    // Tasks throw nothing.
    try? forEachIndex(tasks.count, threads: threads) { index, _ in tasks[index]() }
  }
}

private func requireApart(_ extents: [Range<UInt>], _ others: [Range<UInt>]) {
  for extent in extents {
    for other in others { precondition(!extent.overlaps(other), "tasks would write the same numbers at once") }
  }
}

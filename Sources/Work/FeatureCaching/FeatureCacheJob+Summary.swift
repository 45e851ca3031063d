package import JSON

extension FeatureCacheJob {
  /// What extraction made.
  package struct Summary: Sendable {
    package var rows: Int
    /// Of the pooled features; the map has as many.
    package var channels: Int
    /// [channels, height, width] of the map, where it was asked for.
    package var gridShape: [Int]?
    /// Rows that an earlier, stopped run had finished.
    package var resumedRows: Int
    let options: FeatureCacheOptions

    /// For people.
    package var line: String {
      let map = gridShape.map { " and maps of \($0.map(String.init).joined(separator: "×"))" } ?? ""
      let resumed = resumedRows > 0 ? " (\(resumedRows) were there already)" : ""
      return "\(rows) images: \(channels) features each\(map), \(options.precision.rawValue)\(resumed)"
    }

    package var json: JSONValue {
      [
        "rows": .integer(rows), "channels": .integer(channels), "resumed_rows": .integer(resumedRows),
        "grid": .array((gridShape ?? []).map { .integer($0) }), "precision": .string(options.precision.rawValue),
        "weights": .string(options.weights),
      ]
    }
  }
}

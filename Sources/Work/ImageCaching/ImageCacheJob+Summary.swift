package import JSON

extension ImageCacheJob {
  /// What a run came to.
  package struct Summary: Sendable {
    package var rows: Int
    package var recovered: [LedgerEntry]
    package var skipped: [LedgerEntry]
    /// False where more failed than allowed: the cache was not published, the work so far is kept beside it.
    package var isPublished = false
    /// How many photographs an earlier, interrupted run had done.
    package var resumed: Int
    /// How many could have been skipped.
    package var maximumFailures: Int
    /// What became of each photograph, in their order.
    package var ledger: [LedgerEntry]

    init(_ ledger: [LedgerEntry], resumed: Int, maximumFailures: Int) {
      self.ledger = ledger
      self.resumed = resumed
      self.maximumFailures = maximumFailures
      recovered = ledger.filter { $0.status == .recovered }
      skipped = ledger.filter { $0.status == .skipped }
      rows = ledger.count - skipped.count
    }

    /// For people: the first photographs that something was wrong with.
    package var complaints: [String] {
      (skipped.prefix(10) + recovered.prefix(10)).map {
        "\($0.status.rawValue) \($0.fileName) (image \($0.imageID)): \($0.reason)"
      }
    }

    /// For people: the counts.
    package var line: String {
      "\(rows) of \(ledger.count) photographs decoded, \(recovered.count) of them recovered from corrupt data, "
        + "\(skipped.count) skipped (at most \(maximumFailures) may be)"
    }

    package var json: JSONValue {
      [
        "published": .bool(isPublished), "rows": .integer(rows), "recovered": .integer(recovered.count),
        "skipped": .array(
          skipped.map {
            ["image_id": .integer(Int($0.imageID)), "file_name": .string($0.fileName), "reason": .string($0.reason)]
          }), "max_failures": .integer(maximumFailures), "resumed": .integer(resumed),
      ]
    }
  }
}

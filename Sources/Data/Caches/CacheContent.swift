package import HDF5
import JSON
import Provenance

/// A large dataset that is filled row by row.
package struct RowDataset: Sendable {
  package var name: String
  package var elementType: ElementType
  /// The shape without the leading row count.
  package var rowShape: [Int]
  /// One line for people, stored beside the dataset.
  package var description: String

  package init(_ name: String, _ elementType: ElementType, rowShape: [Int], description: String) {
    self.name = name
    self.elementType = elementType
    self.rowShape = rowShape
    self.description = description
  }

  package var rowByteCount: Int { rowShape.reduce(elementType.byteCount, *) }
}

/// A small dataset that is written whole. A name such as `ledger/reasons` makes the group.
package struct NamedColumn: Sendable {
  package var name: String
  package var column: Column
  package var shape: [Int]?
  package var description: String

  package init(_ name: String, _ column: Column, shape: [Int]? = nil, description: String) {
    self.name = name
    self.column = column
    self.shape = shape
    self.description = description
  }
}

extension Skeleton {
  /// Everything of a cache that is not rows, in an order that depends on nothing but the arguments.
  func write(_ identity: CacheIdentity, _ columns: [NamedColumn]) throws {
    try setAttribute("format", identity.format)
    try setAttribute("format_version", identity.formatVersion)
    try setAttribute("stage", identity.record.stage)
    try setAttribute("code_version", identity.record.codeVersion)
    try setAttribute("configuration", identity.configuration.canonical)
    try setAttribute("inputs", identity.inputs.canonical)
    try setAttribute("fingerprint", identity.fingerprint)
    if !identity.splits.isEmpty { try setAttribute("splits", identity.splits) }
    for column in columns {
      try write(column.name, column.column, shape: column.shape, description: column.description)
    }
  }
}

import HDF5
import JSON
import Provenance

/// How the numbers of a large dataset are stored.
package struct RowElement: Sendable, Equatable {
  let stored: ElementType

  package static var uint8: RowElement { RowElement(stored: .uint8) }
  package static var int32: RowElement { RowElement(stored: .int32) }
  package static var float16: RowElement { RowElement(stored: .float16) }
  package static var float32: RowElement { RowElement(stored: .float32) }

  /// `uint8`
  package var name: String { stored.rawValue }
}

/// The values of a small dataset.
package struct ColumnContent: Sendable {
  let stored: Column

  package static func uint8(_ values: [UInt8]) -> ColumnContent { ColumnContent(stored: .uint8(values)) }
  package static func int32(_ values: [Int32]) -> ColumnContent { ColumnContent(stored: .int32(values)) }
  package static func int64(_ values: [Int64]) -> ColumnContent { ColumnContent(stored: .int64(values)) }
  package static func text(_ values: [String]) -> ColumnContent { ColumnContent(stored: .text(values)) }
}

/// A large dataset that is filled row by row.
package struct RowDataset: Sendable {
  package var name: String
  package var elementType: RowElement
  /// The shape without the leading row count.
  package var rowShape: [Int]
  /// One line for people, stored beside the dataset.
  package var description: String

  package init(_ name: String, _ elementType: RowElement, rowShape: [Int], description: String) {
    self.name = name
    self.elementType = elementType
    self.rowShape = rowShape
    self.description = description
  }

  package var rowByteCount: Int { rowShape.reduce(elementType.stored.byteCount, *) }
}

/// A small dataset that is written whole. A name such as `ledger/reasons` makes the group.
package struct NamedColumn: Sendable {
  package var name: String
  package var content: ColumnContent
  package var shape: [Int]?
  package var description: String

  package init(_ name: String, _ content: ColumnContent, shape: [Int]? = nil, description: String) {
    self.name = name
    self.content = content
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
      try write(column.name, column.content.stored, shape: column.shape, description: column.description)
    }
  }
}

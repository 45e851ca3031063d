import Files

/// An object's key, compared without making a string. Keys with escapes are compared as they are written.
package struct JSONKey: Equatable, Sendable {
  // The first sixteen bytes and a hash of the rest.
  private var low: UInt64 = 0
  private var high: UInt64 = 0
  private var rest: UInt64 = 0
  private var count: Int

  package init(_ name: String) {
    let bytes = Array(name.utf8)
    count = bytes.count
    for (index, byte) in bytes.enumerated() { add(byte, at: index) }
  }

  init(_ bytes: RawSpan, _ range: Range<Int>) {
    count = range.count
    if count <= 8, range.lowerBound + 8 <= bytes.byteCount {
      let word = bytes.value(at: range.lowerBound, as: UInt64.self)
      low = count == 8 ? word : word & ((1 << UInt64(count * 8)) &- 1)
      return
    }
    for index in 0..<count { add(bytes.value(at: range.lowerBound + index), at: index) }
  }

  private mutating func add(_ byte: UInt8, at index: Int) {
    if index < 8 {
      low |= UInt64(byte) << UInt64(index * 8)
    } else if index < 16 {
      high |= UInt64(byte) << UInt64(index * 8 - 64)
    } else {
      rest = (rest ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
  }
}

package import Random

/// Finds an id's position: open addressing over 4-byte slots.
package struct IdentifierIndex {
  private var slots: [Int32]
  private let shift: UInt64
  private let secret: HashSecret

  package init(capacity: Int, secret: HashSecret = .process) {
    self.secret = secret
    var bits: UInt64 = 4
    while 1 << bits < capacity * 2 { bits += 1 }
    slots = [Int32](repeating: -1, count: 1 << Int(bits))
    shift = 64 - bits
  }

  private func start(_ id: Int64) -> Int {
    Int(secret.mix(secret.start, UInt64(bitPattern: id)) >> shift)
  }

  /// The position of `id`, or nil.
  package func position(of id: Int64, idAt: (Int) -> Int64) -> Int? {
    var slot = start(id)
    while slots[slot] >= 0 {
      if idAt(Int(slots[slot])) == id { return Int(slots[slot]) }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// Remembers that `id` stands at `position`; gives the position it was at before, if any.
  package mutating func insert(_ id: Int64, at position: Int, idAt: (Int) -> Int64) -> Int? {
    var slot = start(id)
    while slots[slot] >= 0 {
      if idAt(Int(slots[slot])) == id { return Int(slots[slot]) }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Int32(position)
    return nil
  }
}

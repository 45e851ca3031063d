import COCO
import Testing

@Suite struct IdentifierIndexTests {
  private static let count = 200_000

  /// Ids that a multiplication by a known number sends to one slot, whatever the table's size: what is multiplied back is small.
  private static let crafted: [Int64] = {
    let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
    var inverse = factor
    for _ in 0..<5 { inverse = inverse &* (2 &- factor &* inverse) }
    return (0..<UInt64(count)).map { Int64(bitPattern: $0 &* inverse) }
  }()

  @Test func noFileCanMakeIdsCollide() {
    let ids = Self.crafted
    #expect(ids.allSatisfy { (UInt64(bitPattern: $0) &* 0x9E37_79B9_7F4A_7C15) >> 40 == 0 })
    var index = IdentifierIndex(capacity: ids.count)
    var probes = 0
    func id(_ position: Int) -> Int64 {
      probes += 1
      return ids[position]
    }
    for position in ids.indices where index.insert(ids[position], at: position, idAt: id) != nil {
      Issue.record("id \(position) is taken for another")
      return
    }
    for position in ids.indices where index.position(of: ids[position], idAt: id) != position {
      Issue.record("id \(position) is not found")
      return
    }
    // Twice as many slots as ids: one and a half are looked at to find one, and fewer than one to insert it.
    #expect(probes < 4 * ids.count)
  }
}

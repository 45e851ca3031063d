/// Words and a number for each, found by their bytes: open addressing, the words' bytes one after another.
struct WordTable: Sendable {
  private struct Entry {
    var hash: UInt64
    var start: Int
    var length: Int
  }

  private var arena: [UInt8] = []
  private var entries: [Entry] = []
  private(set) var values: [Int] = []
  private var slots = [Int32](repeating: -1, count: 1 << 12)
  private var shift: UInt64 = 64 - 12

  var count: Int { entries.count }

  func bytes(_ index: Int) -> ArraySlice<UInt8> {
    arena[entries[index].start..<entries[index].start + entries[index].length]
  }

  func word(_ index: Int) -> String { String(decoding: bytes(index), as: UTF8.self) }

  private func slot(_ hash: UInt64) -> Int { Int((hash &* 0x9E37_79B9_7F4A_7C15) >> shift) }

  /// The word's position, or the slot where it belongs.
  private func find(_ hash: UInt64, _ range: Range<Int>, of source: [UInt8]) -> (index: Int?, slot: Int) {
    var slot = slot(hash)
    while slots[slot] >= 0 {
      let index = Int(slots[slot])
      let entry = entries[index]
      if entry.hash == hash, entry.length == range.count {
        var offset = 0
        while offset < entry.length, arena[entry.start + offset] == source[range.lowerBound + offset] { offset += 1 }
        if offset == entry.length { return (index, slot) }
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return (nil, slot)
  }

  /// The value of word `word` of a caption.
  func value(_ words: CaptionWords, _ word: Int) -> Int? {
    find(words.hashes[word], words.range(word), of: words.bytes).index.map { values[$0] }
  }

  /// The value of word `index` of `other`.
  func value(ofWord index: Int, in other: WordTable) -> Int? {
    let entry = other.entries[index]
    let range = entry.start..<entry.start + entry.length
    return find(entry.hash, range, of: other.arena).index.map { values[$0] }
  }

  /// Adds `amount` to the value of word `word` of a caption.
  mutating func add(_ amount: Int, _ words: CaptionWords, _ word: Int) {
    add(amount, hash: words.hashes[word], words.range(word), of: words.bytes)
  }

  /// Adds the values of `other`.
  mutating func add(_ other: WordTable) {
    for (index, entry) in other.entries.enumerated() {
      add(other.values[index], hash: entry.hash, entry.start..<entry.start + entry.length, of: other.arena)
    }
  }

  private mutating func add(_ amount: Int, hash: UInt64, _ range: Range<Int>, of source: [UInt8]) {
    let found = find(hash, range, of: source)
    if let index = found.index {
      values[index] += amount
      return
    }
    slots[found.slot] = Int32(entries.count)
    entries.append(Entry(hash: hash, start: arena.count, length: range.count))
    arena += source[range]
    values.append(amount)
    if entries.count * 2 > slots.count { grow() }
  }

  private mutating func grow() {
    shift -= 1
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for (index, entry) in entries.enumerated() {
      var slot = slot(entry.hash)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(index)
    }
  }
}

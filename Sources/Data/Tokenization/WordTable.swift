import Files

/// Words and a number for each, found by their bytes: open addressing, the words' bytes one after another.
struct WordTable: Sendable {
  private struct Entry {
    var prefix: UInt64
    var hash: UInt64
    var start: Int32
    var count: Int32
    var value: Int

    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
  }

  private var arena = [UInt8](repeating: 0, count: 8)
  private var entries: [Entry] = []
  private var slots: [Int32]
  private var shift: UInt64

  /// - Parameter slotBits: of the slots to begin with; the table grows.
  init(slotBits: Int = 12) {
    slots = [Int32](repeating: -1, count: 1 << slotBits)
    shift = UInt64(64 - slotBits)
  }

  var count: Int { entries.count }

  /// Whether `other`, or a caption (of 4 MB at most), can still be added: places are numbered by 32 bits.
  func hasRoom(for other: WordTable? = nil) -> Bool {
    arena.count + (other?.arena.count ?? 1 << 24) < Int(Int32.max)
  }

  func value(_ index: Int) -> Int { entries[index].value }
  func bytes(_ index: Int) -> ArraySlice<UInt8> { arena[entries[index].range] }
  func word(_ index: Int) -> String { String(decoding: bytes(index), as: UTF8.self) }

  private func slot(_ hash: UInt64) -> Int { Int(hash >> shift) }

  /// The word's position, or the slot where it belongs less 2^32.
  private func find(_ prefix: UInt64, _ hash: UInt64, _ range: Range<Int>, of source: RawSpan) -> (
    index: Int, slot: Int
  ) {
    var slot = slot(hash)
    let mask = slots.count - 1
    let count = Int32(range.count)
    while true {
      let index = Int(slots[slot])
      if index < 0 { return (-1, slot) }
      let entry = entries[index]
      if entry.prefix == prefix, entry.hash == hash, entry.count == count {
        if count <= 8 || Self.areEqual(arena.byteSpan, Int(entry.start), source, range) { return (index, slot) }
      }
      slot = (slot + 1) & mask
    }
  }

  private static func areEqual(_ one: RawSpan, _ start: Int, _ other: RawSpan, _ range: Range<Int>) -> Bool {
    for offset in 8..<range.count {
      if one.value(at: start + offset, as: UInt8.self) != other.value(at: range.lowerBound + offset, as: UInt8.self) {
        return false
      }
    }
    return true
  }

  /// The value of word `word` of a caption, or -1.
  func value(_ words: borrowing CaptionWords, _ word: Int) -> Int {
    let packed = words.words[word]
    let index = find(packed.prefix, packed.hash, packed.range, of: words.bytes.byteSpan).index
    return index < 0 ? -1 : entries[index].value
  }

  /// The value of word `index` of `other`, or nil.
  func value(ofWord index: Int, in other: WordTable) -> Int? {
    let entry = other.entries[index]
    let found = find(entry.prefix, entry.hash, entry.range, of: other.arena.byteSpan).index
    return found < 0 ? nil : entries[found].value
  }

  /// Adds `amount` to the value of word `word` of a caption.
  mutating func add(_ amount: Int, _ words: borrowing CaptionWords, _ word: Int) {
    let packed = words.words[word]
    let found = find(packed.prefix, packed.hash, packed.range, of: words.bytes.byteSpan)
    if found.index >= 0 {
      entries[found.index].value += amount
    } else {
      insert(amount, packed.prefix, packed.hash, words.bytes[packed.range], at: found.slot)
    }
  }

  /// Adds the values of `other`.
  mutating func add(_ other: WordTable) {
    for entry in other.entries {
      let found = find(entry.prefix, entry.hash, entry.range, of: other.arena.byteSpan)
      if found.index >= 0 {
        entries[found.index].value += entry.value
      } else {
        insert(entry.value, entry.prefix, entry.hash, other.arena[entry.range], at: found.slot)
      }
    }
  }

  private mutating func insert(_ value: Int, _ prefix: UInt64, _ hash: UInt64, _ word: ArraySlice<UInt8>, at slot: Int)
  {
    slots[slot] = Int32(entries.count)
    entries.append(
      Entry(prefix: prefix, hash: hash, start: Int32(arena.count), count: Int32(word.count), value: value))
    arena += word
    if entries.count * 2 > slots.count { grow() }
  }

  /// Slots that are looked at when each word is looked up once.
  var probes: Int {
    slots.indices.reduce(0) { sum, place in
      guard slots[place] >= 0 else { return sum }
      return sum + 1 + (place - slot(entries[Int(slots[place])].hash)) & (slots.count - 1)
    }
  }

  private mutating func grow() {
    shift -= 1
    let mask = slots.count * 2 - 1
    slots = [Int32](repeating: -1, count: mask + 1)
    for (index, entry) in entries.enumerated() {
      var slot = slot(entry.hash)
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(index)
    }
  }
}

import Files
import JSON

/// Splits captions into words, one caption at a time into buffers that are used again.
///
/// A caption's words are those of Python's `caption.lower().translate(str.maketrans("", "", string.punctuation)).split()`: lower case, the
/// 32 ASCII punctuation characters removed (`close-up` is `closeup`), split at white space. Other punctuation (`“ ” ’ –`) stays, as there.
struct CaptionWords {
  /// The words' UTF-8, one after another.
  private(set) var bytes: [UInt8] = []
  /// Where each word ends in `bytes`, and its hash.
  private(set) var ends: [Int] = []
  private(set) var hashes: [UInt64] = []

  private static let hashStart: UInt64 = 0xCBF2_9CE4_8422_2325
  private static let hashFactor: UInt64 = 0x0000_0100_0000_01B3
  /// For each ASCII byte: its lower case, 0 where it is dropped, 32 where it separates.
  private let classes: [UInt8] = (0..<128).map { (byte: UInt8) in
    switch byte {
    case 0x41...0x5A: byte + 32
    case 0x09...0x0D, 0x1C...0x20: 32
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: 0
    default: byte == 0 ? 1 : byte
    }
  }
  private var position = 0
  private var wordStart = 0
  private var hash = hashStart

  var count: Int { ends.count }

  func range(_ word: Int) -> Range<Int> { (word == 0 ? 0 : ends[word - 1])..<ends[word] }

  /// Replaces the buffers' content by the words of the string at `text` in `file`.
  mutating func split(_ text: JSONText, in file: RawSpan) throws {
    begin(capacity: text.range.count)
    guard text.isPlain else {
      for scalar in PythonLowercase.scalars(of: try text.string(in: file)) { add(scalar) }
      return closeWord()
    }
    for offset in text.range {
      let kind = classes[Int(file.value(at: offset, as: UInt8.self) & 127)]
      if kind > 32 {
        add(byte: kind)
      } else if kind == 32 {
        closeWord()
      } else if kind != 0 {
        // Control characters other than white space are letters to Python.
        add(byte: file.value(at: offset, as: UInt8.self))
      }
    }
    closeWord()
  }

  /// The words of a text that is no longer in a file.
  mutating func split(_ text: String) {
    begin(capacity: text.utf8.count)
    for scalar in PythonLowercase.scalars(of: text) { add(scalar) }
    closeWord()
  }

  private mutating func begin(capacity: Int) {
    if bytes.count < capacity { bytes = [UInt8](repeating: 0, count: capacity * 2) }
    ends.removeAll(keepingCapacity: true)
    hashes.removeAll(keepingCapacity: true)
    position = 0
    wordStart = 0
    hash = Self.hashStart
  }

  private mutating func add(byte: UInt8) {
    bytes[position] = byte
    position += 1
    hash = (hash ^ UInt64(byte)) &* Self.hashFactor
  }

  private mutating func add(_ scalar: Unicode.Scalar) {
    // Lower case can be longer than the text was.
    if position + 4 > bytes.count { bytes += [UInt8](repeating: 0, count: bytes.count + 16) }
    if scalar.isASCII {
      let kind = classes[Int(scalar.value)]
      if kind == 32 { closeWord() } else if kind != 0 { add(byte: UInt8(scalar.value)) }
    } else if PythonLowercase.isSpace(scalar) {
      closeWord()
    } else {
      for byte in UTF8.encode(scalar)! { add(byte: byte) }
    }
  }

  private mutating func closeWord() {
    guard position > wordStart else { return }
    ends.append(position)
    hashes.append(hash)
    wordStart = position
    hash = Self.hashStart
  }
}

/// The words of a text, as captions are split.
public func captionWords(of text: String) -> [String] {
  var words = CaptionWords()
  words.split(text)
  return (0..<words.count).map { String(decoding: words.bytes[words.range($0)], as: UTF8.self) }
}

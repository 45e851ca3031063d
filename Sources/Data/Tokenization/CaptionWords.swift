import Files
import JSON
import Random

/// Splits captions into words, one caption at a time into buffers that are used again.
///
/// A caption's words are those of Python's `caption.lower().translate(str.maketrans("", "", string.punctuation)).split()`: lower case, the
/// 32 ASCII punctuation characters removed (`close-up` is `closeup`), split at white space. Other punctuation (`“ ” ’ –`) stays, as there.
struct CaptionWords {
  /// The words' UTF-8, one after another, with at least eight bytes to spare behind them.
  private(set) var bytes = [UInt8](repeating: 0, count: 512)
  private(set) var words: [PackedWord] = []
  private var ends: [Int] = []
  private let secret = HashSecret.process

  /// For each ASCII byte: its lower case, 0 where it is dropped, 32 where it separates.
  private let classes: [UInt8] = (0..<256).map { (byte: Int) in
    switch byte {
    case 0x41...0x5A: UInt8(byte + 32)
    case 0x09...0x0D, 0x1C...0x20: 32
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: 0
    // Other control characters are letters to Python; JSON can only have them escaped, and those go the other way.
    case 0x61...0x7A, 0x30...0x39, 0x7F: UInt8(byte)
    default: 0
    }
  }

  var count: Int { words.count }

  /// Replaces the buffers' content by the words of the string at `text` in `file`.
  mutating func split(_ text: JSONText, in file: RawSpan) throws {
    guard text.isPlain else { return split(try text.string(in: file)) }
    words.removeAll(keepingCapacity: true)
    reserve(text.range.count)
    ends.removeAll(keepingCapacity: true)
    Self.scan(file.extracting(text.range), classes, into: &bytes, &ends)
    Self.pack(bytes, ends, secret, into: &words)
  }

  private static func scan(_ source: RawSpan, _ classes: [UInt8], into bytes: inout [UInt8], _ ends: inout [Int]) {
    var position = 0
    var start = 0
    var target = bytes.mutableSpan
    for offset in 0..<source.byteCount {
      let kind = classes[Int(source.value(at: offset, as: UInt8.self))]
      if kind > 32 {
        target[position] = kind
        position += 1
      } else if kind == 32, position > start {
        ends.append(position)
        start = position
      }
    }
    if position > start { ends.append(position) }
  }

  private static func pack(_ bytes: [UInt8], _ ends: [Int], _ secret: HashSecret, into words: inout [PackedWord]) {
    let bytes = bytes.byteSpan
    var start = 0
    for end in ends {
      words.append(PackedWord(bytes, start..<end, secret))
      start = end
    }
  }

  /// The words of a text that is no longer in a file.
  mutating func split(_ text: String) {
    words.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    var position = 0
    for scalar in PythonLowercase.scalars(of: text) + [" "] {
      reserve(position + 4)
      if PythonLowercase.isSpace(scalar) {
        if position > ends.last ?? 0 { ends.append(position) }
      } else if !PythonLowercase.isPunctuation(scalar) {
        for byte in UTF8.encode(scalar)! {
          bytes[position] = byte
          position += 1
        }
      }
    }
    Self.pack(bytes, ends, secret, into: &words)
  }

  private mutating func reserve(_ count: Int) {
    if bytes.count < count + 8 { bytes += [UInt8](repeating: 0, count: count + 8) }
  }
}

/// A word in a buffer: where it is, its first eight bytes and a hash of all of them.
struct PackedWord {
  var prefix: UInt64
  var hash: UInt64
  var start: Int32
  var count: Int32

  var range: Range<Int> { Int(start)..<Int(start) + Int(count) }

  /// - Parameter bytes: has eight bytes or more behind the word.
  @inline(__always)
  init(_ bytes: RawSpan, _ range: Range<Int>, _ secret: HashSecret) {
    start = Int32(range.lowerBound)
    count = Int32(range.count)
    prefix = Self.load(bytes, range.lowerBound, range.count)
    var hash = secret.mix(secret.start &+ UInt64(range.count), prefix)
    var offset = range.lowerBound + 8
    while offset < range.upperBound {
      hash = secret.mix(hash, Self.load(bytes, offset, range.upperBound - offset))
      offset += 8
    }
    self.hash = hash
  }

  @inline(__always)
  private static func load(_ bytes: RawSpan, _ offset: Int, _ count: Int) -> UInt64 {
    let word = bytes.value(at: offset, as: UInt64.self)
    return count >= 8 ? word : word & ((1 << UInt64(count * 8)) &- 1)
  }
}

/// The words of a text, as captions are split.
package func captionWords(of text: String) -> [String] {
  var words = CaptionWords()
  words.split(text)
  return words.words.map { String(decoding: words.bytes[$0.range], as: UTF8.self) }
}

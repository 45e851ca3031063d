import Diagnostics
import Files

/// Reads the part of Python's pickle that `torch.save` writes for a state_dict (protocols 2 to 5) as data.
///
/// A pickle is a program that may call anything; this reader knows a handful of names, refuses all others and calls nothing.
/// Source: CPython's `pickletools.py`, `torch/serialization.py`.
struct PickleReader: ~Escapable {
  private let bytes: RawSpan
  private let end: Int
  private let path: String
  /// Where the next byte is read.
  private(set) var position: Int
  private var start = 0  // of the opcode in hand
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var instructions = 0
  private var lists: [PickleList] = []
  private var dictionaries: [PickleDictionary] = []

  /// What one pickle may cost: some 40,000 tensors' descriptions, and a text among them.
  private static let maximumInstructions = 1 << 20
  private static let maximumByteCount = 64 << 20

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, at position: Int, path: String) {
    self.bytes = bytes
    self.end = min(bytes.byteCount, position + Self.maximumByteCount)
    self.position = position
    self.path = path
  }

  private func fail(_ problem: String) -> InputError {
    InputError(file: path, at: "pickle byte \(start)", problem, remedy: "give a whole state_dict saved by torch.save")
  }

  private func refuse(_ what: String) -> InputError {
    InputError(
      file: path, at: "pickle byte \(start)", "the pickle asks for \(what); not executed",
      remedy: "save the state_dict alone (torch.save(model.state_dict(), ...)) or convert it to safetensors")
  }

  /// One pickle, up to and with its STOP. `body` gets the value; containers are emptied afterwards, so that deep or circular
  /// ones don't outlive it.
  mutating func read<Result>(_ body: (PickleValue) throws -> Result) throws -> Result {
    defer {
      for list in lists { list.items = [] }
      for dictionary in dictionaries { dictionary.pairs = [] }
      (stack, marks, memo, lists, dictionaries) = ([], [], [:], [], [])
    }
    while true {
      start = position
      let opcode = try byte()
      instructions += 1
      guard instructions <= Self.maximumInstructions else {
        throw fail("the pickle has more than \(Self.maximumInstructions) instructions")
      }
      if opcode == UInt8(ascii: ".") { return try body(try pop()) }
      try execute(opcode)
    }
  }

  private mutating func execute(_ opcode: UInt8) throws(InputError) {
    switch opcode {
    case 0x80:  // PROTO
      let version = try byte()
      guard 2...5 ~= version else { throw fail("pickle protocol \(version) is not supported (2 to 5 are)") }
    case 0x95: _ = try integer(8)  // FRAME
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "K"): stack.append(.integer(try integer(1)))
    case UInt8(ascii: "M"): stack.append(.integer(try integer(2)))
    case UInt8(ascii: "J"): stack.append(.integer(Int(Int32(truncatingIfNeeded: try integer(4)))))
    case 0x8A: try longInteger()
    case UInt8(ascii: "G"):
      let offset = try take(8)
      let bits = bytes.value(at: offset, as: UInt64.self)
      stack.append(.number(Double(bitPattern: UInt64(bigEndian: bits))))
    case UInt8(ascii: "X"): stack.append(.text(try text(try integer(4))))
    case 0x8C: stack.append(.text(try text(try integer(1))))
    case UInt8(ascii: ")"): stack.append(.tuple([], depth: 1))
    case 0x85: try makeTuple(try pop(count: 1))
    case 0x86: try makeTuple(try pop(count: 2))
    case 0x87: try makeTuple(try pop(count: 3))
    case UInt8(ascii: "t"): try makeTuple(try popToMark())
    case UInt8(ascii: "]"):
      lists.append(PickleList())
      stack.append(.list(lists[lists.count - 1]))
    case UInt8(ascii: "}"): makeDictionary()
    case UInt8(ascii: "a"): try append([try pop()])
    case UInt8(ascii: "e"): try append(try popToMark())
    case UInt8(ascii: "s"): try setItems(try pop(count: 2))
    case UInt8(ascii: "u"): try setItems(try popToMark())
    case UInt8(ascii: "q"): memo[try integer(1)] = try top()
    case UInt8(ascii: "r"): memo[try integer(4)] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "h"): try recall(try integer(1))
    case UInt8(ascii: "j"): try recall(try integer(4))
    case UInt8(ascii: "c"):
      let module = try line()
      try pushGlobal(module, try line())
    case 0x93:
      let names = try pop(count: 2)
      guard let module = names[0].text, let name = names[1].text else { throw fail("a global without a name") }
      try pushGlobal(module, name)
    case UInt8(ascii: "Q"): try pushStorage()
    case UInt8(ascii: "R"): try reduce()
    case UInt8(ascii: "b"): try build()
    default: throw refuse("the opcode 0x\(String(opcode, radix: 16)), which no state_dict needs")
    }
  }

  // MARK: Bytes

  /// The offset of the next `count` bytes, which are there.
  private mutating func take(_ count: Int) throws(InputError) -> Int {
    guard count >= 0, count <= end - position else {
      guard end == bytes.byteCount else {
        throw fail("the pickle has more than \(Self.maximumByteCount >> 20) MB; a state_dict's has less than one")
      }
      throw fail("the file ends inside its pickle")
    }
    defer { position += count }
    return position
  }

  private mutating func byte() throws(InputError) -> UInt8 {
    let offset = try take(1)
    return bytes.value(at: offset)
  }

  /// An unsigned little-endian number.
  private mutating func integer(_ size: Int) throws(InputError) -> Int {
    var value: UInt64 = 0
    let offset = try take(size)
    for index in 0..<size { value |= UInt64(bytes.value(at: offset + index, as: UInt8.self)) << (8 * UInt64(index)) }
    guard let result = Int(exactly: value) else { throw fail("a length beyond the file") }
    return result
  }

  private mutating func longInteger() throws(InputError) {
    let count = try integer(1)
    let offset = try take(count)
    let digits = bytes.values(at: offset, count: count, as: UInt8.self)
    guard count <= 8 else { return stack.append(.longInteger(digits)) }
    var value: Int = (digits.last ?? 0) >= 0x80 ? -1 : 0
    for digit in digits.reversed() { value = value << 8 | Int(digit) }
    stack.append(.integer(value))
  }

  private mutating func text(_ count: Int) throws(InputError) -> String {
    let offset = try take(count)
    let utf8 = bytes.values(at: offset, count: count, as: UInt8.self)
    guard let text = String(validating: utf8, as: UTF8.self) else { throw fail("text that is not UTF-8") }
    return text
  }

  private mutating func line() throws(InputError) -> String {
    var utf8: [UInt8] = []
    while true {
      let next = try byte()
      if next == 0x0A { break }
      guard utf8.count < 256 else { throw fail("a name of more than 256 bytes") }
      utf8.append(next)
    }
    return String(decoding: utf8, as: UTF8.self)
  }

  // MARK: Stack

  private func top() throws(InputError) -> PickleValue {
    guard let value = stack.last, stack.count > (marks.last ?? 0) else { throw fail("the stack is empty") }
    return value
  }

  private mutating func pop() throws(InputError) -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func pop(count: Int) throws(InputError) -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else { throw fail("the stack is empty") }
    let values = Array(stack.suffix(count))
    stack.removeLast(count)
    return values
  }

  private mutating func popToMark() throws(InputError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw fail("a mark is missing") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  private mutating func recall(_ key: Int) throws(InputError) {
    guard let value = memo[key] else { throw fail("memo \(key) was never stored") }
    stack.append(value)
  }

  private mutating func makeTuple(_ items: [PickleValue]) throws(InputError) {
    var depth = 1
    for case .tuple(_, let inner) in items { depth = max(depth, inner + 1) }
    guard depth <= 32 else { throw fail("tuples nested more than 32 deep") }
    stack.append(.tuple(items, depth: depth))
  }

  private mutating func makeDictionary() {
    dictionaries.append(PickleDictionary())
    stack.append(.dictionary(dictionaries[dictionaries.count - 1]))
  }

  private mutating func append(_ items: [PickleValue]) throws(InputError) {
    guard case .list(let list) = try top() else { throw fail("appends to what is no list") }
    list.items += items
  }

  private mutating func setItems(_ items: [PickleValue]) throws(InputError) {
    guard case .dictionary(let dictionary) = try top(), items.count % 2 == 0 else {
      throw fail("sets items of what is no dictionary")
    }
    for index in stride(from: 0, to: items.count, by: 2) {
      dictionary.pairs.append((items[index], items[index + 1]))
    }
  }

  // MARK: The few things a state_dict is made of

  private mutating func pushGlobal(_ module: String, _ name: String) throws(InputError) {
    guard let global = PickleGlobal(module: module, name: name) else {
      // Python pickles os.system under the module that implements os.
      throw refuse("\(module == "posix" || module == "nt" ? "os" : module).\(name)")
    }
    stack.append(.global(global))
  }

  /// ('storage', type, key, place, element count[, view]) → storage.
  private mutating func pushStorage() throws(InputError) {
    let id = try pop().items ?? []
    guard id.count == 5 || id.count == 6, id[0].text == "storage", case .global(.storage(let format)) = id[1],
      let key = id[2].text, let count = id[4].integer, count >= 0
    else { throw fail("a persistent id that is no storage") }
    if id.count == 6 {
      guard case .none = id[5] else { throw fail("views of storages (torch before 0.4) are not supported") }
    }
    stack.append(.storage(TorchStorage(key: key, format: format, count: count)))
  }

  private mutating func reduce() throws(InputError) {
    let arguments = try pop().items ?? []
    guard case .global(let global) = try pop() else { throw refuse("a call of something that is no name") }
    switch global {
    case .orderedDictionary:
      guard arguments.isEmpty else { throw fail("an OrderedDict made with arguments") }
      makeDictionary()
    case .rebuildTensor: stack.append(.tensor(try tensor(arguments)))
    case .rebuildParameter:
      guard case .tensor(let tensor)? = arguments.first else { throw fail("a parameter without a tensor") }
      stack.append(.tensor(tensor))
    case .storage: throw refuse("a call of a storage type")
    }
  }

  /// (storage, offset, shape, strides, ...) → tensor, checked to lie within its storage.
  private func tensor(_ arguments: [PickleValue]) throws(InputError) -> TorchTensor {
    guard arguments.count >= 4, case .storage(let storage) = arguments[0], let offset = arguments[1].integer,
      let sizes = arguments[2].items, let steps = arguments[3].items, sizes.count == steps.count
    else { throw fail("a tensor without storage, offset, shape and strides") }
    let shape = sizes.compactMap(\.integer)
    let strides = steps.compactMap(\.integer)
    guard shape.count == sizes.count, strides.count == sizes.count else { throw fail("a tensor with a bad shape") }
    guard let tensor = TorchTensor(storage: storage, offset: offset, shape: shape, strides: strides) else {
      throw fail("a tensor of shape \(shape) reaches beyond its storage of \(storage.count)")
    }
    return tensor
  }

  /// State set on an OrderedDict (torch's `_metadata`) is not needed.
  private mutating func build() throws(InputError) {
    _ = try pop()
    guard case .dictionary = try top() else { throw refuse("setting the state of an object") }
  }
}

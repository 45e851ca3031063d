import Diagnostics
import Files
import Random
import TestSupport
import Testing
import Weights

/// Files of Tests/References/torch_files.py.
struct TorchFileTests {
  private func path(_ name: String) -> String { SharedData.repository + "/Tests/References/torch_\(name).pth" }

  @Test(arguments: ["zip", "legacy", "protocol4"])
  func tensorsAreRead(_ name: String) throws {
    let tensors = try loadWeights(path: path(name))
    let whole: [Float] = (0..<24).map { Float($0) }
    var turned: [Float] = []
    for x in 0..<4 {
      for z in 0..<2 {
        for y in 0..<3 { turned.append(whole[z * 12 + y * 4 + x]) }
      }
    }
    let expected: [NamedTensor] = [
      NamedTensor(name: "whole", shape: [2, 3, 4], values: whole),
      NamedTensor(name: "turned", shape: [4, 2, 3], values: turned),
      NamedTensor(name: "part", shape: [2, 2], values: [16, 18, 20, 22]),
      NamedTensor(name: "row", shape: [3, 4], values: [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]),
      NamedTensor(name: "half", shape: [2], values: [0.5, -2]),
      NamedTensor(name: "brain", shape: [2], values: [1.5, -3]),
      NamedTensor(name: "parameter", shape: [2], values: [1, 2]),
      NamedTensor(name: "scalar", shape: [], values: [3.25]), NamedTensor(name: "empty", shape: [0, 5], values: []),
    ]
    #expect(tensors == expected)
  }

  @Test(arguments: ["evil", "evil_legacy"])
  func systemIsNotCalled(_ name: String) {
    let found = message { _ = try loadWeights(path: path(name)) }
    #expect(found.contains("asks for os.system; not executed"), "\(found)")
    #expect(!FileSystem.isFile("/tmp/captioneer-was-here"))
  }

  @Test func wholeModulesAreRefused() {
    let found = message { _ = try loadWeights(path: path("module")) }
    #expect(found.contains("asks for torch.nn.modules.linear.Linear; not executed"), "\(found)")
  }

  /// Every cut and many flipped bytes: an error or other numbers, never a trap.
  @Test(arguments: ["zip", "legacy"])
  func damageIsNoTrap(_ name: String) throws {
    let whole = try contents(of: path(name))
    for count in stride(from: 0, to: whole.count, by: 7) {
      try withFile(Array(whole[..<count]), "cut.pth") { path in
        let found = message { _ = try loadWeights(path: path) }
        #expect(found.contains(path), "\(count) bytes: \(found)")
      }
    }
    for index in stride(from: 0, to: whole.count, by: 3) {
      var damaged = whole
      damaged[index] ^= UInt8(truncatingIfNeeded: index &* 37 | 1)
      try withFile(damaged, "flipped.pth") { path in _ = message { _ = try loadWeights(path: path) } }
    }
  }

  /// Pickles made by hand: wild lengths, deep nesting, circles.
  @Test(arguments: [
    "8002 58ffffffff", "8002 8c05", "8002 28286c2e", "8002 2e", "8002 4a", "8002 8a09010203", "8002 7271000000",
    "8002 6a71000000", "8002 7d7100680075", "8002 636f730a73797374656d0a", "8002 93", "8009", "8002 52", "8002 51",
    "8002 5d71006800612e", "8002 7d71004b00680073", "8005 95ffffffffffffffff",
  ])
  func wildPicklesAreErrors(_ hexadecimal: String) throws {
    let digits = hexadecimal.filter { $0 != " " }
    var bytes: [UInt8] = []
    var index = digits.startIndex
    while index < digits.endIndex {
      let next = digits.index(index, offsetBy: 2)
      bytes.append(UInt8(digits[index..<next], radix: 16) ?? 0)
      index = next
    }
    try withFile(bytes, "wild.pth") { path in
      #expect(message { _ = try loadWeights(path: path) }.contains(path))
    }
  }

  @Test func deepTuplesAndListsAreBounded() throws {
    try withFile([0x80, 2, UInt8(ascii: ")")] + [UInt8](repeating: 0x85, count: 1_000_000) + [0x2E], "deep.pth") {
      path in
      #expect(message { _ = try loadWeights(path: path) }.contains("nested more than 32 deep"))
    }
    // [[[[…]]]]: lists are emptied one by one when the reading ends.
    let lists =
      [UInt8](repeating: UInt8(ascii: "]"), count: 300_000) + [UInt8](repeating: UInt8(ascii: "a"), count: 299_999)
    try withFile([0x80, 2] + lists + [0x2E], "lists.pth") { path in
      #expect(message { _ = try loadWeights(path: path) }.contains("not one that torch.save made"))
    }
  }

  @Test func otherFilesAreNamed() throws {
    try withFile(Array("hello, world".utf8), "text.pth") { path in
      #expect(message { _ = try loadWeights(path: path) }.contains("is neither a safetensors file nor"))
    }
  }

  /// The directory's place and length in 64 bits, as beyond 4 GB (APPNOTE 6.3, 4.3.14 and 4.3.15).
  @Test func wideDirectoriesAreRead() throws {
    let whole = try contents(of: path("zip"))
    let end = whole.count - 22
    func number<T: BitwiseCopyable>(_ offset: Int, _ type: T.Type) -> T {
      whole.byteSpan.value(at: offset, as: type)
    }
    let count = UInt64(number(end + 10, UInt16.self))
    var wide = Array(whole[..<end])
    let record = UInt64(wide.count)
    wide.append(bytesOf: [UInt32(0x0606_4B50)])
    wide.append(bytesOf: [UInt64(44)])
    wide.append(bytesOf: [UInt16(45), 45])
    wide.append(bytesOf: [UInt32(0), 0])
    wide.append(bytesOf: [
      count, count, UInt64(number(end + 12, UInt32.self)), UInt64(number(end + 16, UInt32.self)),
    ])
    wide.append(bytesOf: [UInt32(0x0706_4B50), 0])
    wide.append(bytesOf: [record])
    wide.append(bytesOf: [UInt32(1), 0x0605_4B50])
    wide.append(bytesOf: [UInt16(0), 0, 0xFFFF, 0xFFFF])
    wide.append(bytesOf: [UInt32.max, UInt32.max])
    wide.append(bytesOf: [UInt16(0)])
    let expected = try loadWeights(path: path("zip"))
    try withFile(wide, "wide.pth") { path in
      let found = try loadWeights(path: path)
      #expect(found == expected)
    }
  }

  @Test func packedEntriesAreRefused() throws {
    var packed = try contents(of: path("zip"))
    let directory = Int(packed.byteSpan.value(at: packed.count - 6, as: UInt32.self))
    packed[directory + 10] = 8
    try withFile(packed, "packed.pth") { path in
      #expect(message { _ = try loadWeights(path: path) }.contains("is compressed, which torch never does"))
    }
  }

  // MARK: Pickles of others

  private func zip(_ pickle: [UInt8], storage: [UInt8] = []) -> [UInt8] {
    StoredZip.bytes([("archive/data.pkl", pickle), ("archive/data/0", storage)])
  }

  private func word(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + text.utf8 }

  private func number(_ value: Int) -> [UInt8] {
    var bytes: [UInt8] = [0x8A, 8]
    bytes.append(bytesOf: [Int64(value)])
    return bytes
  }

  private func tensor(storage count: Int, offset: Int = 0, shape: [Int], strides: [Int]) -> [UInt8] {
    func tuple(_ numbers: [Int]) -> [UInt8] { [0x28] + numbers.flatMap(number) + Array("t".utf8) }
    var pickle = Array("ctorch._utils\n_rebuild_tensor_v2\n((".utf8)
    pickle += word("storage")
    pickle += Array("ctorch\nFloatStorage\n".utf8)
    pickle += word("0")
    pickle += word("cpu")
    pickle += number(count)
    pickle += Array("tQ".utf8)
    pickle += number(offset)
    pickle += tuple(shape)
    pickle += tuple(strides)
    return pickle + Array("tR".utf8)
  }

  private func stateDictionary(_ tensors: [[UInt8]]) -> [UInt8] {
    var pickle: [UInt8] = [0x80, 2, 0x7D]
    for (index, tensor) in tensors.enumerated() { pickle += word("w\(index)") + tensor + [0x73] }
    return pickle + [0x2E]
  }

  @Test(arguments: ["state_dict", "model"]) func aDictionaryThatContainsItself(_ key: String) throws {
    let pickle: [UInt8] = [0x80, 2, 0x7D, 0x71, 0] + word(key) + [0x68, 0, 0x73, 0x2E]
    try withFile(zip(pickle), "self.pth") { path in
      #expect(message { _ = try loadWeights(path: path) }.contains("a state_dict within a state_dict"))
    }
  }

  @Test func nestedContainersAreTakenApartOneByOne() throws {
    let count = 100_000
    var deep: [UInt8] = [0x80, 2, 0x7D]
    for _ in 0..<count { deep += word("model") + [0x7D] }
    deep += [UInt8](repeating: 0x73, count: count) + [0x2E]
    var mixed: [UInt8] = [0x80, 2, 0x7D] + word("a")
    mixed += [UInt8](repeating: 0x5D, count: count)
    for _ in 1..<count { mixed += [0x85, 0x61] }
    mixed += [0x73, 0x2E]
    for pickle in [deep, mixed] {
      try withFile(zip(pickle), "nested.pth") { path in
        #expect(message { _ = try loadWeights(path: path) }.contains("nested.pth: pickle"))
      }
    }
  }

  @Test func sizesThatOverflow() throws {
    let wild: [(count: Int, offset: Int, shape: [Int], strides: [Int])] = [
      (1 << 61, 0, [4], [1]), (1 << 62, 0, [1 << 61], [1]), (Int.max, Int.max - 1, [1], [1]),
      (4, 0, [1 << 40, 1 << 40], [0, 0]),
      (4, Int.max, [2], [1]), (4, 0, [2], [Int.max]), (4, 0, [-1], [1]), (4, -1, [1], [1]), (4, 0, [Int.max], [0]),
    ]
    for tensor in wild {
      let pickle = stateDictionary([
        self.tensor(storage: tensor.count, offset: tensor.offset, shape: tensor.shape, strides: tensor.strides)
      ])
      try withFile(zip(pickle, storage: [UInt8](repeating: 0, count: 16)), "wild.pth") { path in
        #expect(message { _ = try loadWeights(path: path) }.hasPrefix(path), "\(tensor)")
      }
    }
    let empty = stateDictionary([tensor(storage: 4, shape: [0, 1 << 40, 1 << 40], strides: [1, 1, 1])])
    try withFile(zip(empty, storage: [UInt8](repeating: 0, count: 16)), "empty.pth") { path in
      let found = try loadWeights(path: path)
      #expect(found[0].values.isEmpty)
    }
  }

  @Test func sharedStoragesDoNotMultiply() throws {
    let storage = [UInt8](repeating: 0, count: 4096)
    let tied = stateDictionary([[UInt8]](repeating: tensor(storage: 1024, shape: [1024], strides: [1]), count: 3))
    try withFile(zip(tied, storage: storage), "tied.pth") { path in
      let found = try loadWeights(path: path)
      #expect(found.count == 3)
    }
    let many = stateDictionary([[UInt8]](repeating: tensor(storage: 1024, shape: [1024], strides: [1]), count: 100))
    try withFile(zip(many, storage: storage), "many.pth") { path in
      #expect(message { _ = try loadWeights(path: path) }.contains("share their storages so often"))
    }
  }

  @Test(arguments: ["zip", "legacy", "protocol4"]) func mutatedFilesNeverCrash(_ name: String) throws {
    let whole = try contents(of: path(name))
    var random = SplitMix64(seed: 5)
    for _ in 0..<60 {
      var mutated = whole
      for _ in 0...random.index(below: 4) {
        let place = random.index(below: mutated.count)
        switch random.index(below: 3) {
        case 0: mutated[place] = UInt8(random.index(below: 256))
        case 1: mutated.replaceSubrange(place..<min(mutated.count, place + 4), with: [255, 255, 255, 127])
        default: mutated.insert(contentsOf: mutated[..<place].suffix(random.index(below: 64)), at: place)
        }
      }
      try withFile(mutated, "mutated.pth") { path in
        do { _ = try loadWeights(path: path) } catch { #expect(error is InputError) }
      }
    }
  }
}

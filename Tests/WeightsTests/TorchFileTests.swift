import Files
import TestSupport
import Testing
import Weights

/// Files of Tests/References/torch_files.py.
struct TorchFileTests {
  private func path(_ name: String) -> String { SharedData.repository + "/Tests/References/torch_\(name).pth" }
  private func bytes(_ name: String) throws -> [UInt8] {
    let file = try MappedFile(path: path(name))
    return file.bytes.values(at: 0, count: file.count)
  }

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
    let whole = try bytes(name)
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
}

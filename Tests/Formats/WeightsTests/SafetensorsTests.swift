import Diagnostics
import Files
import Random
import TestSupport
import Testing
import Weights

/// A file of `bytes` for the time of `body`.
func withFile<Result>(_ bytes: [UInt8], _ name: String, _ body: (String) throws -> Result) throws -> Result {
  let folder = try TemporaryFolder()
  let path = folder.path + "/" + name
  try FileSystem.replace(path, with: bytes)
  return try withExtendedLifetime(folder) { try body(path) }
}

struct SafetensorsTests {
  private let tensors = [
    NamedTensor(name: "b", shape: [2, 3], values: [1, -2, 3.5, .infinity, 0, -0.0]),
    NamedTensor(name: "a", shape: [], values: [7]), NamedTensor(name: "empty", shape: [0, 4], values: []),
  ]

  @Test func whatIsWrittenIsRead() throws {
    let bytes = safetensors(tensors, metadata: [("epoch", "3"), ("a", "ü\n")])
    #expect(bytes == safetensors(tensors, metadata: [("epoch", "3"), ("a", "ü\n")]))
    #expect(Int(bytes[0]) % 8 == 0)
    try withFile(bytes, "round.safetensors") { path in
      let file = try SafetensorsFile(path: path)
      #expect(file.names == ["b", "a", "empty"])
      #expect(file.metadata.map(\.key) == ["epoch", "a"] && file.metadata.map(\.value) == ["3", "ü\n"])
      for tensor in tensors { #expect(try file.tensor(tensor.name) == tensor) }
      #expect(try loadWeights(path: path) == tensors)
      #expect(message { _ = try file.tensor("c") }.contains("tensor c: is not in the file"))
    }
  }

  private func bytes(_ header: String, data: [UInt8] = []) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(bytesOf: [UInt64(header.utf8.count)])
    return bytes + header.utf8 + data
  }

  @Test func otherFormatsBecomeFloats() throws {
    var data: [UInt8] = []
    data.append(bytesOf: [Float16(1.5), Float16(-65504)])
    data.append(bytesOf: [UInt16(0x3FC0), UInt16(0xC2F7)])  // 1.5, −123.5 in bfloat16
    data.append(bytesOf: [Double(0.1)])
    data.append(bytesOf: [Int64(-3)])
    let header = #"""
      {"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]},
      "d":{"dtype":"F64","shape":[1],"data_offsets":[8,16]},"i":{"dtype":"I64","shape":[],"data_offsets":[16,24]}}
      """#
    try withFile(bytes(header, data: data), "kinds.safetensors") { path in
      let file = try SafetensorsFile(path: path)
      #expect(try file.tensor("h").values == [1.5, -65504])
      #expect(try file.tensor("b").values == [1.5, -123.5])
      #expect(try file.tensor("d").values == [0.1])
      #expect(try file.tensor("i").values == [-3])
      #expect(try loadWeights(path: path).map(\.name) == ["h", "b", "d"])
    }
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "tensor a: ends at byte"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "has 4 bytes where its shape and type need 8"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "leaves a hole"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      4,
      "tensor b: starts at byte 115, expected 119: overlaps"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      8,
      "tensor a: the name stands twice"
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 9, "5 bytes belong to no tensor"),
    (#"{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}"#, 4, "type F4 are not supported"),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "has the dimension -1"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#, 4, "overflows"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "no valid data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}}"#, 4, "ends at byte"),
    (#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, 4, "has no dtype"),
    (#"[1]"#, 0, "is no JSON object"), (#"{"a":"#, 0, "the JSON ends early"),
  ])
  func damageIsNamed(_ header: String, _ count: Int, _ expected: String) throws {
    try withFile(bytes(header, data: [UInt8](repeating: 0, count: count)), "bad.safetensors") { path in
      let found = message { _ = try SafetensorsFile(path: path) }
      #expect(found.contains(expected) && found.hasPrefix(path), "\(found)")
    }
  }

  @Test func cutFilesAreNamed() throws {
    let whole = safetensors(tensors, metadata: [])
    for count in [0, 5, 8, 20, whole.count - 1] {
      try withFile(Array(whole[..<count]), "cut.safetensors") { path in
        #expect(message { _ = try SafetensorsFile(path: path) }.contains(path), "\(count) bytes")
      }
    }
    try withFile([255, 255, 255, 255, 0, 0, 0, 0], "long.safetensors") { path in
      #expect(message { _ = try SafetensorsFile(path: path) }.contains("header of 4294967295 bytes"))
    }
  }

  @Test func digestIsOfTheContent() {
    let sorted = tensors.sorted { $0.name < $1.name }
    #expect(contentDigest(of: tensors) == contentDigest(of: sorted))
    var other = tensors
    other[0].values[0] = 1.0000001
    #expect(contentDigest(of: other) != contentDigest(of: tensors))
    other = tensors
    other[0].shape = [3, 2]
    #expect(contentDigest(of: other) != contentDigest(of: tensors))
  }

  @Test func mutatedFilesNeverCrash() throws {
    let whole = safetensors(tensors, metadata: [("epoch", "3"), ("a", "ü\n")])
    var random = SplitMix64(seed: 9)
    for _ in 0..<100 {
      var mutated = whole
      for _ in 0...random.index(below: 3) {
        let place = random.index(below: mutated.count)
        switch random.index(below: 3) {
        case 0: mutated[place] = UInt8(random.index(below: 256))
        case 1: mutated[place] = Array("0123456789[]{},:\"".utf8)[random.index(below: 17)]
        default: mutated.insert(contentsOf: Array("99999999999".utf8), at: place)
        }
      }
      try withFile(mutated, "mutated.safetensors") { path in
        do { _ = try loadWeights(path: path) } catch { #expect(error is InputError) }
      }
    }
  }
}

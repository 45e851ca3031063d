import Archives
import Diagnostics
import Files

/// Reads a state_dict from what `torch.save` wrote, in either container, without running its pickle.
struct TorchFile {
  private let path: String
  private let file: MappedFile

  init(_ file: MappedFile) {
    self.file = file
    self.path = file.path
  }

  private static let remedy = "give a whole file written by torch.save"

  private func fail(_ place: String, _ problem: String) -> InputError {
    InputError(file: path, at: place, problem, remedy: Self.remedy)
  }

  // MARK: The legacy container: five pickles, then the storages

  /// 0x1950a86a20f9469cfc6c, little-endian: the first pickle of the legacy container.
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  static func isLegacy(_ bytes: RawSpan) -> Bool {
    bytes.byteCount >= 2 && bytes.value(at: 0, as: UInt8.self) == 0x80
  }

  func readLegacy() throws -> [NamedTensor] {
    var reader = PickleReader(file.bytes, at: 0, path: path)
    try reader.read { value in
      guard case .longInteger(let magic) = value, magic == Self.magic else {
        throw fail("byte 0", "is a pickle, but not one that torch.save made")
      }
    }
    try reader.read { value in
      guard value.integer == 1001 else { throw fail("byte 15", "is of an unknown version of torch's format") }
    }
    try reader.read { value in
      guard case .dictionary(let system) = value else { throw fail("byte 21", "has no system information") }
      for case (.text("little_endian"), .bool(false)) in system.pairs {
        throw fail("byte 21", "was written on a big-endian machine")
      }
    }
    let state = try reader.read { value in try stateDictionary(value) }
    let listStart = reader.position
    let keys: [String] = try reader.read { value in
      guard case .list(let list) = value else { throw fail("byte \(listStart)", "has no list of storages") }
      return list.items.compactMap(\.text)
    }
    var places: [String: Range<Int>] = [:]
    var position = reader.position
    let formats = Dictionary(state.map { ($0.1.storage.key, $0.1.storage) }, uniquingKeysWith: { first, _ in first })
    for key in keys {
      guard let storage = formats[key] else { throw fail("byte \(position)", "storage \(key) belongs to no tensor") }
      guard file.count - position >= 8 else { throw fail("byte \(file.count)", "the file ends before storage \(key)") }
      let count = file.bytes.value(at: position, as: Int64.self)
      position += 8
      guard count == storage.count else {
        throw fail("byte \(position - 8)", "storage \(key) has \(count) numbers, expected \(storage.count)")
      }
      guard storage.count <= (file.count - position) / storage.format.byteCount else {
        throw fail("byte \(file.count)", "the file ends inside storage \(key)")
      }
      let end = position + storage.count * storage.format.byteCount
      places[key] = position..<end
      position = end
    }
    return try tensors(of: state) { places[$0] }
  }

  // MARK: The zip container: NAME/data.pkl, NAME/data/KEY

  static func isZip(_ bytes: RawSpan) -> Bool {
    bytes.byteCount >= 4 && bytes.value(at: 0, as: UInt32.self) == 0x0403_4B50
  }

  func readZip() throws -> [NamedTensor] {
    var places: [String: Range<Int>] = [:]
    var programName: String?
    for entry in try ZipDirectory(bytes: file.bytes, path: path, remedy: Self.remedy).entries {
      // Torch stores, so that its files can be mapped.
      guard entry.isStored else { throw fail("entry \(entry.name)", "is compressed, which torch never does") }
      let place = try ZipDirectory.range(of: entry, in: file.bytes, path: path, remedy: Self.remedy)
      // Of two entries of one name the first counts.
      if places[entry.name] == nil { places[entry.name] = place }
      if programName == nil, entry.name.hasSuffix("/data.pkl") { programName = entry.name }
    }
    guard let programName, let program = places[programName] else {
      throw fail("zip", "has no data.pkl: it is not a file that torch.save wrote")
    }
    let folder = String(programName.dropLast("data.pkl".count))
    if let order = places[folder + "byteorder"] {
      let text = String(
        decoding: file.bytes.values(at: order.lowerBound, count: order.count, as: UInt8.self), as: UTF8.self)
      guard text == "little" else { throw fail("entry byteorder", "was written on a \(text)-endian machine") }
    }
    var reader = PickleReader(file.bytes.extracting(program), at: 0, path: path)
    let state = try reader.read { value in try stateDictionary(value) }
    return try tensors(of: state) { places[folder + "data/" + $0] }
  }

  // MARK: Both

  /// The tensors of a state_dict, or of the one under the key `state_dict` or `model`, in their order.
  func stateDictionary(_ value: PickleValue) throws -> [(String, TorchTensor)] {
    guard case .dictionary(var dictionary) = value else { throw fail("pickle", "holds no state_dict") }
    // A dictionary may contain itself, or lie as deep as the file is long.
    var depth = 0
    while let inner = Self.innerDictionary(dictionary) {
      depth += 1
      guard depth <= 8 else { throw fail("pickle", "has a state_dict within a state_dict, more than 8 deep") }
      dictionary = inner
    }
    var result: [(String, TorchTensor)] = []
    var seen: Set<String> = []
    for (key, value) in dictionary.pairs {
      guard let name = key.text, case .tensor(let tensor) = value else { continue }
      guard seen.insert(name).inserted else { throw fail("tensor \(name)", "the name stands twice") }
      result.append((name, tensor))
    }
    guard !result.isEmpty else { throw fail("pickle", "holds no tensors by name") }
    return result
  }

  private static func innerDictionary(_ dictionary: PickleDictionary) -> PickleDictionary? {
    for (key, value) in dictionary.pairs {
      if let name = key.text, name == "state_dict" || name == "model", case .dictionary(let inner) = value {
        return inner
      }
    }
    return nil
  }

  /// The numbers of the floating-point tensors. Integers (the counters `num_batches_tracked`) are left out.
  ///
  /// - Parameter place: where the storage of a key lies in the file.
  private func tensors(of state: [(String, TorchTensor)], place: (String) -> Range<Int>?) throws -> [NamedTensor] {
    // Tensors may share a storage (tied weights), so that a small file could ask for all memory: no more numbers than it has bytes.
    var budget = file.count
    return try state.filter(\.1.storage.format.isFloatingPoint).map { name, tensor in
      guard let place = place(tensor.storage.key) else {
        throw fail("tensor \(name)", "its numbers are not in the file")
      }
      guard tensor.reach <= budget else {
        throw fail(
          "tensor \(name)", "its tensors share their storages so often that they have more numbers than the file bytes")
      }
      budget -= tensor.reach
      return try values(name, tensor, in: file.bytes.extracting(place))
    }
  }

  /// The numbers of a tensor, gathered by its strides into rows.
  private func values(_ name: String, _ tensor: TorchTensor, in storage: RawSpan) throws -> NamedTensor {
    let format = tensor.storage.format
    guard storage.byteCount / format.byteCount >= tensor.storage.count else {
      throw fail(
        "tensor \(name)", "its storage has \(storage.byteCount) bytes, too few for \(tensor.storage.count) numbers")
    }
    guard tensor.count > 0 else { return NamedTensor(name: name, shape: tensor.shape, values: []) }
    let reached = format.floats(in: storage, at: tensor.offset * format.byteCount, count: tensor.reach)
    if tensor.isContiguous { return NamedTensor(name: name, shape: tensor.shape, values: reached) }
    var values: [Float] = []
    values.reserveCapacity(tensor.count)
    var index = [Int](repeating: 0, count: tensor.shape.count)
    for _ in 0..<tensor.count {
      values.append(reached[zip(index, tensor.strides).reduce(0) { $0 + $1.0 * $1.1 }])
      for axis in index.indices.reversed() {
        index[axis] += 1
        if index[axis] < tensor.shape[axis] { break }
        index[axis] = 0
      }
    }
    return NamedTensor(name: name, shape: tensor.shape, values: values)
  }
}

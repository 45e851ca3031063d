/// What a restricted pickle may hold: plain data, and descriptions of storages and tensors. Nothing here runs anything.
///
/// Two words each: a pickle makes a value of a byte or two. Who walks into lists and dictionaries must expect that they contain themselves.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  /// An integer beyond 64 bits, little-endian two's complement.
  case longInteger([UInt8])
  case number(Double)
  case text(String)
  /// `depth` counts tuples within tuples.
  case tuple([PickleValue], depth: Int)
  case list(PickleList)
  case dictionary(PickleDictionary)
  case global(PickleGlobal)
  indirect case storage(TorchStorage)
  indirect case tensor(TorchTensor)

  var text: String? { if case .text(let text) = self { text } else { nil } }
  var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  var items: [PickleValue]? { if case .tuple(let items, _) = self { items } else { nil } }
}

/// Filled after it is made, and shared through the memo: therefore a class.
final class PickleList {
  var items: [PickleValue] = []
}

final class PickleDictionary {
  /// In the order they were set.
  var pairs: [(key: PickleValue, value: PickleValue)] = []
}

/// The names that a state_dict's pickle may ask for.
enum PickleGlobal: Equatable {
  case orderedDictionary
  case rebuildTensor
  case rebuildParameter
  case storage(ElementFormat)

  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", "DoubleStorage"): self = .storage(.float64)
    case ("torch", "FloatStorage"): self = .storage(.float32)
    case ("torch", "HalfStorage"): self = .storage(.float16)
    case ("torch", "BFloat16Storage"): self = .storage(.bfloat16)
    case ("torch", "LongStorage"): self = .storage(.int64)
    case ("torch", "IntStorage"): self = .storage(.int32)
    case ("torch", "ShortStorage"): self = .storage(.int16)
    case ("torch", "CharStorage"): self = .storage(.int8)
    case ("torch", "ByteStorage"): self = .storage(.uint8)
    case ("torch", "BoolStorage"): self = .storage(.bool)
    default: return nil
    }
  }
}

/// A run of numbers elsewhere in the file.
struct TorchStorage {
  var key: String
  var format: ElementFormat
  var count: Int
}

/// A view of a storage, known to lie within it.
struct TorchTensor {
  var storage: TorchStorage
  var offset: Int  // in elements
  var shape: [Int]
  var strides: [Int]  // in elements
  /// The product of `shape`.
  var count: Int
  /// Elements of the storage from the first to the last one used, 0 for an empty tensor.
  var reach: Int

  /// Nil where a number is negative, overflows or reaches beyond the storage.
  ///
  /// A step of 0 repeats numbers: no more of them than the storage has, or a small file could ask for all memory.
  init?(storage: TorchStorage, offset: Int, shape: [Int], strides: [Int]) {
    guard offset >= 0, shape.count == strides.count, (shape + strides).allSatisfy({ $0 >= 0 }) else { return nil }
    var last = offset
    var count = 1
    for (size, step) in zip(shape, strides) where !shape.contains(0) {
      let (distance, overflow) = (size - 1).multipliedReportingOverflow(by: step)
      let (next, overflow2) = last.addingReportingOverflow(distance)
      let (product, overflow3) = count.multipliedReportingOverflow(by: size)
      guard !overflow, !overflow2, !overflow3 else { return nil }
      (last, count) = (next, product)
    }
    if shape.contains(0) { count = 0 }
    guard count == 0 || (last < storage.count && count <= storage.count) else { return nil }
    (self.storage, self.offset, self.shape, self.strides) = (storage, offset, shape, strides)
    self.count = count
    reach = count == 0 ? 0 : last - offset + 1
  }

  /// Whether its numbers lie in the order of its rows, without holes.
  var isContiguous: Bool {
    var expected = 1
    for (size, step) in zip(shape, strides).reversed() {
      if size != 1 && step != expected { return false }
      expected *= size
    }
    return true
  }
}

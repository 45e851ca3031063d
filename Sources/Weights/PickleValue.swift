/// What a restricted pickle may hold: plain data, and descriptions of storages and tensors. Nothing here runs anything.
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
  case storage(TorchStorage)
  case tensor(TorchTensor)

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

/// A view of a storage.
struct TorchTensor {
  var storage: TorchStorage
  var offset: Int  // in elements
  var shape: [Int]
  var strides: [Int]  // in elements
}

import Files

/// How numbers lie in a weights file.
enum ElementFormat: String, Sendable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case uint8 = "U8"
  case bool = "BOOL"

  var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    default: false
    }
  }

  /// The `count` numbers from byte `offset` on, rounded to f32 where they need more.
  func floats(in bytes: RawSpan, at offset: Int, count: Int) -> [Float] {
    switch self {
    case .float32: bytes.values(at: offset, count: count)
    case .float64: bytes.values(at: offset, count: count, as: Double.self).map { Float($0) }
    case .float16: bytes.values(at: offset, count: count, as: Float16.self).map { Float($0) }
    case .bfloat16:
      bytes.values(at: offset, count: count, as: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    case .int64: bytes.values(at: offset, count: count, as: Int64.self).map { Float($0) }
    case .int32: bytes.values(at: offset, count: count, as: Int32.self).map { Float($0) }
    case .int16: bytes.values(at: offset, count: count, as: Int16.self).map { Float($0) }
    case .int8: bytes.values(at: offset, count: count, as: Int8.self).map { Float($0) }
    case .uint8, .bool: bytes.values(at: offset, count: count, as: UInt8.self).map { Float($0) }
    }
  }
}

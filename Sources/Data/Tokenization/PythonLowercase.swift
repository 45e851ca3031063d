/// Python's `str.lower` and `str.isspace`, scalar by scalar: Unicode's full lower case with the rule of the final sigma.
enum PythonLowercase {
  static func scalars(of text: String) -> [Unicode.Scalar] {
    let source = Array(text.unicodeScalars)
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(source.count)
    for (index, scalar) in source.enumerated() {
      if scalar.value < 0x80 {
        result.append((0x41...0x5A).contains(scalar.value) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
      } else if scalar == "\u{3A3}" {
        result.append(isFinalSigma(source, index) ? "\u{3C2}" : "\u{3C3}")
      } else {
        result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
      }
    }
    return result
  }

  private static func isFinalSigma(_ text: [Unicode.Scalar], _ index: Int) -> Bool {
    let before = text[..<index].last { !$0.properties.isCaseIgnorable }
    let after = text[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    return before?.properties.isCased == true && after?.properties.isCased != true
  }

  /// Python's `string.punctuation`.
  static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
    default: false
    }
  }

  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }
}

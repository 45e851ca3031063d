import Kernels
import Testing

@Suite struct ChecksumTests {
  /// Bit by bit, as the polynomial is defined.
  private func reference(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
    return ~crc
  }

  @Test func publishedVectors() {
    // RFC 3720, B.4, and the usual check value.
    #expect(crc32c(Array("123456789".utf8)) == 0xE306_9283)
    #expect(crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(crc32c([UInt8](repeating: 255, count: 32)) == 0x62A8_AB43)
  }

  @Test(arguments: [0, 1, 7, 8, 9, 63, 1023, 3071, 3072, 3073, 10_007])
  func everyLengthEqualsTheDefinition(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 7 &+ 3) }
    #expect(crc32c(bytes) == reference(bytes))
    let half = count / 3
    #expect(crc32c(Array(bytes[half...]), continuing: crc32c(Array(bytes[..<half]))) == reference(bytes))
  }
}

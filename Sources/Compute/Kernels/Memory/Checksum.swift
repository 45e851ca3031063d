import CKernels

/// Continues a CRC32C (RFC 3720) over `bytes`; start with 0.
package func crc32c(_ bytes: RawSpan, continuing crc: UInt32 = 0) -> UInt32 {
  unsafe bytes.withUnsafeBytes { unsafe captioneer_crc32c(crc, $0.baseAddress, $0.count) }
}

/// Continues a CRC32C over the elements' bytes in memory order (little-endian on every host we build for).
package func crc32c<Element: BitwiseCopyable>(_ values: [Element], continuing crc: UInt32 = 0) -> UInt32 {
  unsafe values.withUnsafeBytes { unsafe captioneer_crc32c(crc, $0.baseAddress, $0.count) }
}

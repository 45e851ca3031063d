import CKernels

/// The filter of one axis in the layout of the kernels.
public struct ResampleTable: Sendable {
  /// Output pixels.
  public let outputs: Int
  /// Taps of an output, by eights.
  public let groups: Int
  let first: [Int32]  // [outputs]
  let coefficients: [Int32]  // [outputs, groups, 8]
  let pairs: [Int32]  // [outputs, groups, 8]

  /// - Parameters:
  ///   - bounds: first source pixel and number of taps of each output, within `0 ..< inputs`.
  ///   - weights: the taps' coefficients, 22 bits after the point, 0 ... 1 << 22.
  public init(inputs: Int, bounds: [Range<Int>], weights: [[Int32]]) {
    outputs = bounds.count
    let groups = max(1, ((bounds.map(\.count).max() ?? 1) + 7) / 8)
    let taps = 8 * groups
    var first: [Int32] = []
    var coefficients: [Int32] = []
    var pairs: [Int32] = []
    for (range, row) in zip(bounds, weights) {
      precondition(range.lowerBound >= 0 && range.upperBound <= inputs && row.count == range.count)
      // Near the right edge the window moves left, so that at most 7 pixels beyond the row are read.
      let start = max(0, min(range.lowerBound, inputs - taps))
      var padded = [Int32](repeating: 0, count: taps)
      for (tap, weight) in row.enumerated() { padded[range.lowerBound - start + tap] = weight }
      first.append(Int32(start))
      coefficients += padded
      for group in stride(from: 0, to: taps, by: 8) {
        for tap in stride(from: group, to: group + 8, by: 2) {
          pairs.append(padded[tap] >> 15 | (padded[tap + 1] >> 15) << 16)
        }
        for tap in stride(from: group, to: group + 8, by: 2) {
          pairs.append(padded[tap] & 0x7FFF | (padded[tap + 1] & 0x7FFF) << 16)
        }
      }
    }
    self.groups = groups
    self.first = first
    self.coefficients = coefficients
    self.pairs = pairs
  }

  /// Bytes that a source row must have beyond its last pixel.
  public static let rowPadding = 64

  /// Resamples `count` rows of interleaved RGB.
  ///
  /// - Parameters:
  ///   - rows: u8 [count, stride], each row `inputs` pixels and `rowPadding` bytes that are read but don't count.
  ///   - ring: u8 [capacity, ringStride]; row i of the image goes to row i % capacity. A ring row needs a spare byte.
  ///   - firstRow: the number of `rows`' first row in the image.
  public func apply(
    to rows: RawSpan, stride: Int, count: Int, ring: inout [UInt8], ringStride: Int, capacity: Int, firstRow: Int
  ) {
    precondition(rows.byteCount >= stride * count && ring.count >= capacity * ringStride && ringStride > 3 * outputs)
    unsafe rows.withUnsafeBytes { source in
      unsafe ring.withUnsafeMutableBufferPointer { target in
        var done = 0
        while done < count {
          let slot = (firstRow + done) % capacity
          let batch = min(count - done, capacity - slot)
          unsafe captioneer_resample_rows(
            source.baseAddress!.assumingMemoryBound(to: UInt8.self) + done * stride, stride, Int32(batch), first,
            coefficients, pairs, Int32(groups), Int32(outputs), target.baseAddress! + slot * ringStride, ringStride)
          done += batch
        }
      }
    }
  }
}

/// The second pass of Pillow's resize, a row of output at a time.
public enum ResampleColumns {
  /// Mixes `weights.count` rows of `ring` from row `first` of the image on into `row`.
  ///
  /// - Parameters:
  ///   - ring: u8 [capacity, ringStride].
  ///   - row: gets `count` bytes.
  public static func apply(
    ring: [UInt8], ringStride: Int, capacity: Int, first: Int, weights: [Int32], row: inout [UInt8], count: Int
  ) {
    precondition(weights.count <= capacity && ring.count >= capacity * ringStride)
    precondition(count <= row.count && count <= ringStride)
    unsafe row.withUnsafeMutableBufferPointer { target in
      unsafe captioneer_resample_column(
        ring, ringStride, Int32(capacity), Int32(first), weights, Int32(weights.count), Int32(count),
        target.baseAddress!)
    }
  }

  /// Copies `count` rows of the image, from row `firstRow` on, to their places in `ring`.
  ///
  /// - Parameters:
  ///   - rows: u8 [count, stride].
  ///   - ring: u8 [capacity, ringStride].
  public static func store(
    _ rows: RawSpan, stride: Int, count: Int, ring: inout [UInt8], ringStride: Int, capacity: Int, firstRow: Int
  ) {
    let bytes = min(stride, ringStride)
    precondition(rows.byteCount >= stride * count && ring.count >= capacity * ringStride)
    unsafe rows.withUnsafeBytes { source in
      unsafe ring.withUnsafeMutableBytes { target in
        for row in 0..<count {
          unsafe (target.baseAddress! + (firstRow + row) % capacity * ringStride)
            .copyMemory(from: source.baseAddress! + row * stride, byteCount: bytes)
        }
      }
    }
  }

  /// Interleaved RGB to planes.
  ///
  /// - Parameters:
  ///   - row: u8 [pixels, 3].
  ///   - planes: u8 [3, plane].
  ///   - offset: where in each plane the row begins.
  public static func split(
    _ row: [UInt8], pixels: Int, into planes: inout MutableSpan<UInt8>, plane: Int, offset: Int
  ) {
    precondition(row.count >= 3 * pixels)
    precondition(planes.count >= 3 * plane && offset >= 0 && offset + pixels <= plane)
    unsafe planes.withUnsafeMutableBufferPointer { target in
      unsafe captioneer_split_planes(row, Int32(pixels), target.baseAddress! + offset, plane)
    }
  }
}

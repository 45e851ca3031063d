import CKernels

/// The filter of one axis in the layout of the kernels.
package struct ResampleTable: Sendable {
  package let inputs: Int
  /// Output pixels.
  package let outputs: Int
  /// Taps of an output, by twos.
  let pairCount: Int
  let first: [Int32]  // [outputs], even
  let coefficients: [Int32]  // [outputs, 2 * pairCount]
  let pairs: [Int32]  // [outputs, pairCount, 2]
  /// Taps by fours; 0 where a coefficient is 1/2 or more, too large for this layout.
  let quadCount: Int
  let firstQuad: [Int32]  // [outputs], multiples of 4
  let quads: [Int32]  // [outputs, quadCount, 3]

  /// - Parameters:
  ///   - bounds: first source pixel and number of taps of each output, within `0 ..< inputs`.
  ///   - weights: the taps' coefficients, 22 bits after the point, 0 ... 1 << 22.
  package init(inputs: Int, bounds: [Range<Int>], weights: [[Int32]]) {
    self.inputs = inputs
    outputs = bounds.count
    let pairCount = max(1, bounds.map { ($0.lowerBound % 2 + $0.count + 1) / 2 }.max() ?? 1)
    let taps = 2 * pairCount
    // Near the right edge a window moves left, so that it ends where the row does.
    let latest = max(0, (inputs + 1) / 2 * 2 - taps)
    var first: [Int32] = []
    var coefficients: [Int32] = []
    var pairs: [Int32] = []
    first.reserveCapacity(outputs)
    coefficients.reserveCapacity(outputs * taps)
    pairs.reserveCapacity(outputs * taps)
    for (range, row) in zip(bounds, weights) {
      precondition(range.lowerBound >= 0 && range.upperBound <= inputs && row.count == range.count)
      let start = min(range.lowerBound / 2 * 2, latest)
      var padded = [Int32](repeating: 0, count: taps)
      for (tap, weight) in row.enumerated() { padded[range.lowerBound - start + tap] = weight }
      first.append(Int32(start))
      coefficients += padded
      for tap in stride(from: 0, to: taps, by: 2) {
        pairs.append(padded[tap] >> 15 | (padded[tap + 1] >> 15) << 16)
        pairs.append(padded[tap] & 0x7FFF | (padded[tap + 1] & 0x7FFF) << 16)
      }
    }
    (quadCount, firstQuad, quads) = Self.quads(inputs: inputs, bounds: bounds, weights: weights)
    self.pairCount = pairCount
    self.first = first
    self.coefficients = coefficients
    self.pairs = pairs
  }

  private static func quads(
    inputs: Int, bounds: [Range<Int>], weights: [[Int32]]
  ) -> (count: Int, first: [Int32], quads: [Int32]) {
    guard weights.allSatisfy({ $0.allSatisfy { $0 < 1 << 21 } }) else { return (0, [], []) }
    let count = max(1, bounds.map { ($0.lowerBound % 4 + $0.count + 3) / 4 }.max() ?? 1)
    let latest = max(0, (inputs + 3) / 4 * 4 - 4 * count)
    var firsts: [Int32] = []
    var quads: [Int32] = []
    firsts.reserveCapacity(bounds.count)
    quads.reserveCapacity(bounds.count * count * 3)
    for (range, row) in zip(bounds, weights) {
      let start = min(range.lowerBound / 4 * 4, latest)
      firsts.append(Int32(start))
      for quad in 0..<count {
        var (high, middle, low): (Int32, Int32, Int32) = (0, 0, 0)
        for tap in 0..<4 {
          let index = start + 4 * quad + tap - range.lowerBound
          guard row.indices.contains(index) else { continue }
          let weight = row[index]
          high |= (weight >> 14) << (8 * tap)
          middle |= (weight >> 7 & 127) << (8 * tap)
          low |= (weight & 127) << (8 * tap)
        }
        quads += [high, middle, low]
      }
    }
    return (count, firsts, quads)
  }

  /// Calls `body` with the layouts as the kernels take them.
  @unsafe private func withFilter<T>(_ body: (UnsafePointer<captioneer_resample_filter>) -> T) -> T {
    unsafe first.withUnsafeBufferPointer { first in
      unsafe coefficients.withUnsafeBufferPointer { coefficients in
        unsafe pairs.withUnsafeBufferPointer { pairs in
          unsafe firstQuad.withUnsafeBufferPointer { firstQuad in
            unsafe quads.withUnsafeBufferPointer { quads in
              var filter = unsafe captioneer_resample_filter(
                inputs: Int32(inputs), outputs: Int32(outputs), first: first.baseAddress,
                coefficients: coefficients.baseAddress, pair_count: Int32(pairCount), pairs: pairs.baseAddress,
                quad_count: Int32(quadCount), first_quad: firstQuad.baseAddress, quads: quads.baseAddress)
              return unsafe body(&filter)
            }
          }
        }
      }
    }
  }

  /// Working memory that `apply` wants, in bytes.
  package var scratchCount: Int { unsafe withFilter { unsafe captioneer_resample_scratch($0) } }

  /// Bytes that a source row must have beyond its last pixel.
  package static let rowPadding = 64

  /// Bytes that a resampled row must have beyond its last pixel: they are written, but don't count.
  package static let spareBytes = 4

  /// Resamples `count` rows of interleaved RGB.
  ///
  /// - Parameters:
  ///   - rows: u8 [count, stride], each row `inputs` pixels and `rowPadding` bytes that are read but don't count.
  ///   - ring: u8 [capacity, ringStride]; row i of the image goes to row i % capacity. A ring row ends with `spareBytes`.
  ///   - firstRow: the number of `rows`' first row in the image.
  ///   - scratch: `scratchCount` bytes.
  package func apply(
    to rows: RawSpan, stride: Int, count: Int, ring: inout [UInt8], ringStride: Int, capacity: Int, firstRow: Int,
    scratch: inout [UInt8]
  ) {
    precondition(scratch.count >= scratchCount && stride >= 3 * inputs + Self.rowPadding)
    precondition(
      rows.byteCount >= stride * count && ring.count >= capacity * ringStride
        && ringStride >= 3 * outputs + Self.spareBytes)
    unsafe rows.withUnsafeBytes { source in
      unsafe ring.withUnsafeMutableBufferPointer { target in
        unsafe scratch.withUnsafeMutableBufferPointer { scratch in
          unsafe withFilter { filter in
            var done = 0
            while done < count {
              let slot = (firstRow + done) % capacity
              let batch = min(count - done, capacity - slot)
              unsafe captioneer_resample_rows(
                filter, source.baseAddress!.assumingMemoryBound(to: UInt8.self) + done * stride, stride, Int32(batch),
                scratch.baseAddress!, target.baseAddress! + slot * ringStride, ringStride)
              done += batch
            }
          }
        }
      }
    }
  }
}

/// The second pass of Pillow's resize, a row of output at a time.
package enum ResampleColumns {
  /// Mixes `weights.count` rows of `ring` from row `first` of the image on into `row`.
  ///
  /// - Parameters:
  ///   - ring: u8 [capacity, ringStride].
  ///   - row: gets `count` bytes.
  package static func apply(
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
  package static func store(
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
  package static func split(
    _ row: [UInt8], pixels: Int, into planes: inout MutableSpan<UInt8>, plane: Int, offset: Int
  ) {
    precondition(row.count >= 3 * pixels)
    precondition(planes.count >= 3 * plane && offset >= 0 && offset + pixels <= plane)
    unsafe planes.withUnsafeMutableBufferPointer { target in
      unsafe captioneer_split_planes(row, Int32(pixels), target.baseAddress! + offset, plane)
    }
  }
}

import Kernels
import Testing

/// Numbers in −0.5 ..< 0.5 that a hash of the index gives.
private func noise(_ count: Int, seed: UInt32, scale: Float = 1) -> [Float] {
  (0..<count).map { index in
    var hash = UInt32(truncatingIfNeeded: index) &* 2_654_435_761 &+ seed &* 40503
    hash ^= hash >> 15
    hash = hash &* 2_246_822_519
    hash ^= hash >> 13
    return (Float(hash >> 8) / 16_777_216 - 0.5) * scale
  }
}

private func buffer(_ values: [Float], spare: Int = 0) -> FloatBuffer {
  var buffer = FloatBuffer(count: values.count + spare)
  var span = buffer.mutableSpan
  for index in values.indices { span[index] = values[index] }
  return buffer
}

private func array(_ buffer: borrowing FloatBuffer) -> [Float] {
  let span = buffer.span
  return (0..<span.count).map { span[$0] }
}

private func clamp(_ value: Double) -> Double { min(max(value, 0), 6) }

/// An inverted residual as its definition reads, in f64.
private func plainBlock(
  _ shape: ConvolutionBlockShape, _ input: [Double], first: FoldedConvolution, depthwise: FoldedConvolution,
  projection: FoldedConvolution
) -> [Double] {
  let isStem = shape.first == .stem
  let height = isStem ? (shape.height + 1) / 2 : shape.height
  let width = isStem ? (shape.width + 1) / 2 : shape.width
  let expanded = shape.expandedChannels
  var inner = [Double](repeating: 0, count: height * width * expanded)
  for y in 0..<height {
    for x in 0..<width {
      for channel in 0..<expanded {
        var sum = Double(first.bias[channel])
        if isStem {
          for plane in 0..<3 {
            for dy in 0..<3 {
              for dx in 0..<3 {
                let (row, column) = (2 * y + dy - 1, 2 * x + dx - 1)
                guard 0..<shape.height ~= row, 0..<shape.width ~= column else { continue }
                let weight = Double(first.weights[channel * 27 + plane * 9 + dy * 3 + dx])
                sum += weight * input[(plane * shape.height + row) * shape.width + column]
              }
            }
          }
        } else {
          for index in 0..<shape.inputChannels {
            let weight = Double(first.weights[channel * shape.inputChannels + index])
            sum += weight * input[(y * width + x) * shape.inputChannels + index]
          }
        }
        inner[(y * width + x) * expanded + channel] = clamp(sum)
      }
    }
  }
  let (outputHeight, outputWidth) = ((height - 1) / shape.stride + 1, (width - 1) / shape.stride + 1)
  var output: [Double] = []
  for y in 0..<outputHeight {
    for x in 0..<outputWidth {
      var middle: [Double] = []
      for channel in 0..<expanded {
        var sum = Double(depthwise.bias[channel])
        for dy in 0..<3 {
          for dx in 0..<3 {
            let (row, column) = (y * shape.stride + dy - 1, x * shape.stride + dx - 1)
            guard 0..<height ~= row, 0..<width ~= column else { continue }
            let weight = Double(depthwise.weights[channel * 9 + dy * 3 + dx])
            sum += weight * inner[(row * width + column) * expanded + channel]
          }
        }
        middle.append(clamp(sum))
      }
      for channel in 0..<shape.outputChannels {
        var sum = Double(projection.bias[channel])
        for index in 0..<expanded { sum += Double(projection.weights[channel * expanded + index]) * middle[index] }
        if shape.hasResidual { sum += input[output.count] }
        output.append(sum)
      }
    }
  }
  return output
}

/// On every CPU level.
@Suite(.serialized) struct ConvolutionTests {
  static let shapes: [ConvolutionBlockShape] = [
    shape(.expansion, 8, 24, 8, 1, true, 7, 5), shape(.expansion, 16, 48, 24, 2, false, 9, 14),
    shape(.expansion, 5, 37, 11, 2, false, 6, 6), shape(.expansion, 24, 144, 24, 1, true, 28, 28),
    shape(.expansion, 3, 16, 40, 1, false, 1, 1), shape(.expansion, 7, 40, 7, 1, true, 60, 33),
    shape(.expansion, 16, 96, 24, 2, false, 56, 56), shape(.expansion, 33, 70, 33, 1, true, 4, 4),
    shape(.stem, 3, 32, 16, 1, false, 112, 112), shape(.stem, 3, 20, 12, 1, false, 13, 11),
    shape(.stem, 3, 8, 8, 2, false, 1, 2), shape(.stem, 3, 48, 24, 1, false, 31, 70),
  ]

  private static func shape(
    _ first: ConvolutionBlockShape.First, _ input: Int, _ expanded: Int, _ output: Int, _ stride: Int,
    _ hasResidual: Bool, _ height: Int, _ width: Int
  ) -> ConvolutionBlockShape {
    ConvolutionBlockShape(
      first: first, inputChannels: input, expandedChannels: expanded, outputChannels: output, stride: stride,
      hasResidual: hasResidual, height: height, width: width)
  }

  private func convolution(_ outputs: Int, _ inputs: Int, seed: UInt32) -> FoldedConvolution {
    FoldedConvolution(
      weights: noise(outputs * inputs, seed: seed, scale: 4 / Float(inputs).squareRoot()),
      bias: noise(outputs, seed: seed + 100))
  }

  @Test(arguments: shapes) func blockEqualsItsDefinition(_ shape: ConvolutionBlockShape) {
    let isStem = shape.first == .stem
    let first = convolution(shape.expandedChannels, isStem ? 27 : shape.inputChannels, seed: 1)
    let depthwise = convolution(shape.expandedChannels, 9, seed: 2)
    let projection = convolution(shape.outputChannels, shape.expandedChannels, seed: 3)
    let block = ConvolutionBlock(shape, first: first, depthwise: depthwise, projection: projection)
    let images = 3
    let (scale, shift): ([Float], [Float]) = ([0.01, 0.02, 0.015], [-1, -2, -1.5])
    let floats = noise(images * shape.inputCount, seed: 7, scale: 3)
    let bytes = floats.map { UInt8(min(max($0 * 80 + 128, 0), 255)) }
    let plane = shape.height * shape.width
    var expected: [Double] = []
    for image in 0..<images {
      let range = image * shape.inputCount..<(image + 1) * shape.inputCount
      let input =
        isStem
        ? bytes[range].enumerated().map { Double($1) * Double(scale[$0 / plane]) + Double(shift[$0 / plane]) }
        : floats[range].map { Double($0) }
      expected += plainBlock(shape, input, first: first, depthwise: depthwise, projection: projection)
    }
    #expect(expected.count == images * shape.outputCount)

    var together: [[Float]] = []
    for level in CPULevel.available {
      CPULevel.use(level)
      // Exactly as much as is declared, full of noise: nothing may depend on what was there.
      var scratch = buffer(noise(block.scratchCount(images: images), seed: 9, scale: 100))
      var output = buffer(noise(images * shape.outputCount, seed: 10, scale: 100))
      func run(_ begin: Int, _ count: Int, _ output: inout FloatBuffer, _ scratch: inout FloatBuffer) {
        let place = begin * shape.outputCount
        if isStem {
          let part = Array(bytes[begin * shape.inputCount..<(begin + count) * shape.inputCount])
          block.run(
            photographs: unsafe part.span.bytes, scale: scale, shift: shift, images: count, into: &output, at: place,
            scratch: &scratch)
        } else {
          block.run(
            buffer(floats), from: begin * shape.inputCount, images: count, into: &output, at: place, scratch: &scratch)
        }
      }
      run(0, images, &output, &scratch)
      let all = array(output)
      for (found, wanted) in zip(all, expected) where abs(Double(found) - wanted) > 2e-5 * max(1, abs(wanted)) {
        Issue.record("\(level) \(shape): \(found), expected \(wanted)")
        break
      }
      for image in 0..<images { run(image, 1, &output, &scratch) }
      #expect(array(output) == all, "\(level): an image's bits depend on the images beside it")
      together.append(all)
    }
    for other in together.dropFirst() { #expect(other == together[0], "the levels differ") }
    CPULevel.use(nil)
  }

  @Test(arguments: [(1, 1, 1), (14, 320, 1280), (15, 7, 33), (31, 64, 8), (29, 5, 24), (128, 33, 57)])
  func pointwiseEqualsItsDefinition(_ pixels: Int, _ depth: Int, _ columns: Int) {
    let folded = convolution(columns, depth, seed: 4)
    let input = noise(pixels * depth, seed: 5, scale: 3)
    let sums = referenceProduct(
      rows: pixels, depth: depth, columns: columns, { input[$0 * depth + $1] }, { folded.weights[$1 * depth + $0] },
      start: { folded.bias[$1] })
    for clamps in [true, false] {
      var first: [Float]?
      let pointwise = PointwiseConvolution(folded, inputChannels: depth, clamps: clamps)
      for level in CPULevel.available {
        CPULevel.use(level)
        var output = FloatBuffer(count: pixels * columns)
        var scratch = FloatBuffer(count: pixels)
        pointwise.run(buffer(input), pixels: pixels, into: &output, scratch: &scratch)
        let found = array(output)
        #expect(found == first ?? found, "\(level) differs from portable")
        first = first ?? found
        var worst = 0.0
        for (value, sum) in zip(found, sums) { worst = max(worst, abs(Double(value) - (clamps ? clamp(sum) : sum))) }
        #expect(worst < 2e-5, "\(level) \(pixels)×\(depth)×\(columns)")
      }
    }
    CPULevel.use(nil)
  }

  @Test func halvesAreRoundedToNearestEven() {
    var values: [Float] = [
      0, -0.0, 65504, 65519.996, 65520, 1e9, -.infinity, 5.9604645e-8, 2.9802322e-8, 2.98023259e-8,
    ]
    for pattern in 0..<UInt16(0x7C00) {
      let exact = Float(Float16(bitPattern: pattern))
      let next = Float(Float16(bitPattern: pattern + 1))
      values += [exact, -exact]
      if next.isFinite { values += [(exact + next) / 2, ((exact + next) / 2).nextUp, ((exact + next) / 2).nextDown] }
    }
    let expected = values.map { Float16($0).bitPattern }
    for level in CPULevel.available {
      CPULevel.use(level)
      var halves = [UInt16](repeating: 0, count: values.count)
      FloatConversion.narrowToHalves(values, count: values.count, into: &halves)
      #expect(halves == expected, "\(level)")
      var notANumber: [UInt16] = [0]
      FloatConversion.narrowToHalves([.nan], count: 1, into: &notANumber)
      #expect(Float16(bitPattern: notANumber[0]).isNaN)
    }
    CPULevel.use(nil)
  }

  @Test func averageAndTransposition() {
    let (pixels, channels) = (9, 37)
    let values = noise(pixels * channels + 5, seed: 6)
    let input = buffer(values)
    var mean = [Float](repeating: -1, count: channels + 2)
    averagePixels(input, from: 5, pixels: pixels, channels: channels, into: &mean, at: 1)
    var turned = [Float](repeating: -1, count: pixels * channels + 2)
    transposePixels(input, from: 5, pixels: pixels, channels: channels, into: &turned, at: 1)
    for channel in 0..<channels {
      var sum: Float = 0
      for pixel in 0..<pixels {
        let value = values[5 + pixel * channels + channel]
        sum += value
        #expect(turned[1 + channel * pixels + pixel] == value)
      }
      #expect(abs(mean[1 + channel] - sum / Float(pixels)) < 1e-6)
    }
    #expect(mean[0] == -1 && mean[channels + 1] == -1 && turned[0] == -1 && turned[pixels * channels + 1] == -1)
  }
}

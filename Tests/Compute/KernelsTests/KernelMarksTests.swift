import Files
import Kernels
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// The level that is asked for is the level whose kernels run: every kernel leaves the mark of the file it was compiled in.
@Suite struct KernelMarksTests {
  /// What is wrong with the marks of all kernels after each has run: nothing, where all are of `level`.
  static func complaints(about level: CPULevel) -> [String] {
    KernelMarks.forget()
    guard KernelMarks.levels.allSatisfy({ $0 == nil }) else { return ["marks aren't forgotten"] }
    runEveryKernel()
    let wrong = zip(KernelMarks.kernels, KernelMarks.levels).filter { $1 != level }
    return wrong.map { "\($0) ran at \($1?.name ?? "no level"), not \(level)" }
  }

  private static func runEveryKernel() {
    let two = Matrix(rows: 2, columns: 2, [1, 2, 3, 4])
    multiply(two, two, into: Matrix(rows: 2, columns: 2))
    let floats: [Float] = [0.5, -0.25]
    var (a, b, c) = (floats, floats, floats)
    var x = a.mutableSpan
    var y = b.mutableSpan
    var z = c.mutableSpan
    Activation.biasTanh(&x, bias: floats.span)
    Activation.tanhGradient(&x, carry: Span(), y: floats.span)
    Rows.scatterAdd(floats.span, at: [0].span, columns: 2, range: 0..<2, to: &x)
    Reduction.addColumnSums(of: floats.span, to: &x)
    _ = Reduction.sumOfSquares(floats.span)
    _ = CrossEntropy.loss(&y, bias: floats.span, targets: [1].span, ignored: 0)
    AdamStep(gradientScale: 1, stepSize: 1, rootCorrection: 1, beta1: 0.9, beta2: 0.9, epsilon: 1)
      .apply(to: &x, gradients: floats.span, mean: &y, variance: &z)
    var halves: [UInt16] = [0, 0]
    FloatConversion.narrowToHalves(floats, count: 2, into: &halves)
    FloatConversion.widenHalves(halves.byteSpan, into: &x)
    _ = crc32c([1, 2, 3] as [UInt8])
    resample()
    convolve()
  }

  private static func resample() {
    let table = ResampleTable(inputs: 2, bounds: [0..<2], weights: [[1 << 21, 1 << 21]])
    let stride = 6 + ResampleTable.rowPadding
    let ringStride = 3 + ResampleTable.spareBytes
    var ring = [UInt8](repeating: 0, count: ringStride)
    var scratch = [UInt8](repeating: 0, count: table.scratchCount)
    let rows = [UInt8](repeating: 9, count: stride)
    table.apply(
      to: rows.byteSpan, stride: stride, count: 1, ring: &ring, ringStride: ringStride, capacity: 1, firstRow: 0,
      scratch: &scratch)
    var row: [UInt8] = [0, 0, 0]
    ResampleColumns.apply(
      ring: ring, ringStride: ringStride, capacity: 1, first: 0, weights: [1 << 22], row: &row, count: 3)
    var planes: [UInt8] = [0, 0, 0]
    var span = planes.mutableSpan
    ResampleColumns.split(row, pixels: 1, into: &span, plane: 1, offset: 0)
  }

  private static func convolve() {
    let shape = ConvolutionBlockShape(
      first: .stem, inputChannels: 3, expandedChannels: 1, outputChannels: 1, stride: 1, hasResidual: false, height: 1,
      width: 1)
    func ones(_ count: Int) -> FoldedConvolution {
      FoldedConvolution(weights: [Float](repeating: 1, count: count), bias: [1])
    }
    let block = ConvolutionBlock(shape, first: ones(27), depthwise: ones(9), projection: ones(1))
    var output = FloatBuffer(count: 1)
    var scratch = FloatBuffer(count: block.scratchCount(images: 1))
    let pixels: [UInt8] = [1, 2, 3]
    block.run(
      photographs: pixels.byteSpan, scale: [1, 1, 1], shift: [0, 0, 0], images: 1, into: &output, scratch: &scratch)
  }

  @Test(arguments: CPULevel.available) func everyKernelRunsAtTheLevelOfItsThread(_ level: CPULevel) {
    CPULevel.use(level)
    defer { CPULevel.use(nil) }
    #expect(Self.complaints(about: level) == [])
  }

  /// In a process of its own, where nothing but the variable says it.
  @Test(arguments: CPULevel.available.map(\.name)) func everyKernelRunsAtTheLevelOfTheVariable(_ name: String) async {
    await #expect(processExitsWith: .success) { [name] in
      unsafe setenv("CAPTIONEER_CPU", name, 1)
      guard let level = CPULevel.available.first(where: { $0.name == name }) else { exit(3) }
      let complaints = KernelMarksTests.complaints(about: level)
      for complaint in complaints { print(complaint) }
      exit(complaints.isEmpty ? EXIT_SUCCESS : 4)
    }
  }

  /// Without the stages' check: no kernel runs, at no level.
  @Test(arguments: ["fastest", "AVX2", "avx", "portable "]) func anUnknownLevelRunsNothing(_ word: String) async throws
  {
    let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) { [word] in
      unsafe setenv("CAPTIONEER_CPU", word, 1)
      _ = crc32c([1] as [UInt8])
      exit(EXIT_SUCCESS)
    }
    let line = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(line.contains("captioneer: CAPTIONEER_CPU: no kernels for '\(word)'"), "\(line)")
  }

  @Test func anEmptyVariableIsNone() async {
    await #expect(processExitsWith: .success) {
      unsafe setenv("CAPTIONEER_CPU", "", 1)
      exit(CPULevel.current == CPULevel.available.last ? EXIT_SUCCESS : 3)
    }
  }
}

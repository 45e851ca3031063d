import ArgumentParser
import Diagnostics
import Images
import Kernels

/// Runs one hot path over and over in this process, a round for each line that comes on standard input.
///
/// The benchmark's driver holds one such process for us and one for each peer, and lets them take turns.
@main struct MeasureKernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure-kernels",
    abstract: "Times Captioneer's hot paths, a JSON line for each round.",
    discussion: """
      Without --rounds it does a round for each line on standard input, after a line {"ready": true}.

      EXAMPLE
        measure-kernels decode-exact --photos photos --rounds 3
      """)

  enum Path: String, CaseIterable, ExpressibleByArgument {
    case decodeExact = "decode-exact"
    case decodeFast = "decode-fast"
    case jpegFull = "jpeg-full"
    case jpegQuarter = "jpeg-quarter"
    case features, training, greedy, gather, product, level
    case makeCache = "make-cache"
  }

  @Argument(help: "What to run: \(Path.allCases.map(\.rawValue).joined(separator: ", ")).")
  var path: Path
  @Option(help: "Threads.")
  var threads = 1
  @Option(help: "Do this many rounds and end.")
  var rounds: Int?
  @Option(help: "Folder of JPEGs, for the decode paths.")
  var photos = "photos"
  @Option(help: "At most this many photographs.")
  var limit = 200
  @Option(help: "MobileNetV2 weights, for features.")
  var weights = "mobilenet_v2.safetensors"
  @Option(help: "Images, captions, or a product's side.")
  var batch = 250
  @Option(help: "Captions to train on (default 10000) or to make (default 250).")
  var samples: Int?
  @Option(help: "Hidden units.")
  var hidden = 512
  @Option(help: "A checkpoint, for greedy; without it the weights are random.")
  var checkpoint: String?
  @Option(help: "A features cache, for greedy and gather; make-cache writes it.")
  var cache: String?
  @Option(help: "Rows of the cache that make-cache writes.")
  var rows = 100_000
  @Option(help: "Times that a round repeats its work.")
  var repeats = 1

  func run() throws {
    do { try measure() } catch let error as InputError { throw ValidationError("\(error)") }
  }

  private func measure() throws {
    try Arithmetic.checkEnvironment()
    switch path {
    case .decodeExact: try play(DecodePath(folder: photos, limit: limit, resampling: .exact).run)
    case .decodeFast: try play(DecodePath(folder: photos, limit: limit, resampling: .fast).run)
    case .jpegFull: try play(DecodePath(folder: photos, limit: limit, denominator: 1).run)
    case .jpegQuarter: try play(DecodePath(folder: photos, limit: limit, denominator: 4).run)
    case .features: try play(FeaturePath(weights: weights, images: batch).run)
    case .training:
      try TrainingPath(batch: batch, hidden: hidden, captions: samples ?? 10_000, threads: threads).run(
        Rounds(limit: rounds, repeats: repeats))
    case .greedy:
      try play(
        GreedyPath(checkpoint: checkpoint, cache: cache, batch: batch, hidden: hidden, captions: samples ?? 250).run)
    case .gather: try play(GatherPath(cache: try file(cache), batch: batch).run)
    case .product: try play(ProductPath(side: batch).run)
    case .level:
      // What really multiplied, as its own file says.
      let one = Matrix(rows: 1, columns: 1, [1])
      multiply(one, one, into: Matrix(rows: 1, columns: 1))
      let ran = Set(KernelMarks.levels.compactMap { $0?.name })
      say("{\"level\": \"\(CPULevel.current.name)\", \"kernels\": \"\(ran.sorted().joined(separator: " "))\"}")
    case .makeCache: try MadeUpCaches.writeFeatures(to: try file(cache), images: rows)
    }
  }

  private func file(_ path: String?) throws -> String {
    guard let path else { throw ValidationError("give --cache FILE") }
    return path
  }

  /// - Parameter round: does the work once with that many threads and returns the items done.
  private func play(_ round: (_ threads: Int) throws -> Int) throws {
    let rounds = Rounds(limit: rounds, repeats: repeats)
    while rounds.begins() {
      let start = ContinuousClock.now
      var items = 0
      for _ in 0..<repeats { items += try round(threads) }
      rounds.ends(after: start.duration(to: .now), items: items)
    }
  }
}

import Diagnostics
import Synchronization
import TestSupport
import Training

/// Steps of the trainer that users run, on made-up caches: rows copied out of the maps and checked, loss, gradients, Adam.
///
/// What lies between two steps of an epoch is measured, what lies between two epochs (validation, saving) is not.
final class TrainingPath {
  private let folder: TemporaryFolder
  private let trainer: Trainer

  init(batch: Int, hidden: Int, captions: Int, threads: Int) throws {
    folder = try TemporaryFolder()
    var options = TrainingOptions(
      captions: folder.path + "/captions.h5", features: folder.path + "/features.h5", output: folder.path + "/captioner"
    )
    (options.batch, options.hidden, options.epochs) = (batch, hidden, 1 << 20)
    try MadeUpCaches.writeCaptions(to: options.captions, count: captions)
    try MadeUpCaches.writeFeatures(to: options.features, images: captions)
    trainer = try Trainer(options, threads: threads)
  }

  func run(_ rounds: Rounds) throws {
    do {
      _ = try trainer.run(restarts: true, progress: StepClock(rounds)) { _ in }
    } catch is Interrupted {}  // no round is left
  }
}

/// Takes the trainer's reports for the hands of a clock: it stands still while nobody asks for a round and between epochs.
private final class StepClock: ProgressReporter {
  private struct State {
    var lapStart = ContinuousClock.now
    var elapsed = Duration.zero
    var steps = 0
    var hasBegun = false
    var isOver = false
  }
  private let rounds: Rounds
  private let state = Mutex(State())

  init(_ rounds: Rounds) { self.rounds = rounds }

  /// An epoch begins.
  func begin(_ phase: String, total: Int, done: Int, unit: String) {
    state.withLock { state in
      if !state.hasBegun { (state.hasBegun, state.isOver) = (true, !rounds.begins()) }
      state.lapStart = .now
    }
  }

  /// A step is done.
  func advance(by count: Int) {
    state.withLock { state in
      state.elapsed += state.lapStart.duration(to: .now)
      state.steps += 1
      if state.steps == rounds.repeats {
        rounds.ends(after: state.elapsed, items: state.steps)
        (state.steps, state.elapsed) = (0, .zero)
        state.isOver = !rounds.begins()
      }
      state.lapStart = .now
    }
  }

  func note(_ line: String) {}
  var isCancelled: Bool { state.withLock { $0.isOver } }
}

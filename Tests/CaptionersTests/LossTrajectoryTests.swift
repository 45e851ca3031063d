import Captioners
import JSON
import Testing
import Training

@Suite struct LossTrajectoryTests {
  /// The same initial values and batches as PyTorch's: each of 20 losses within 1e-4 of its.
  @Test(arguments: [("adam_losses", nil), ("clipped_losses", 0.5)] as [(String, Double?)])
  func twentyAdamStepsEqualPyTorchs(name: String, clip: Double?) throws {
    let golden = try Golden()
    let captioner = golden.captioner()
    let expected = (golden.json[name]?.array ?? []).compactMap(\.double)
    try #require(expected.count == 20)
    var adam = Adam(captioner.parameters)
    for (step, theirs) in expected.enumerated() {
      let rows = (0..<golden.batch).map { (step * golden.batch + $0) % golden.lengths.count }
      let (loss, work) = try golden.gradients(captioner, rows: rows)
      let ours = loss / Double(golden.batch)
      #expect(abs(ours - theirs) < 1e-4 * theirs, "step \(step): \(ours), PyTorch \(theirs)")
      adam.step(captioner.parameters, gradients: work.gradients, learningRate: 1e-2, clip: clip, threads: 2)
    }
  }
}

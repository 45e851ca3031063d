import CaptionerGolden
import Captioners
import JSON
import Kernels
import Testing
import Training
import Weights

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

  /// Loss and parameters after three steps.
  @Test func bitsDoNotDependOnTheCPULevel() throws {
    let golden = try Golden()
    let found = try CPULevel.available.map { level in
      CPULevel.use(level)
      defer { CPULevel.use(nil) }
      let captioner = golden.captioner()
      var adam = Adam(captioner.parameters)
      var losses: [Double] = []
      for step in 0..<3 {
        let rows = (0..<golden.batch).map { (step * golden.batch + $0) % golden.lengths.count }
        let (loss, work) = try golden.gradients(captioner, rows: rows)
        losses.append(loss)
        adam.step(captioner.parameters, gradients: work.gradients, learningRate: 1e-2, clip: 0.5, threads: 1)
      }
      return (losses, captioner.parameters.tensors.map(\.values))
    }
    for other in found.dropFirst() { #expect(other.0 == found[0].0 && other.1 == found[0].1) }
  }
}

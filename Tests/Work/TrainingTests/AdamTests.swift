import Captioners
import Kernels
import Testing
import Training

/// Kingma & Ba 2015, algorithm 1, where it can be done by hand: under a gradient that stays g, the corrected moments are g and g²,
/// and each step is learning rate · g / (g + ε).
@Suite struct AdamTests {
  /// Where `steps` steps under the gradient `slope` lead from 0.
  private func walk(_ slope: Float, steps: Int, learningRate: Double, clip: Double? = nil) -> Float {
    let parameters = ParameterSet([("w", [1])])
    let gradients = parameters.gradients()
    gradients.matrix("w").fill(slope)
    var adam = Adam(parameters)
    for _ in 0..<steps {
      adam.step(parameters, gradients: gradients, learningRate: learningRate, clip: clip, threads: 1)
    }
    return parameters.matrix("w").values[0]
  }

  /// PyTorch's ε is 1e-8: it shows where gradients are as small.
  @Test(arguments: [(1e-8, 0.5), (1e-7, 10.0 / 11), (9e-8, 0.9), (1e-4, 1)] as [(Float, Double)])
  func epsilonIsPyTorchs(slope: Float, share: Double) {
    for steps in [1, 2, 10] {
      let expected = -0.25 * Double(steps) * share
      let found = Double(walk(slope, steps: steps, learningRate: 0.25))
      #expect(abs(found - expected) < 3e-4 * abs(expected), "\(steps) steps under \(slope): \(found), not \(expected)")
    }
  }

  /// A norm below the bound stays as it is; one above it becomes the bound.
  @Test func clippingOnlyMakesSmaller() {
    #expect(walk(1e-8, steps: 3, learningRate: 0.25, clip: 1) == walk(1e-8, steps: 3, learningRate: 0.25))
    let clipped = Double(walk(1, steps: 1, learningRate: 0.25, clip: 1e-8))
    // PyTorch adds 1e-6 to the norm.
    #expect(abs(clipped + 0.125) < 1e-4, "\(clipped)")
  }
}

import CKernels

/// Elementary functions with the same bits on every host, which the C library's don't promise.
package enum Elementary {
  /// The natural logarithm, to one unit in the last place.
  package static func log(_ x: Double) -> Double { captioneer_log(x) }

  /// e to the `x`, to one unit in the last place.
  package static func exp(_ x: Double) -> Double { captioneer_exp(x) }

  /// The cosine of `x` radians, at most 2^20, to one unit in the last place.
  package static func cos(_ x: Double) -> Double { captioneer_cos(x) }
}

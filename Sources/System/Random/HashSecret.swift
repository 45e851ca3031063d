/// Two numbers that nobody outside the process knows, for tables that find words and ids: no file can be made so that all its keys
/// fall into one place. Where a key is found depends on them, what is found never does, and no order may come from them.
///
/// A folded multiplication, as in foldhash and wyhash: both factors of the product depend on what is secret.
package struct HashSecret: Sendable {
  /// That of this process, from the system's randomness.
  package static let process: HashSecret = {
    var system = SystemRandomNumberGenerator()
    return HashSecret(start: system.next(), factor: system.next())
  }()

  /// Where the hash of a key begins.
  package let start: UInt64
  @usableFromInline let factor: UInt64

  package init(start: UInt64, factor: UInt64) {
    self.start = start
    // Odd, so that no bit of a key is lost.
    self.factor = factor | 1
  }

  /// `state` with the next eight bytes of a key: all bits of both show in all bits of the result, the highest included.
  @inlinable package func mix(_ state: UInt64, _ bytes: UInt64) -> UInt64 {
    let product = (state ^ bytes).multipliedFullWidth(by: factor)
    return product.high ^ product.low
  }
}

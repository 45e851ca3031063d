/// One file that a stage makes.
package struct StageOutput: Sendable {
  package var path: String
  /// Reads what the file says of its own making, throwing where it is damaged or of another kind; nil for kinds of files that
  /// don't say.
  package var record: (@Sendable (_ path: String) throws -> StageRecord)?
  /// Reads all of the file and throws where it is not as it was made; for files that can tell.
  package var verify: (@Sendable (_ path: String) throws -> Void)?

  package init(
    _ path: String, record: (@Sendable (_ path: String) throws -> StageRecord)? = nil,
    verify: (@Sendable (_ path: String) throws -> Void)? = nil
  ) {
    self.path = path
    self.record = record
    self.verify = verify
  }
}

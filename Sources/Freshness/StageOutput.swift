public import JSON

/// What made a file, as the file itself or its stamp says.
public struct StageRecord: Sendable, Equatable {
  public var stage: String
  public var codeVersion: Int
  public var configuration: JSONValue
  /// Name → digest of what was read.
  public var inputs: JSONValue
  /// The splits in their order; nil where there are none, or nobody says.
  public var splits: [String]?

  public init(
    stage: String, codeVersion: Int, configuration: JSONValue, inputs: JSONValue, splits: [String]? = nil
  ) {
    self.stage = stage
    self.codeVersion = codeVersion
    self.configuration = configuration
    self.inputs = inputs
    self.splits = splits
  }
}

/// One file that a stage makes.
public struct StageOutput: Sendable {
  public var path: String
  /// Reads what the file says of its own making, throwing where it is damaged or of another kind; nil for kinds of files that
  /// don't say.
  public var record: (@Sendable (_ path: String) throws -> StageRecord)?
  /// Reads all of the file and throws where it is not as it was made; for files that can tell.
  public var verify: (@Sendable (_ path: String) throws -> Void)?

  public init(
    _ path: String, record: (@Sendable (_ path: String) throws -> StageRecord)? = nil,
    verify: (@Sendable (_ path: String) throws -> Void)? = nil
  ) {
    self.path = path
    self.record = record
    self.verify = verify
  }
}

import Testing

/// The built executables, run as a user runs them, one at a time. The folders beside this one say what is tried.
@Suite(.serialized) struct BuiltStages {}

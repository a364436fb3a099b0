/// Where records come from: the running kernel, a recording, or a test.
public protocol RecordSource: AnyObject {
  /// Hands over the records that are there, in the order in which the kernel made them, waiting until there are any.
  /// - Parameter body: takes one record; what it throws ends the batch.
  /// - Returns: false when no further records can come.
  /// - Throws: `SinkError` from `body`, or the source's own error.
  func nextBatch(_ body: (Record) throws(SinkError) -> Void) throws -> Bool

  /// Is told that the rows cannot be written. A source that would lose what it holds stops making records and hands
  /// over, in batches as before, those that it has made, so that they are counted.
  /// - Returns: whether there is anything to be handed over.
  func stop() -> Bool

  /// Waits until `descriptor` can be written to or nobody reads its other end any more. A source whose records are lost
  /// when they are not read in time takes care of them meanwhile.
  /// - Parameter onLoss: is told what is lost all the same, since tracing began.
  func waitForReader(of descriptor: CInt, onLoss: (Losses) -> Void)
}

extension RecordSource {
  /// Nothing but waiting.
  public func waitForReader(of descriptor: CInt, onLoss: (Losses) -> Void) {
    DescriptorWait.untilWritable(descriptor)
  }

  /// Nothing: what was not read is still there.
  public func stop() -> Bool { false }
}

/// What a tracer has done.
public struct Statistics: Sendable, Equatable {
  /// Starts and ends that the source handed over.
  public var recordsRead: UInt64 = 0
  /// Those of them that another hook had told already, or that ended a connect which is not traced.
  public var recordsPassedOver: UInt64 = 0
  /// Connections that passed every stage and were handed over.
  public var rowsShown: UInt64 = 0
  /// Connections that a stage dropped.
  public var rowsFiltered: UInt64 = 0
  /// Connections that should have been shown, and a sink could not write.
  public var rowsUnwritten: UInt64 = 0
  /// Records that are missing in the recording.
  public var recordsUnwritten: UInt64 = 0
  /// Records that the kernel had no room for.
  public var lost = Losses()
  /// What could not be paired.
  public var unpaired = Pairer.Losses()
  /// Connects that have begun and not ended.
  public var stillOpen = 0
}

/// Names the process where the record does not: its main thread's name, read from `/proc` as the connect begins.
public final class CommEnricher: StartStage {
  public init() {}

  public func started(_ start: inout StartRecord) {
    guard start.comm.isEmpty, let pid = start.pid, let comm = ProcessFiles.comm(of: start.tid ?? pid) else {
      return
    }
    start.comm = comm
  }

  public func process(_ connection: inout Connection) -> Verdict { .pass }
}

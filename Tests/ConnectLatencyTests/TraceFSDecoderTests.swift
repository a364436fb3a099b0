import Testing

@testable import ConnectLatency

@Suite("Fields of tracefs events")
struct TraceFSDecoderTests {
  /// `sock:inet_sock_set_state` as Linux 6.18 wrote it, of a connect of 127.0.0.1:46164 to 127.0.0.1:1.
  private static let stateChange: [UInt8] =
    [0xef, 0x08, 0, 0, 0xdc, 0x7e, 0, 0] + [0x40, 0xa1, 0x1f, 0x8d, 0x81, 0x88, 0xff, 0xff]
    + [7, 0, 0, 0, 2, 0, 0, 0] + [0x54, 0xb4, 1, 0, 2, 0, 6, 0] + [127, 0, 0, 1, 127, 0, 0, 1]
    + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1]
    + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1]

  /// Where its format file says that they lie.
  private static let fields: [String: EventDecoder.Field] = [
    "common_pid": .init(offset: 4, size: 4), "skaddr": .init(offset: 8, size: 8),
    "oldstate": .init(offset: 16, size: 4), "newstate": .init(offset: 20, size: 4),
    "sport": .init(offset: 24, size: 2), "dport": .init(offset: 26, size: 2),
    "family": .init(offset: 28, size: 2), "saddr": .init(offset: 32, size: 4),
    "daddr": .init(offset: 36, size: 4), "saddr_v6": .init(offset: 40, size: 16),
    "daddr_v6": .init(offset: 56, size: 16),
  ]

  private static let hook = TraceFSHook(kind: .stateChanged, system: "sock", event: "inet_sock_set_state")

  @Test("Of a tracepoint's event")
  func stateChange() {
    let event = Self.stateChange.withUnsafeBytes {
      EventDecoder(Self.hook) { Self.fields[$0] }.decode($0, time: 5)
    }
    #expect((event.time, event.tid, event.sock) == (5, 32476, 0xffff_8881_8d1f_a140))
    #expect((event.oldState, event.newState) == (7, 2))
    #expect((event.sport, event.dport) == (46164, 1))
    #expect((event.source, event.destination) == (IPAddress("127.0.0.1"), IPAddress("127.0.0.1")))
  }

  @Test("An event that is cut off has zeros for what is missing", arguments: [0, 7, 25, 30, 60])
  func cut(length: Int) {
    let event = Self.stateChange.prefix(length).withUnsafeBytes {
      EventDecoder(Self.hook) { Self.fields[$0] }.decode($0, time: 5)
    }
    #expect(event.daddrV6 == (0, 0))
  }

  @Test("A kprobe's ports are in network byte order, its name is where the event says")
  func kprobe() {
    let fields: [String: EventDecoder.Field] = [
      "dport": .init(offset: 0, size: 2), "comm": .init(offset: 4, size: 4, isDynamic: true),
    ]
    let hook = TraceFSHook(
      kind: .connectV4, system: "t", event: "v4", probe: .init(place: .entry(of: "f"), fields: ""))
    let bytes: [UInt8] = [0, 80, 0, 0, 8, 0, 5, 0] + Array("wget\0".utf8)
    let event = bytes.withUnsafeBytes { EventDecoder(hook) { fields[$0] }.decode($0, time: 5) }
    #expect(event.dport == 80)
    #expect(event.comm == Comm("wget".utf8))
  }
}

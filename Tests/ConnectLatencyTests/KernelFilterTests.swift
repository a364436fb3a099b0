import CConnectRecord
import Testing

@testable import ConnectLatency

@Suite("What the hooks leave out")
struct KernelFilterTests {
  private static func list<Tuple, Element: BitwiseCopyable>(_ tuple: Tuple, of type: Element.Type)
    -> [Element]
  {
    withUnsafeBytes(of: tuple) { Array($0.bindMemory(to: Element.self)) }
  }

  @Test("Without a filter every list is empty")
  func empty() {
    let settings = KernelFilter().settings
    #expect(withUnsafeBytes(of: settings) { $0.allSatisfy { $0 == 0 } })
  }

  @Test("Lists are filled in their order, with zeros behind", arguments: [1, 2, 15, 16])
  func filled(count: UInt32) {
    var filter = KernelFilter()
    let numbers = Array(1...count)
    filter.pids = numbers
    filter.uids = numbers.map { $0 - 1 }
    filter.netns = numbers.map { $0 + 4_026_531_840 }
    filter.ports = numbers.map { UInt16($0)...UInt16($0 * 100) }
    let settings = filter.settings
    let zeros = [UInt32](repeating: 0, count: Int(SETTINGS_LIST) - Int(count))
    #expect(Self.list(settings.pids, of: UInt32.self) == filter.pids + zeros)
    #expect(Self.list(settings.uids, of: UInt32.self) == filter.uids + zeros)
    #expect(Self.list(settings.netns, of: UInt32.self) == filter.netns + zeros)
    let ports = Self.list(settings.ports, of: port_range.self)
    #expect(ports.prefix(Int(count)).map { $0.first...max($0.first, $0.last) } == filter.ports)
    #expect(ports.dropFirst(Int(count)).allSatisfy { $0.first == 0 && $0.last == 0 })
    #expect(
      [settings.pid_count, settings.uid_count, settings.netns_count, settings.port_count]
        == [UInt32](repeating: count, count: 4))
  }

  @Test("A list that is too long is left to the stages, the others are not")
  func tooLong() {
    var filter = KernelFilter()
    filter.pids = Array(1...17)
    filter.ports = (1...17).map { $0...$0 }
    filter.uids = [7]
    let settings = filter.settings
    #expect(settings.pid_count == 0 && settings.port_count == 0)
    #expect(settings.uid_count == 1 && settings.uids.0 == 7)
  }

  @Test(
    "The IP version is a number for the kernel",
    arguments: [(true, 4), (false, 6), (nil, 0)] as [(Bool?, UInt32)])
  func version(isIPv4: Bool?, expected: UInt32) {
    var filter = KernelFilter()
    filter.isIPv4 = isIPv4
    #expect(filter.settings.ip == expected)
  }
}

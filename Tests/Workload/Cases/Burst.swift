/// Many connects at once, over loopback.
let burstCases: [Case] = [
  Case("burst") { scene in
    let threads = 4
    try scene.concurrently(threads) { number in
      let target = try scene.listeningLoopback(number % 2 == 0 ? .v4 : .v6)
      for _ in 0..<(scene.burst / threads) {
        try scene.blocking(target).ends(as: .established)
      }
    }
  }
]

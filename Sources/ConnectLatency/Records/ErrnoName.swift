/// The names of the errnos that a connect can end with, as `errno(3)` spells them.
enum ErrnoName {
  /// The name of `number`; nil for one that is not in the table.
  static func name(of number: UInt16) -> StaticString? {
    number < UInt16(table.count) ? table[Int(number)] : nil
  }

  private static let table: [StaticString?] = {
    var table = [StaticString?](repeating: nil, count: 134)
    for (number, name) in names { table[number] = name }
    return table
  }()

  // include/uapi/asm-generic/errno.h: the same numbers on x86-64 and arm64.
  private static let names: [(Int, StaticString)] = [
    (1, "EPERM"), (2, "ENOENT"), (3, "ESRCH"), (4, "EINTR"), (5, "EIO"), (6, "ENXIO"), (9, "EBADF"),
    (11, "EAGAIN"), (12, "ENOMEM"), (13, "EACCES"), (14, "EFAULT"), (16, "EBUSY"), (19, "ENODEV"),
    (22, "EINVAL"), (23, "ENFILE"), (24, "EMFILE"), (28, "ENOSPC"), (32, "EPIPE"), (33, "EDOM"),
    (34, "ERANGE"), (38, "ENOSYS"), (61, "ENODATA"), (62, "ETIME"), (64, "ENONET"), (71, "EPROTO"),
    (74, "EBADMSG"), (75, "EOVERFLOW"), (88, "ENOTSOCK"), (89, "EDESTADDRREQ"), (90, "EMSGSIZE"),
    (91, "EPROTOTYPE"), (92, "ENOPROTOOPT"), (93, "EPROTONOSUPPORT"), (94, "ESOCKTNOSUPPORT"),
    (95, "EOPNOTSUPP"), (96, "EPFNOSUPPORT"), (97, "EAFNOSUPPORT"), (98, "EADDRINUSE"),
    (99, "EADDRNOTAVAIL"), (100, "ENETDOWN"), (101, "ENETUNREACH"), (102, "ENETRESET"),
    (103, "ECONNABORTED"), (104, "ECONNRESET"), (105, "ENOBUFS"), (106, "EISCONN"), (107, "ENOTCONN"),
    (108, "ESHUTDOWN"), (110, "ETIMEDOUT"), (111, "ECONNREFUSED"), (112, "EHOSTDOWN"),
    (113, "EHOSTUNREACH"), (114, "EALREADY"), (115, "EINPROGRESS"), (125, "ECANCELED"), (126, "ENOKEY"),
    (127, "EKEYEXPIRED"), (128, "EKEYREVOKED"), (129, "EKEYREJECTED"),
  ]
}

extension Connection {
  /// The name of `error`, as `ECONNREFUSED`; nil when there is none.
  public var errorName: String? {
    error == 0 ? nil : ErrnoName.name(of: error)?.description ?? "errno \(error)"
  }
}

#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

/* System calls and flags that glibc declares only with _GNU_SOURCE, which Swift's own view of glibc does without. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Opens the cgroup v2 directory whose id (its inode number, what bpf_get_current_cgroup_id() returns) is given:
 * kernfs encodes a file handle as the 64-bit id alone, with type FILEID_KERNFS. The descriptor is an O_PATH one.
 * Returns -1 and sets errno.
 */
static inline int clinux_open_cgroup(int mount, uint64_t id) {
  struct {
    uint32_t handle_bytes;
    int32_t handle_type;
    unsigned char handle[sizeof(uint64_t)];
  } file = {.handle_bytes = sizeof(id), .handle_type = 0xfe};
  const int o_path = 010000000, o_cloexec = 02000000;

  memcpy(file.handle, &id, sizeof(id));
  return (int)syscall(SYS_open_by_handle_at, mount, &file, o_path | o_cloexec);
}

/*
 * Opens what lies at path below the directory root, without waiting. Links are followed as if root were /, so that
 * an absolute one in a host's file system that is mounted elsewhere stays in there; magic links of /proc are not
 * followed. Where the kernel has no openat2() or forbids it (before 5.6, some sandboxes), a path whose last part is a
 * link is not opened. Returns -1 and sets errno.
 */
static inline int clinux_open_below(int root, const char *path, int is_directory) {
  struct {
    uint64_t flags, mode, resolve;
  } how = {.resolve = 0x02 | 0x10 /* RESOLVE_NO_MAGICLINKS, RESOLVE_IN_ROOT */};
  const int openat2 = 437;
  int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | (is_directory ? O_DIRECTORY : 0), file;

  how.flags = (uint64_t)flags;
  file = (int)syscall(openat2, root, path, &how, sizeof(how));
  if (file >= 0 || (errno != ENOSYS && errno != EPERM))
    return file;
  return openat(root, path, flags | O_NOFOLLOW);
}

/*
 * Empties the bounding set, which takes CAP_SETPCAP, and has the permitted capabilities outlive a change from root to
 * another user.
 */
static inline int clinux_prepare_capabilities(void) {
  for (int i = 0; i < 64; i++)
    prctl(PR_CAPBSET_DROP, i, 0, 0, 0); /* the kernel refuses those that it does not know */
  return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
}

/*
 * Leaves this thread those of its permitted capabilities that are in kept, as effective ones, and no way to more:
 * none is inherited or in the ambient set, and a program that is executed gains nothing. Returns -1 and sets errno.
 */
static inline int clinux_limit_capabilities(uint64_t kept) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  int i;

  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_capget, &header, data))
    return -1;
  for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
    data[i].permitted &= (uint32_t)(kept >> (32 * i));
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  return (int)syscall(SYS_capset, &header, data);
}

/*
 * Unmaps the pages of the program's code and constants. They are the file's, so that a page comes back when it is next
 * touched; nothing of them is ever written to, as relocations lie behind them.
 */
static inline void clinux_release_code(void) {
  extern const char __executable_start[], etext[];
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t begin = (uintptr_t)__executable_start & ~(page - 1), end = (uintptr_t)etext & ~(page - 1);

  madvise((void *)begin, end - begin, 4 /* MADV_DONTNEED */);
}

#endif

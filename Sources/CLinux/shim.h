#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

/* System calls that glibc declares only with _GNU_SOURCE, which Swift's own view of glibc does without. */
#include <stdint.h>
#include <string.h>
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

#endif

#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

/* What Swift's Glibc module leaves out: GNU extensions of fcntl.h, and macros it cannot import. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/*
 * Opens the cgroup v2 directory whose id (its inode number, what bpf_get_current_cgroup_id() returns) is given:
 * kernfs encodes a file handle as the 64-bit id alone, with type FILEID_KERNFS. Returns -1 and sets errno.
 */
static inline int clinux_open_cgroup(int mount, uint64_t id) {
  union {
    struct file_handle handle;
    char bytes[sizeof(struct file_handle) + sizeof(id)];
  } file;
  file.handle.handle_bytes = sizeof(id);
  file.handle.handle_type = 0xfe;
  memcpy(file.handle.f_handle, &id, sizeof(id));
  return open_by_handle_at(mount, &file.handle, O_PATH | O_CLOEXEC);
}

#endif

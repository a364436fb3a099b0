#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

/* No _GNU_SOURCE: it gives fd_set and others other members than Swift's Glibc module has, and clang refuses two. */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Opens the cgroup v2 directory whose id (its inode number, what bpf_get_current_cgroup_id() returns) is given:
 * kernfs encodes a file handle as the 64-bit id alone, with type FILEID_KERNFS. Returns -1 and sets errno.
 */
static inline int clinux_open_cgroup(int mount, uint64_t id) {
  /* struct file_handle */
  struct {
    unsigned int handle_bytes;
    int handle_type;
    unsigned char f_handle[sizeof(id)];
  } file = {.handle_bytes = sizeof(id), .handle_type = 0xfe};
  memcpy(file.f_handle, &id, sizeof(id));
  return (int)syscall(SYS_open_by_handle_at, mount, &file, __O_PATH | O_CLOEXEC);
}

#endif

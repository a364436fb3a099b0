#ifndef CLIBBPF_SHIM_H
#define CLIBBPF_SHIM_H

/* No _GNU_SOURCE: it gives fd_set and others other members than Swift's Glibc module has, and clang refuses two. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Swift imports neither va_list callbacks nor variadic functions: libbpf's messages arrive here as finished text. */
typedef void (*clibbpf_message)(int level, const char *text);

static inline clibbpf_message *clibbpf_receiver(void) {
  static clibbpf_message receiver;
  return &receiver;
}

static inline int clibbpf_print(enum libbpf_print_level level, const char *format, va_list arguments) {
  /* the hundreds of lines about relocations are worth their time to nobody */
  if (level == LIBBPF_DEBUG)
    return 0;
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *lines = length < 0 ? NULL : malloc((size_t)length + 1);
  if (!lines)
    return length;
  vsnprintf(lines, (size_t)length + 1, format, arguments);
  if (*clibbpf_receiver())
    (*clibbpf_receiver())((int)level, lines);
  free(lines);
  return length;
}

static inline void clibbpf_set_receiver(clibbpf_message receiver) {
  *clibbpf_receiver() = receiver;
  libbpf_set_print(receiver ? clibbpf_print : NULL);
}

#endif

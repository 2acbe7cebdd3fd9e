/* Preloaded before the C library; makes the nth system call of a kind fail, on files in a folder.

   The count of calls is in memory that forked processes share, so that their parent can read it.
   tests/helpers/commands.py compiles and uses this. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITE, SYNC, RENAME, CREATE, GROW, MKDIR };

static char below[4096];
static size_t below_length;
static long failing_call = -1, failing_nth, failing_number;
static volatile long *seen;

__attribute__((constructor)) static void begin(void) {
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

void w2v_fail(const char *folder, long call, long nth, long number) {
    below_length = strlen(folder);
    memcpy(below, folder, below_length + 1);
    failing_nth = nth;
    failing_number = number;
    failing_call = call;
    *seen = 0;
}

long w2v_seen(void) { return *seen; }

/* Whether this call is the one that fails. */
static int fails(int call, const char *path) {
    char absolute[8192];
    if (call != failing_call || path == NULL) return 0;
    if (path[0] != '/') { /* commands are given files of their own folder by relative names */
        if (getcwd(absolute, 4096) == NULL) return 0;
        snprintf(absolute + strlen(absolute), 4096, "/%s", path);
        path = absolute;
    }
    if (strncmp(path, below, below_length) != 0) return 0;
    if (++*seen != failing_nth) return 0;
    errno = (int)failing_number;
    return 1;
}

static int fails_at(int call, int descriptor) {
    char name[64], path[4096];
    ssize_t length;
    if (call != failing_call || descriptor < 3) return 0; /* standard streams have their own tests */
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    length = readlink(name, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(call, path);
}

#define NEXT(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

ssize_t write(int descriptor, const void *data, size_t size) {
    if (fails_at(WRITE, descriptor)) {
        if (failing_number != 0) return -1;
        size = (size + 1) / 2;
    }
    return NEXT(ssize_t, "write", int, const void *, size_t)(descriptor, data, size);
}

#define PWRITE_CALL(name)                                                              \
    ssize_t name(int descriptor, const void *data, size_t size, off_t at) {            \
        if (fails_at(WRITE, descriptor)) {                                             \
            if (failing_number != 0) return -1;                                        \
            size = (size + 1) / 2;                                                     \
        }                                                                              \
        return NEXT(ssize_t, #name, int, const void *, size_t, off_t)(descriptor, data, size, at); \
    }
PWRITE_CALL(pwrite)
PWRITE_CALL(pwrite64)

#define SYNC_CALL(name)                                   \
    int name(int descriptor) {                            \
        if (fails_at(SYNC, descriptor)) return -1;        \
        return NEXT(int, #name, int)(descriptor);         \
    }
SYNC_CALL(fsync)
SYNC_CALL(fdatasync)

int rename(const char *from, const char *to) {
    if (fails(RENAME, to)) return -1;
    return NEXT(int, "rename", const char *, const char *)(from, to);
}

int mkdir(const char *path, mode_t mode) {
    if (fails(MKDIR, path)) return -1;
    return NEXT(int, "mkdir", const char *, mode_t)(path, mode);
}

#define OPEN_CALL(name)                                                     \
    int name(const char *path, int flags, ...) {                            \
        mode_t mode = 0;                                                    \
        if (flags & (O_CREAT | O_TMPFILE)) {                                \
            va_list rest;                                                   \
            va_start(rest, flags);                                          \
            mode = va_arg(rest, mode_t);                                    \
            va_end(rest);                                                   \
        }                                                                   \
        if ((flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) && fails(CREATE, path)) \
            return -1;                                                      \
        return NEXT(int, #name, const char *, int, ...)(path, flags, mode); \
    }
OPEN_CALL(open)
OPEN_CALL(open64)

#define GROW_CALL(name)                                               \
    int name(int descriptor, off_t size) {                            \
        if (fails_at(GROW, descriptor)) return -1;                    \
        return NEXT(int, #name, int, off_t)(descriptor, size);        \
    }
GROW_CALL(ftruncate)
GROW_CALL(ftruncate64)

/* These return the error instead of setting errno. */
#define FALLOCATE_CALL(name)                                          \
    int name(int descriptor, off_t begin, off_t size) {               \
        if (fails_at(GROW, descriptor)) return (int)failing_number;   \
        return NEXT(int, #name, int, off_t, off_t)(descriptor, begin, size); \
    }
FALLOCATE_CALL(posix_fallocate)
FALLOCATE_CALL(posix_fallocate64)

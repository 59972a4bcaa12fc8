/* Strikes a process at its n-th call that changes a file below one folder.
 *
 * Loaded with LD_PRELOAD. One counter for the whole process, in a page that outlives it:
 *
 *   offset  0  u64  calls made so far
 *           8  u64  the call to strike, counted from 1; 0: only count
 *          16  u32  how: 1 before it, 2 after it, 3 in its middle, 4 after its first byte
 *          20  u32  what then: 0 the process is killed, 1 it is stopped where it is (SIGSTOP), for good: whoever
 *                   continues it finds it stopped again
 *          24  u32  1 once the strike has come
 *          32  224 bytes: the call that was struck and its path, as text
 *         256  u8 for each call: its kind (enum kind), from the first call on
 *
 * STRIKE_PAGE names the file of the page, STRIKE_BELOW the folder.
 * Only writes and what sets a length have a middle; any other call is struck before it instead.
 * Whoever calls after the strike waits for its end: nothing changes any more.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { WRITE = 1, SYNC, CREATE, RENAME, REMOVE, MKDIR, TRUNCATE, ALLOCATE, COPY };
enum how { BEFORE = 1, AFTER, HALF, BYTE };

#define KINDS 65280
#define PIECES 64

struct page {
    _Atomic uint64_t made;
    uint64_t strike;
    uint32_t how;
    uint32_t stops;
    _Atomic uint32_t struck;
    uint32_t unused;
    char what[224];
    uint8_t kinds[KINDS];
};

static struct page *page;
static const char *below;
static size_t below_length;

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("STRIKE_PAGE");
    below = getenv("STRIKE_BELOW");
    if (!name || !below) return;
    below_length = strlen(below);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) return;
    void *found = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (found != MAP_FAILED) page = found;
}

static int is_below(const char *path) {
    return strncmp(path, below, below_length) == 0 && (path[below_length] == '/' || path[below_length] == 0);
}

/* The path of an open file; nothing for what is no file below the folder. */
static int path_of(int fd, char *path, size_t size) {
    char link[48];
    if (!page) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, size - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path);
}

/* The path of a name in a directory. */
static int path_at(int at, const char *name, char *path, size_t size) {
    if (!page) return 0;
    if (name[0] == '/' || at == AT_FDCWD) {
        snprintf(path, size, "%s", name);
        return is_below(path);
    }
    char directory[2048];
    if (!path_of(at, directory, sizeof directory)) return 0;
    snprintf(path, size, "%s/%s", directory, name);
    return is_below(path);
}

static void end(void) {
    for (;;) kill(getpid(), page->stops ? SIGSTOP : SIGKILL);
}

/* Counts a call. Gives how it is struck, or 0. */
static uint32_t next(enum kind kind, const char *name, const char *path) {
    while (atomic_load(&page->struck)) pause();
    uint64_t number = atomic_fetch_add(&page->made, 1) + 1;
    if (number <= KINDS) page->kinds[number - 1] = (uint8_t)kind;
    if (number != page->strike) return 0;
    snprintf(page->what, sizeof page->what, "%s%s", name, path + below_length);
    atomic_store(&page->struck, 1);
    uint32_t how = page->how;
    int has_middle = kind == WRITE || kind == COPY || kind == TRUNCATE || kind == ALLOCATE;
    if (how == BEFORE || (how != AFTER && !has_middle)) {
        end();
        return BEFORE;
    }
    return how;
}

static uint64_t part(uint32_t how, uint64_t length) {
    return how == HALF ? length / 2 : how == BYTE && length > 1 ? 1 : length;
}

/* A call of a whole: it is made, and then comes the strike if it is to come after it. */
#define WHOLE(kind, name, path, known, call)                                                                          \
    do {                                                                                                              \
        uint32_t how = (known) ? next(kind, name, path) : 0;                                                          \
        long result = (call);                                                                                         \
        int problem = errno;                                                                                          \
        if (how > BEFORE) end();                                                                                      \
        errno = problem;                                                                                              \
        return (int)result;                                                                                           \
    } while (0)

/* A call of a length, of which a part may be made. `call` uses `length`. */
#define PARTLY(type, kind, name, path, known, length, call)                                                           \
    do {                                                                                                              \
        uint32_t how = (known) ? next(kind, name, path) : 0;                                                          \
        if (how > BEFORE) length = part(how, length);                                                                 \
        type result = (type)(call);                                                                                   \
        int problem = errno;                                                                                          \
        if (how > BEFORE) end();                                                                                      \
        errno = problem;                                                                                              \
        return result;                                                                                                \
    } while (0)

static int opened(int at, const char *name, int flags, mode_t mode) {
    char path[4096];
    int known = 0;
    if (flags & (O_CREAT | O_TRUNC)) {
        struct stat about;
        known = path_at(at, name, path, sizeof path);
        /* Opening what is there changes nothing. */
        if (known && !(flags & O_TRUNC) && fstatat(at, name, &about, 0) == 0) known = 0;
    }
    WHOLE(CREATE, "open ", path, known, syscall(SYS_openat, at, name, flags, mode));
}

#define MODE(flags, mode)                                                                                             \
    mode_t mode = 0;                                                                                                  \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                                          \
        va_list rest;                                                                                                 \
        va_start(rest, flags);                                                                                        \
        mode = va_arg(rest, mode_t);                                                                                  \
        va_end(rest);                                                                                                 \
    }

int open(const char *name, int flags, ...) { MODE(flags, mode) return opened(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags, mode) return opened(AT_FDCWD, name, flags, mode); }
int openat(int at, const char *name, int flags, ...) { MODE(flags, mode) return opened(at, name, flags, mode); }
int openat64(int at, const char *name, int flags, ...) { MODE(flags, mode) return opened(at, name, flags, mode); }
int creat(const char *name, mode_t mode) { return opened(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }

ssize_t write(int fd, const void *bytes, size_t length) {
    char path[4096];
    int known = path_of(fd, path, sizeof path);
    PARTLY(ssize_t, WRITE, "write ", path, known, length, syscall(SYS_write, fd, bytes, length));
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    char path[4096];
    int known = path_of(fd, path, sizeof path);
    PARTLY(ssize_t, WRITE, "write ", path, known, length, syscall(SYS_pwrite64, fd, bytes, length, offset));
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return pwrite64(fd, bytes, length, offset); }

/* Writes of several pieces: where only a part is made, the pieces are cut. */
static ssize_t pieces(int fd, const struct iovec *from, int count, off64_t offset, int placed) {
    char path[4096];
    struct iovec cut[PIECES];
    size_t length = 0;
    int known = path_of(fd, path, sizeof path) && count <= PIECES;
    for (int i = 0; i < count; i++) length += from[i].iov_len;
    uint32_t how = known ? next(WRITE, "write ", path) : 0;
    if (how > BEFORE) {
        size_t rest = part(how, length);
        for (int i = 0; i < count; i++) {
            cut[i] = from[i];
            if (cut[i].iov_len > rest) cut[i].iov_len = rest;
            rest -= cut[i].iov_len;
        }
        from = cut;
    }
    ssize_t result = placed ? syscall(SYS_pwritev, fd, from, count, (unsigned long)offset, (unsigned long)(offset >> 32))
                            : syscall(SYS_writev, fd, from, count);
    int problem = errno;
    if (how > BEFORE) end();
    errno = problem;
    return result;
}

ssize_t writev(int fd, const struct iovec *from, int count) { return pieces(fd, from, count, 0, 0); }
ssize_t pwritev(int fd, const struct iovec *from, int count, off_t offset) { return pieces(fd, from, count, offset, 1); }
ssize_t pwritev64(int fd, const struct iovec *from, int count, off64_t offset) {
    return pieces(fd, from, count, offset, 1);
}

ssize_t copy_file_range(int from, off64_t *at, int to, off64_t *place, size_t length, unsigned flags) {
    char path[4096];
    int known = path_of(to, path, sizeof path);
    PARTLY(ssize_t, COPY, "copy ", path, known, length,
           syscall(SYS_copy_file_range, from, at, to, place, length, flags));
}

ssize_t sendfile64(int to, int from, off64_t *at, size_t length) {
    char path[4096];
    int known = path_of(to, path, sizeof path);
    PARTLY(ssize_t, COPY, "copy ", path, known, length, syscall(SYS_sendfile, to, from, at, length));
}

ssize_t sendfile(int to, int from, off_t *at, size_t length) { return sendfile64(to, from, at, length); }

int fsync(int fd) {
    char path[4096];
    WHOLE(SYNC, "fsync ", path, path_of(fd, path, sizeof path), syscall(SYS_fsync, fd));
}

int fdatasync(int fd) {
    char path[4096];
    WHOLE(SYNC, "fdatasync ", path, path_of(fd, path, sizeof path), syscall(SYS_fdatasync, fd));
}

int sync_file_range(int fd, off64_t offset, off64_t length, unsigned flags) {
    char path[4096];
    WHOLE(SYNC, "sync_file_range ", path, path_of(fd, path, sizeof path),
          syscall(SYS_sync_file_range, fd, offset, length, flags));
}

int ftruncate64(int fd, off64_t length) {
    char path[4096];
    int known = path_of(fd, path, sizeof path);
    PARTLY(int, TRUNCATE, "ftruncate ", path, known, length, syscall(SYS_ftruncate, fd, length));
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    char path[4096];
    int known = path_of(fd, path, sizeof path);
    PARTLY(int, ALLOCATE, "fallocate ", path, known, length, syscall(SYS_fallocate, fd, mode, offset, length));
}

int fallocate(int fd, int mode, off_t offset, off_t length) { return fallocate64(fd, mode, offset, length); }

int posix_fallocate64(int fd, off64_t offset, off64_t length) {
    return fallocate64(fd, 0, offset, length) == 0 ? 0 : errno;
}

int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    char path[4096];
    int known = path_at(to_at, to, path, sizeof path);
    WHOLE(RENAME, "rename ", path, known, syscall(SYS_renameat2, from_at, from, to_at, to, flags));
}

int renameat(int from_at, const char *from, int to_at, const char *to) {
    return renameat2(from_at, from, to_at, to, 0);
}

int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int at, const char *name, int flags) {
    char path[4096];
    WHOLE(REMOVE, "unlink ", path, path_at(at, name, path, sizeof path), syscall(SYS_unlinkat, at, name, flags));
}

int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

int mkdirat(int at, const char *name, mode_t mode) {
    char path[4096];
    WHOLE(MKDIR, "mkdir ", path, path_at(at, name, path, sizeof path), syscall(SYS_mkdirat, at, name, mode));
}

int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

// Preloaded, it moves the wall clock of a process by the seconds that the file $CLOCK_OFFSET holds. Time that only
// passes (CLOCK_MONOTONIC) stays as it is.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(clock, now);
    const char *file = getenv("CLOCK_OFFSET");
    if (done || clock != CLOCK_REALTIME || !file) return done;
    char text[32] = {0};
    int open_file = open(file, O_RDONLY | O_CLOEXEC);
    if (open_file < 0) return done;
    ssize_t length = read(open_file, text, sizeof text - 1);
    close(open_file);
    if (length > 0) now->tv_sec += atoll(text);
    return done;
}

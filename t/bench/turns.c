/* Preloaded into nginx: how much CPU each turn of its event loop takes, from the return of epoll_wait() to its next call.
 *
 * Every process writes what it has counted to a file of its own, FOLDER/PID with FOLDER from TABLEGATE_BENCH_TURNS: three
 * numbers of 64 bits, the turns, those above 2 ms, and nanoseconds of the longest. t/bench/turns.py reads and clears them. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_NS = 2000000 };

struct counts
{
    volatile uint64_t turns, above, longest;
};

static struct counts *counts;
static char folder[2048]; /* nginx gives its workers no environment */
static pid_t owner;
static uint64_t begun;

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

__attribute__((constructor)) static void keep_folder(void)
{
    const char *const name = getenv("TABLEGATE_BENCH_TURNS");
    if (name != NULL) snprintf(folder, sizeof folder, "%s", name);
}

static void open_counts(void)
{
    char path[4096];
    owner = getpid();
    counts = NULL;
    begun = 0;
    if (folder[0] == 0) return;
    snprintf(path, sizeof path, "%s/%d", folder, (int)owner);
    const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return;
    if (ftruncate(file, sizeof *counts) == 0) {
        void *const memory = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (memory != MAP_FAILED) counts = memory;
    }
    close(file);
}

int epoll_wait(int set, struct epoll_event *events, int most, int timeout)
{
    if (owner != getpid()) open_counts();
    if (counts != NULL && begun != 0) {
        const uint64_t took = cpu_ns() - begun;
        counts->turns++;
        if (took > LIMIT_NS) counts->above++;
        if (took > counts->longest) counts->longest = took;
    }
    const int found = (int)syscall(SYS_epoll_pwait, set, events, most, timeout, NULL, 8);
    if (counts != NULL) begun = cpu_ns();
    return found;
}

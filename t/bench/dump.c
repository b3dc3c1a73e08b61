/* Preloaded into an nginx that runs under callgrind: each SIGPROF writes a file with the counts since the one before.
 *
 * So t/bench/instructions.py says where a measurement begins and ends. nginx itself does not use this signal.
 * callgrind_control could do the same, but it requires ptrace, which containers may forbid. */
#include <signal.h>
#include <valgrind/callgrind.h>

static void on_signal(int number)
{
    (void)number;
    CALLGRIND_DUMP_STATS;
}

__attribute__((constructor)) static void install(void)
{
    signal(SIGPROF, on_signal);
}

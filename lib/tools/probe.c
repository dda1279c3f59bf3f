/*
 * probe.c - asks the kernel whether it gives this process an io_uring
 *
 * Run: build/lib/probe; status 0 when it does
 */
#include "error.h"

#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <unistd.h>

int
main(void)
{
    struct io_uring_params params = {0};

    check((int)syscall(SYS_io_uring_setup, 4, &params), "io_uring_setup");
    return 0;
}

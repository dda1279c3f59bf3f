#include "signals.h"

#include "error.h"

#include <sys/signalfd.h>
#include <unistd.h>

int
open_signalfd(const sigset_t *wanted)
{
    check(sigprocmask(SIG_BLOCK, wanted, NULL), "sigprocmask"); /* else they act as usual */
    return check(signalfd(-1, wanted, SFD_NONBLOCK | SFD_CLOEXEC), "signalfd");
}

int
next_from_signalfd(int fd)
{
    struct signalfd_siginfo info; /* says more than the number: who has sent it, for one */

    return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

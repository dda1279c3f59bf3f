/*
 * children.h - the processes that a server has forked: counted, reaped, and told to stop
 *
 * For servers that wait for clients, not for children: a child that ends is reaped at once,
 * by a handler of SIGCHLD. With SIGCHLD ignored the kernel would do that too, but then the
 * CPU time of the children is added to nobody's, and a server looks as if it cost nothing.
 * Chapter 11 opens it.
 */
#pragma once

#include <sys/types.h>

/* From now on children are reaped when they end; a blocked call may say EINTR. See waitpid(2). */
void reap_children(void);

/*
 * Like fork(2); the child is remembered until it has been reaped. In the child nothing is
 * remembered. -1: the system has no more processes to give; errno says why.
 */
pid_t fork_child(void);

/* Sends SIGTERM to all children and waits until the last has ended. */
void stop_children(void);

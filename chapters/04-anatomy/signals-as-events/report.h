/*
 * report.h - how many events there were, told by the program or by a child of its own
 */
#pragma once

struct counts {
    long io, signals, timers;
};

/* A line on stderr; `who` tells. */
void report(const char *who, const struct counts *events);

/* By a child, so that nobody has to wait for it. Here a line; elsewhere a copy of all the data. */
void report_in_a_child(const struct counts *events);

/* Takes leave of all children that have ended: for several there may be one SIGCHLD. */
void reap(void);

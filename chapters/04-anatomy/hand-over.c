/*
 * hand-over.c - two threads wait for things; each thing is for one of them
 *
 * Shows:  a condition variable: to sleep until something may have changed. Whoever wakes up has
 *         to look again, as another may have been faster: `while`, never `if`.
 * Run:    build/04-anatomy/hand-over
 * Watch:  one thing comes, both wake up, one of them goes back to sleep.
 * Breaks: bad-if-instead-of-while.c
 * Book:   04-anatomy, "To wait for a condition"
 */
#include "args.h"
#include "error.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

enum { TAKERS = 2 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  /* guards everything below */
static pthread_cond_t come = PTHREAD_COND_INITIALIZER;    /* there is a thing */
static pthread_cond_t settled = PTHREAD_COND_INITIALIZER; /* `asleep` or `served` has changed */
static int things, fewest;
static int asleep, served; /* of the takers */

static void *
take(void *name)
{
    pthread_mutex_lock(&lock);
    while (things == 0) {
        printf("%s: nothing there; sleeps\n", (char *)name);
        asleep++;
        pthread_cond_signal(&settled);
        pthread_cond_wait(&come, &lock); /* sleeps without the lock, and wakes up with it */
    }
    things--;
    printf("%s: takes one; %d left\n", (char *)name, things);
    if (things < fewest)
        fewest = things;
    served++;
    pthread_cond_signal(&settled);
    pthread_mutex_unlock(&lock);
    return name;
}

static void
give(void)
{
    pthread_mutex_lock(&lock);
    while (asleep + served < TAKERS) /* until nobody is on the way */
        pthread_cond_wait(&settled, &lock);
    things++;
    printf("main: one thing has come; %d wake up\n", asleep);
    asleep = 0;
    pthread_cond_broadcast(&come);
    pthread_mutex_unlock(&lock);
}

int
main(int argc, char **argv)
{
    char *names[TAKERS] = {"A", "B"};
    pthread_t takers[TAKERS];

    parse_args(argc, argv, NULL, "");
    for (int i = 0; i < TAKERS; i++) {
        errno = pthread_create(&takers[i], NULL, take, names[i]);
        if (errno)
            fail("pthread_create", NULL);
    }
    give();
    give();
    for (int i = 0; i < TAKERS; i++)
        pthread_join(takers[i], NULL);
    printf("2 things came, %d were taken; there were never fewer than %d\n", served, fewest);
    return fewest < 0;
}

/*
 * lost-wake-up.c - pieces of work for threads that sleep until there are some
 *
 * The second way: a condition variable for each thing that somebody sleeps for. Then each
 * wake-up goes to somebody who can use it, and nobody wakes up in vain.
 *
 * Run:    make, then build/lost-wake-up worst-moment (gdb --args build/lost-wake-up worst-moment)
 * Test:   make test
 * Book:   04-anatomy, "A wake-up that is lost"
 */
#include <pthread.h>

void bring_work(int pieces);
void take_work(void);
void finish_work(void);
void wait_for_all(void);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards both numbers */
static pthread_cond_t come = PTHREAD_COND_INITIALIZER;   /* `there` has grown */
static pthread_cond_t all_done = PTHREAD_COND_INITIALIZER;
static int there; /* pieces that nobody has taken yet */
static int begun; /* taken, and not yet finished */

/* Work has come: `pieces` more pieces. */
void
bring_work(int pieces)
{
    pthread_mutex_lock(&lock);
    there += pieces;
    pthread_mutex_unlock(&lock);
    while (pieces-- > 0)
        pthread_cond_signal(&come); /* without the lock: whoever looks from now on sees the work */
}

/* Takes one of them; sleeps as long as there is none. */
void
take_work(void)
{
    pthread_mutex_lock(&lock);
    while (there == 0)
        pthread_cond_wait(&come, &lock);
    there--;
    begun++;
    pthread_mutex_unlock(&lock);
}

/* The piece that this thread has taken is done. */
void
finish_work(void)
{
    pthread_mutex_lock(&lock);
    if (--begun == 0 && there == 0)
        pthread_cond_broadcast(&all_done);
    pthread_mutex_unlock(&lock);
}

/* Sleeps until every piece that has come is done. */
void
wait_for_all(void)
{
    pthread_mutex_lock(&lock);
    while (there > 0 || begun > 0)
        pthread_cond_wait(&all_done, &lock);
    pthread_mutex_unlock(&lock);
}

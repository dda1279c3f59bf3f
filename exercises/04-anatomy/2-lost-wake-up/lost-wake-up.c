/*
 * lost-wake-up.c - pieces of work for threads that sleep until there are some
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

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  /* guards both numbers */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER; /* one of them has */
static int there;                                         /* pieces that nobody has taken yet */
static int begun;                                         /* taken, and not yet finished */

/* Adds to both, and wakes up whoever was waiting for that. Never waits for long. */
static void
change(int more_there, int more_begun)
{
    /* TODO: somebody may be between looking and sleeping. And who is it that has to wake up? */
    there += more_there;
    begun += more_begun;
    pthread_cond_signal(&changed);
}

/* Work has come: `pieces` more pieces. */
void
bring_work(int pieces)
{
    change(pieces, 0);
}

/* Takes one of them; sleeps as long as there is none. */
void
take_work(void)
{
    pthread_mutex_lock(&lock);
    while (there == 0)
        pthread_cond_wait(&changed, &lock);
    there--;
    begun++;
    pthread_mutex_unlock(&lock);
}

/* The piece that this thread has taken is done. */
void
finish_work(void)
{
    change(0, -1);
}

/* Sleeps until every piece that has come is done. */
void
wait_for_all(void)
{
    pthread_mutex_lock(&lock);
    while (there > 0 || begun > 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

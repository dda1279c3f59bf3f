/*
 * webbench - the classic load generator: a process for each client
 *
 * Shows:  the tool that so many figures on the web come from, with the options and the report of
 *         Web Bench 1.5 (Radim Kolar, 1997-2004), and without its hangs. Like that it calls
 *         every answer a success, also a 404: who reads two lines of the report can be deceived.
 *         The third line is ours: what the answers were. Status 0 only if all were whole pages.
 * Run:    build/10-webbench/webbench -c 10 -t 5 http://127.0.0.1:8000/
 * Watch:  against build/10-webbench/liar-404: "0 failed". Then with -2.
 * Cannot: keep a connection, tell how long an answer took, or understand chunks; and it needs a
 *         process for each client. For all that there is load.
 * Read:   main.c, url.c and request.c (the bytes), clients.c (the processes), client.c, judge.c
 * Book:   10-webbench, "The classic, and what it cannot say"
 */
#include "clients.h"
#include "clock.h"
#include "error.h"
#include "net.h"
#include "options.h"
#include "report.h"
#include "request.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Put together beforehand, for a handler may not: see signal-safety(7). */
static char no_answer[400];

static void
on_no_answer(int signal)
{
    (void)signal;
    (void)write(STDERR_FILENO, no_answer, strlen(no_answer));
    _exit(1);
}

/* Looks the server up, and makes sure that there is one: the children need not try in vain. */
static void
find_server(struct plan *plan)
{
    struct sigaction action = {.sa_handler = on_no_answer};
    int fd;

    check(sigaction(SIGALRM, &action, NULL), "sigaction");
    snprintf(no_answer, sizeof no_answer, "webbench: no connection within %d s: %s:%s\n", PATIENCE,
             plan->host, plan->port);
    alarm(PATIENCE);
    fd = tcp_connect(plan->host, plan->port);
    alarm(0);
    plan->server_len = sizeof plan->server;
    check(getpeername(fd, (struct sockaddr *)&plan->server, &plan->server_len), "getpeername");
    close(fd);
}

static void
print_plan(const struct plan *plan)
{
    static const char *const version[] = {"0.9", "1.0", "1.1"};

    printf("Benchmarking: %s %s (using HTTP/%s)\n", plan->method, plan->url, version[plan->http]);
    printf("%d client%s, running %g sec%s%s%s%s.\n", plan->clients, plan->clients == 1 ? "" : "s",
           (double)plan->window / NS_PER_SECOND, plan->force ? ", early socket close" : "",
           plan->reload ? ", forcing reload" : "", plan->proxy ? ", via proxy server " : "",
           plan->proxy ? plan->proxy : "");
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    static struct plan plan = {
        .method = "GET", .http = HTTP_10, .clients = 1, .window = 30 * NS_PER_SECOND};
    struct tally tally = {0};
    int reported;

    parse_options(argc, argv, &plan);
    build_request(&plan);
    signal(SIGPIPE, SIG_IGN); /* a server that has gone is no reason to die */
    find_server(&plan);
    print_plan(&plan);
    reported = run_clients(&plan, &tally);
    if (reported == 0)
        return 3;
    print_report(&plan, &tally);
    if (reported < plan.clients)
        return 3;
    return is_good(&plan, &tally) ? 0 : 1;
}

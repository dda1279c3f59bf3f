/*
 * mine.c - echo, and the files of a directory, with nothing between it and the sockets
 *
 * Shows:  what lib/net.c, lib/http.c and lib/docroot.c do for the programs of the book.
 * Run:    build/mine -P http -d ../../book -p 8000
 * Book:   03-http, "A server you can read in one sitting"
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: mine [-p PORT] [-b ADDRESS] [-P echo|http] [-d DIRECTORY] [-h]\n";
enum { MOST_HEAD = 8192 };

static int listener;
static volatile sig_atomic_t peer = -1, stopping;

static _Noreturn void
give_up(const char *call, const char *address, const char *port)
{
    fprintf(stderr, "mine: %s: %s (%s): %s:%s\n", call, strerror(errno), strerrorname_np(errno),
            address, port);
    exit(1);
}

static void
start_listening(const char *address, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    int on = 1, error = getaddrinfo(address, port, &hints, &found);

    if (error) {
        fprintf(stderr, "mine: getaddrinfo: %s: %s:%s\n", gai_strerror(error), address, port);
        exit(1);
    }
    if ((listener = socket(found->ai_family, found->ai_socktype, 0)) == -1)
        give_up("socket", address, port);
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        give_up("setsockopt", address, port);
    if (bind(listener, found->ai_addr, found->ai_addrlen) == -1)
        give_up("bind", address, port);
    if (listen(listener, SOMAXCONN) == -1)
        give_up("listen", address, port);
    freeaddrinfo(found);
}

/* With -p 0 only the kernel knows the port. */
static void
announce(void)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    char host[64], port[8];

    if (getsockname(listener, (struct sockaddr *)&addr, &len) == -1 ||
        getnameinfo((struct sockaddr *)&addr, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        give_up("getsockname", "?", "?");
    printf(addr.ss_family == AF_INET6 ? "listening on [%s]:%s\n" : "listening on %s:%s\n", host,
           port);
    fflush(stdout);
}

/*
 * A flag that the main loop tests would be seen too late by an accept() or a read() that is
 * about to sleep. These two end at once when their socket is shut down, before or during the
 * call. A peer that does not read what it is owed is cut off a second later.
 */
static void
on_signal(int signal)
{
    int saved_errno = errno;

    stopping = 1;
    shutdown(listener, SHUT_RD);
    if (peer >= 0)
        shutdown(peer, signal == SIGALRM ? SHUT_RDWR : SHUT_RD);
    if (signal != SIGALRM)
        alarm(1);
    errno = saved_errno;
}

static void
handle(int signal)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */

    if (sigaction(signal, &action, NULL) == -1)
        give_up("sigaction", "", "");
}

static bool
write_whole(const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(peer, bytes, len);

        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            bytes += n, len -= (size_t)n;
    }
    return true;
}

static void
echo_until_end(void)
{
    char some[16384];
    ssize_t n;

    while ((n = read(peer, some, sizeof some)) != 0)
        if (n < 0 ? errno != EINTR : !write_whole(some, (size_t)n))
            return;
}

/* ---- HTTP: a request ---- */

static char root[PATH_MAX];
static char buf[MOST_HEAD], head[MOST_HEAD + 1]; /* what has come; the head taken from it */
static size_t len;                               /* how many bytes are in buf */

/* How a request is to be answered. */
struct request {
    char *method, *target;
    bool persists, has_host, old; /* old: HTTP/1.0 */
    size_t body;
};

/* Waits until there is at least one byte more. */
static bool
read_more(void)
{
    ssize_t n;

    while ((n = read(peer, buf + len, sizeof buf - len)) < 0 && errno == EINTR)
        ;
    if (n > 0)
        len += (size_t)n;
    return n > 0;
}

static void
forget(size_t done)
{
    len -= done;
    memmove(buf, buf + done, len);
}

/* 200: a head has come, and is a string in `head`; 0: none will come; else how to refuse it. */
static int
take_head(void)
{
    size_t end = 0;

    for (;; end++) {
        while (end == len) {
            if (len == sizeof buf)
                return 431;
            if (!read_more())
                return 0;
        }
        if (end >= 3 && memcmp(buf + end - 3, "\r\n\r\n", 4) == 0)
            break;
    }
    memcpy(head, buf, end + 1);
    head[end + 1] = '\0';
    forget(end + 1);
    return strlen(head) == end + 1 ? 200 : 400;
}

static int
take_field(char *line, struct request *request)
{
    size_t name = strcspn(line, ": \t");
    char *value = line + name + 1;

    if (name == 0 || line[name] != ':')
        return 400;
    value += strspn(value, " \t");
    for (char *end = value + strlen(value); end > value && (end[-1] == ' ' || end[-1] == '\t');)
        *--end = '\0';
    if (strncasecmp(line, "Host:", 5) == 0) {
        if (request->has_host)
            return 400;
        request->has_host = true;
    } else if (strncasecmp(line, "Connection:", 11) == 0) {
        if (strcasecmp(value, "close") == 0)
            request->persists = false;
    } else if (strncasecmp(line, "Transfer-Encoding:", 18) == 0) {
        return 501;
    } else if (strncasecmp(line, "Content-Length:", 15) == 0) {
        if (!*value || strlen(value) > 9 || strspn(value, "0123456789") != strlen(value))
            return 400;
        request->body = (size_t)atol(value);
    }
    return 200;
}

static int
understand_head(struct request *request)
{
    char *rest = head, *line, *version;
    int status;

    version = strsep(&rest, "\n");
    version[strcspn(version, "\r")] = '\0';
    request->method = strsep(&version, " ");
    request->target = strsep(&version, " ");
    if (!version || !request->target || strncmp(version, "HTTP/1.", 7) != 0 ||
        !isdigit((unsigned char)version[7]) || version[8])
        return 400;
    request->old = version[7] == '0';
    request->persists = !request->old;
    while ((line = strsep(&rest, "\n")) && *line != '\r') {
        line[strcspn(line, "\r")] = '\0';
        if ((status = take_field(line, request)) != 200)
            return status;
    }
    return request->old || request->has_host ? 200 : 400;
}

/* ---- HTTP: a file ---- */

/* Up to the query. False: a triplet that is none, or a zero. */
static bool
decode(const char *from, char *to)
{
    unsigned c;

    for (; *from && *from != '?'; from++, to++) {
        *to = *from;
        if (*from != '%')
            continue;
        if (!isxdigit((unsigned char)from[1]) || !isxdigit((unsigned char)from[2]) ||
            sscanf(from + 1, "%2x", &c) != 1 || c == 0)
            return false;
        *to = (char)c;
        from += 2;
    }
    *to = '\0';
    return true;
}

/*
 * The kernel says where the path really leads (realpath(3)), and that must be below the root. It
 * may have been changed between this look and open(): docroot.h of lib/ has no such gap.
 */
static int
open_target(const char *target, off_t *size)
{
    char path[PATH_MAX + MOST_HEAD + 16], real[PATH_MAX];
    size_t root_len = strcmp(root, "/") == 0 ? 0 : strlen(root);
    struct stat found;
    int file;

    if (strncasecmp(target, "http://", 7) == 0)
        target = strchrnul(target + 7, '/');
    snprintf(path, sizeof path, "%s/", root);
    if ((*target && *target != '/') || !decode(target, path + root_len + 1))
        return -400;
    if (path[strlen(path) - 1] == '/')
        strcat(path, "index.html");
    if (!realpath(path, real) || strncmp(real, root, root_len) != 0 || real[root_len] != '/')
        return -404;
    file = open(real, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    if (file >= 0 && fstat(file, &found) == 0 && S_ISREG(found.st_mode)) {
        *size = found.st_size;
        return file;
    }
    if (file >= 0)
        close(file);
    return -404;
}

static const char *
type_of(const char *target)
{
    static const char *const types[][2] = {{".html", "text/html"},
                                           {".css", "text/css"},
                                           {".txt", "text/plain"},
                                           {".png", "image/png"}};
    size_t length = strcspn(target, "?");

    if (length > 0 && target[length - 1] == '/')
        return types[0][1];
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t n = strlen(types[i][0]);

        if (length > n && strncasecmp(target + length - n, types[i][0], n) == 0)
            return types[i][1];
    }
    return "application/octet-stream";
}

/* ---- HTTP: an answer ---- */

static bool
send_head(const struct request *request, int status, const char *type, off_t size)
{
    char text[512];
    int n = snprintf(text, sizeof text,
                     "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %lld\r\n%s%s\r\n",
                     status, status == 200 ? "OK" : "No", type, (long long)size,
                     status == 405 ? "Allow: GET, HEAD\r\n" : "",
                     request->persists ? "" : "Connection: close\r\n");

    return write_whole(text, (size_t)n);
}

static bool
send_file(int file, off_t left)
{
    char some[65536];

    while (left > 0) {
        ssize_t n = read(file, some, left < (off_t)sizeof some ? (size_t)left : sizeof some);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || !write_whole(some, (size_t)n))
            return false;
        left -= n;
    }
    return true;
}

/* Returns whether the connection goes on. */
static bool
answer(const struct request *request, int status)
{
    bool only_head = request->method && strcmp(request->method, "HEAD") == 0;
    bool sent;
    off_t size;
    int file = -status;

    if (status == 200 && !only_head && strcmp(request->method, "GET") != 0)
        file = -405;
    else if (status == 200)
        file = open_target(request->target, &size);
    if (file < 0)
        return send_head(request, -file, "text/plain", 0) && request->persists;
    sent = send_head(request, 200, type_of(request->target), size) &&
           (only_head || send_file(file, size));
    close(file);
    return sent && request->persists;
}

static bool
skip(size_t body)
{
    while (body > 0) {
        size_t some = body < len ? body : len;

        forget(some);
        body -= some;
        if (body > 0 && !read_more())
            return false;
    }
    return true;
}

static void
serve_files(void)
{
    struct request request;
    int status;

    len = 0;
    do {
        memset(&request, 0, sizeof request);
        if ((status = take_head()) == 0)
            break;
        if (status == 200)
            status = understand_head(&request);
        if (status != 200 || !skip(request.body))
            request.persists = false;
    } while (answer(&request, status));
    shutdown(peer, SHUT_WR);
    for (int i = 0; i < 1000 && recv(peer, buf, sizeof buf, MSG_DONTWAIT) > 0; i++)
        ; /* bytes left unread at close() would reset the connection */
}

int
main(int argc, char **argv)
{
    const char *address = "127.0.0.1", *port = "8000", *protocol = "echo", *directory = ".";
    bool http;
    int option;

    while ((option = getopt(argc, argv, "p:b:P:d:h")) != -1) {
        if (option == 'p') {
            port = optarg;
        } else if (option == 'b') {
            address = optarg;
        } else if (option == 'P') {
            protocol = optarg;
        } else if (option == 'd') {
            directory = optarg;
        } else {
            fputs(usage, option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : 2;
        }
    }
    http = strcmp(protocol, "http") == 0;
    if (!http && strcmp(protocol, "echo") != 0) {
        fputs(usage, stderr);
        return 2;
    }
    if (http && !realpath(directory, root)) {
        fprintf(stderr, "mine: realpath: %s (%s): %s\n", strerror(errno), strerrorname_np(errno),
                directory);
        return 1;
    }
    start_listening(address, port);
    signal(SIGPIPE, SIG_IGN);
    handle(SIGTERM);
    handle(SIGINT);
    handle(SIGALRM);
    announce();

    while ((peer = accept(listener, NULL, NULL)) >= 0 || errno != EINVAL) {
        if (peer < 0)
            continue; /* a connection that failed before it was accepted, or a signal */
        if (stopping)
            shutdown(peer, SHUT_RD);
        if (http)
            serve_files();
        else
            echo_until_end();
        close(peer);
    }
    return 0;
}

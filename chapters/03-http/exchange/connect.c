#include "connect.h"

#include "error.h"
#include "net.h"
#include "show.h"

#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <unistd.h>

int
connect_to(const struct url *url)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    struct sockaddr_storage own;
    socklen_t len = sizeof own;
    char text[ADDRESS_TEXT];
    int error, fd = -1;

    tell("URL", "host %s, port %s, target %s%.*s", url->host, url->port, url->slash,
         (int)url->target_len, url->target);
    error = getaddrinfo(url->host, url->port, &hints, &found);
    if (error)
        errx(1, "getaddrinfo: %s: %s", gai_strerror(error), url->host);
    for (struct addrinfo *a = found; a; a = a->ai_next)
        tell("name look-up", "%s", address_text(a->ai_addr, a->ai_addrlen, text));
    for (struct addrinfo *a = found; a; a = a->ai_next) {
        fd = check(socket(a->ai_family, a->ai_socktype, 0), "socket");
        address_text(a->ai_addr, a->ai_addrlen, text);
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        tell("TCP connect", "%s: %s", text, errno_name(errno));
        if (!a->ai_next)
            fail("connect", text);
        close(fd);
    }
    freeaddrinfo(found);
    tell("TCP connect", "to %s", text);
    check(getsockname(fd, (struct sockaddr *)&own, &len), "getsockname");
    tell("", "from %s", address_text((struct sockaddr *)&own, len, text));
    return fd;
}

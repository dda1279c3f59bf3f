#include "logic.h"

#include "http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *
type_of(const struct request *request)
{
    const char *type = first_field(request, "Content-Type");

    return type ? type : "application/octet-stream";
}

static int
send_content(struct exchange *x, const char *type, const char *content, size_t len)
{
    send_body(x->peer, x->request, &x->response, type, content, len);
    return 0;
}

/* GET and HEAD, which send_body() tells apart. */
static int
get(struct exchange *x)
{
    static char list[MOST_RESOURCES * (3 * MOST_NAME + 2)];
    const struct resource *resource;
    char date[HTTP_DATE];
    size_t used = 0;

    if (*x->name && !x->resource)
        return 404;
    begin_response(&x->response, x->request, 200);
    if (*x->name) {
        add_line(&x->response, "Last-Modified: %s", http_date(x->resource->modified, date));
        return send_content(x, x->resource->type, x->resource->content, x->resource->len);
    }
    for (size_t i = 0; i < MOST_RESOURCES; i++)
        if ((resource = store_at(i)) && http_encode(resource->name, list + used, 3 * MOST_NAME)) {
            used += strlen(list + used);
            list[used++] = '\n';
        }
    return send_content(x, "text/plain", list, used);
}

/* 201: there is something new, and where. */
static int
send_created(struct exchange *x, const char *name)
{
    char place[3 * MOST_NAME];

    begin_response(&x->response, x->request, 201);
    if (http_encode(name, place, sizeof place))
        add_line(&x->response, "Location: %s", place);
    send_status(x->peer, x->request, &x->response);
    return 0;
}

static int
put(struct exchange *x)
{
    if (first_field(x->request, "Content-Range"))
        return 400; /* a part must not replace the whole: RFC 9110, section 14.5 */
    switch (store_put(x->name, type_of(x->request), x->body, x->len)) {
    case STORE_NEW:
        return send_created(x, x->name);
    case STORE_REPLACED:
        return 204;
    case STORE_CONFLICT:
        return 409;
    default:
        return 507;
    }
}

/* To the list: add this. The server decides what it is called. */
static int
post(struct exchange *x)
{
    const struct resource *added;

    if (store_add(type_of(x->request), x->body, x->len, &added) != STORE_NEW)
        return 507;
    return send_created(x, added->name);
}

static int delete (struct exchange *x)
{
    if (!x->resource)
        return 404;
    store_delete(x->name);
    return 204;
}

/* The request as it has come; but its secrets are not told to whoever may listen. */
static int
trace(struct exchange *x)
{
    static const char *const secrets[] = {"Authorization", "Proxy-Authorization", "Cookie"};
    const struct request *request = x->request;
    char echo[MOST_HEAD + 2 * MOST_FIELDS];
    size_t used;

    if (x->len > 0)
        return 400; /* TRACE has no body: RFC 9110, section 9.3.8 */
    used = (size_t)sprintf(echo, "%s %s HTTP/1.%d\r\n", request->method, request->target,
                           request->minor);
    for (size_t i = 0, secret; i < request->field_count; i++) {
        const struct field *field = &request->fields[i];

        for (secret = 0; secret < 3 && strcasecmp(field->name, secrets[secret]) != 0; secret++)
            ;
        if (secret == 3)
            used += (size_t)sprintf(echo + used, "%s: %s\r\n", field->name, field->value);
    }
    used += (size_t)sprintf(echo + used, "\r\n");
    begin_response(&x->response, request, 200);
    return send_content(x, "message/http", echo, used);
}

static int
options(struct exchange *x)
{
    (void)x; /* 204, and the Allow that answer() adds */
    return 204;
}

/* ---- all of them ---- */

/*                                       safe  idempotent body  list   resource */
const struct method methods[] = {
    {"GET", /*                        */ true, true, false, true, true, get},
    {"HEAD", /*                       */ true, true, false, true, true, get},
    {"POST", /*                       */ false, false, true, true, false, post},
    {"PUT", /*                        */ false, true, true, false, true, put},
    {"DELETE", /*                     */ false, true, false, false, true, delete},
    {"OPTIONS", /*                    */ true, true, false, true, true, options},
    {"TRACE", /*                      */ true, true, false, true, true, trace},
    {0},
};

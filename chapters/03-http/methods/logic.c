#include "logic.h"

#include "http.h"

#include <string.h>

static bool
is_allowed(const struct method *method, const struct exchange *x)
{
    if (strcmp(x->request->target, "*") == 0)
        return true; /* not of a resource: what the server can do */
    return *x->name ? method->on_resource : method->on_list;
}

static void
add_allow(struct exchange *x)
{
    char list[80] = "";

    for (const struct method *m = methods; m->name; m++)
        if (is_allowed(m, x)) {
            strcat(list, *list ? ", " : "");
            strcat(list, m->name);
        }
    add_line(&x->response, "Allow: %s", list);
}

/* Finds method and resource, and lets the one answer for the other. */
static int
status_of(struct exchange *x)
{
    const struct request *request = x->request;
    const struct method *method = methods;
    bool star = strcmp(request->target, "*") == 0;
    int status;

    while (method->name && strcmp(method->name, request->method) != 0)
        method++;
    if (!method->name)
        return strcmp(request->method, "CONNECT") == 0 ? 405 : 501;
    if (star)
        return strcmp(method->name, "OPTIONS") == 0 ? method->answer(x) : 400;
    status = http_path(request->target, strlen(request->target), x->name, sizeof x->name);
    if (status != 200)
        return status;
    if (!is_allowed(method, x))
        return 405;
    x->resource = store_find(x->name);
    return method->answer(x);
}

void
answer(struct exchange *x, int status)
{
    *x->name = '\0';
    if (status == 200)
        status = status_of(x);
    if (status == 0)
        return;
    begin_response(&x->response, x->request, status);
    if (status == 405 || (status == 204 && strcmp(x->request->method, "OPTIONS") == 0))
        add_allow(x);
    send_status(x->peer, x->request, &x->response);
}

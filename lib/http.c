#include "http.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- statuses ---- */

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"}, /* RFC 6585, as is 431 */
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"}, /* RFC 4918 */
};

const char *
http_reason(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}

/* ---- dates ---- */

/* Tables of our own: strftime() and strptime() speak the language of the user's locale. */
static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

char *
http_date(time_t when, char text[HTTP_DATE])
{
    static const time_t first = -62167219200, last = 253402300799;
    char whole[80]; /* more than any struct tm can need */
    struct tm tm = {0};

    when = when < first ? first : when > last ? last : when;
    gmtime_r(&when, &tm);
    snprintf(whole, sizeof whole, "%.3s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
             tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    memcpy(text, whole, HTTP_DATE - 1);
    text[HTTP_DATE - 1] = '\0';
    return text;
}

/* What is still to be read. */
struct rest {
    const char *at;
    size_t len;
};

static bool
take_number(struct rest *rest, size_t digits, int *number)
{
    if (rest->len < digits)
        return false;
    *number = 0;
    for (; digits > 0; digits--, rest->at++, rest->len--) {
        if (*rest->at < '0' || *rest->at > '9')
            return false;
        *number = 10 * *number + *rest->at - '0';
    }
    return true;
}

/* Takes one of `names`, of which the first `most` letters count; *which says which. */
static bool
take_name(struct rest *rest, const char *const *names, int count, size_t most, int *which)
{
    for (*which = 0; *which < count; ++*which) {
        size_t len = strnlen(names[*which], most);

        if (rest->len >= len && memcmp(rest->at, names[*which], len) == 0) {
            rest->at += len;
            rest->len -= len;
            return true;
        }
    }
    return false;
}

/* Two digits: a year of this century, unless that is over 50 years ahead (section 5.6.7). */
static int
whole_year(int two_digits)
{
    time_t now = time(NULL);
    struct tm tm = {0};
    int year;

    gmtime_r(&now, &tm);
    year = (tm.tm_year + 1900) / 100 * 100 + two_digits;
    return year > tm.tm_year + 1900 + 50 ? year - 100 : year;
}

/*
 * In a format a letter stands for a part of the date, anything else for itself:
 * w Sun, W Sunday, D 06, e 06 or " 6", m Nov, Y 1994, y 94, h i s 08 49 37, Z GMT.
 */
static bool
parse_as(struct rest rest, const char *format, struct tm *tm)
{
    static const char *const zone[] = {"GMT"};
    bool fits = true;
    int ignored;

    for (; *format && fits; format++) {
        switch (*format) {
        case 'w':
            fits = take_name(&rest, days, 7, 3, &ignored); /* nobody gains by checking it */
            break;
        case 'W':
            fits = take_name(&rest, days, 7, 9, &ignored);
            break;
        case 'e':
            if (rest.len > 0 && *rest.at == ' ') {
                rest.at++, rest.len--;
                fits = take_number(&rest, 1, &tm->tm_mday);
                break;
            } /* fall through */
        case 'D':
            fits = take_number(&rest, 2, &tm->tm_mday);
            break;
        case 'm':
            fits = take_name(&rest, months, 12, 3, &tm->tm_mon);
            break;
        case 'Y':
            fits = take_number(&rest, 4, &tm->tm_year);
            break;
        case 'y':
            fits = take_number(&rest, 2, &tm->tm_year);
            tm->tm_year = whole_year(tm->tm_year);
            break;
        case 'h':
            fits = take_number(&rest, 2, &tm->tm_hour);
            break;
        case 'i':
            fits = take_number(&rest, 2, &tm->tm_min);
            break;
        case 's':
            fits = take_number(&rest, 2, &tm->tm_sec);
            break;
        case 'Z':
            fits = take_name(&rest, zone, 1, 3, &ignored);
            break;
        default:
            fits = rest.len > 0 && *rest.at == *format;
            if (fits)
                rest.at++, rest.len--;
        }
    }
    return fits && rest.len == 0;
}

bool
http_parse_date(const char *text, size_t len, time_t *when)
{
    static const char *const formats[] = {
        "w, D m Y h:i:s Z", /* Sun, 06 Nov 1994 08:49:37 GMT, the one in use */
        "W, D-m-y h:i:s Z", /* Sunday, 06-Nov-94 08:49:37 GMT */
        "w m e h:i:s Y",    /* Sun Nov  6 08:49:37 1994, as asctime(3) writes it */
    };

    for (size_t i = 0; i < 3; i++) {
        struct tm tm = {0};
        int day;

        if (!parse_as((struct rest){text, len}, formats[i], &tm))
            continue;
        if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
            return false;
        day = tm.tm_mday;
        tm.tm_year -= 1900;
        tm.tm_sec -= tm.tm_sec == 60; /* a leap second: time_t has none */
        *when = timegm(&tm);          /* turns 31 February into 3 March */
        return tm.tm_mday == day;
    }
    return false;
}

/* ---- types ---- */

static const struct {
    const char *extension, *type;
} types[] = {
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"json", "application/json"},
    {"xml", "application/xml"},
    {"pdf", "application/pdf"},
    {"wasm", "application/wasm"},
    {"gz", "application/gzip"},
    {"zip", "application/zip"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"ico", "image/vnd.microsoft.icon"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
};

const char *
http_type(const char *name, size_t len)
{
    const char *dot = memrchr(name, '.', len), *slash = memrchr(name, '/', len);
    size_t extension_len = dot ? len - (size_t)(dot + 1 - name) : 0;

    if (dot && (!slash || dot > slash))
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
            if (strlen(types[i].extension) == extension_len &&
                strncasecmp(types[i].extension, dot + 1, extension_len) == 0)
                return types[i].type;
    return "application/octet-stream";
}

/* ---- targets ---- */

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* 'A' becomes 'a' */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes the next byte of a path, decoded, from `rest`, which is not empty; -1: it is invalid. */
static int
take_byte(struct rest *rest)
{
    unsigned char c = (unsigned char)*rest->at;
    int high, low;

    rest->at++, rest->len--;
    if (c <= ' ' || c == '#' || c == 0x7f)
        return -1;
    if (c != '%')
        return c;
    if (rest->len < 2 || (high = hex_digit(rest->at[0])) < 0 || (low = hex_digit(rest->at[1])) < 0)
        return -1;
    rest->at += 2, rest->len -= 2;
    return high * 16 + low > 0 ? high * 16 + low : -1;
}

/*
 * The segment that ends at path[*len] is complete: it begins after the '/' before it. Takes it back
 * if it is "" or ".", and the one before it as well if it is "..". False: there is none before it.
 */
static bool
resolve_segment(char *path, size_t *len)
{
    const char *slash = memrchr(path, '/', *len);
    size_t start = slash ? (size_t)(slash + 1 - path) : 0, segment = *len - start;

    if (segment == 2 && memcmp(path + start, "..", 2) == 0) {
        if (start == 0)
            return false;
        slash = memrchr(path, '/', start - 1);
        *len = slash ? (size_t)(slash + 1 - path) : 0;
    } else if (segment == 0 || (segment == 1 && path[start] == '.')) {
        *len = start;
    } else {
        path[(*len)++] = '/';
    }
    return true;
}

/* Leaves only the path of "http://host/path", if any. False: it is in neither form. */
static bool
leave_path(struct rest *rest)
{
    static const char scheme[] = "http://";
    const char *end = memchr(rest->at, '?', rest->len);
    size_t skipped = sizeof scheme - 1;

    if (end)
        rest->len = (size_t)(end - rest->at);
    if (rest->len > 0 && *rest->at == '/')
        return true;
    if (rest->len <= skipped || strncasecmp(rest->at, scheme, skipped) != 0)
        return false;
    end = memchr(rest->at + skipped, '/', rest->len - skipped);
    skipped = end ? (size_t)(end - rest->at) : rest->len;
    rest->at += skipped, rest->len -= skipped;
    return skipped > sizeof scheme - 1; /* there must be a host */
}

int
http_path(const char *target, size_t len, char *path, size_t size)
{
    struct rest rest = {target, len};
    size_t used = 0;
    int c;

    if (!leave_path(&rest))
        return 400;
    while (rest.len > 0) {
        if ((c = take_byte(&rest)) < 0)
            return 400;
        if (used + 2 > size) /* a byte or a '/', and the NUL */
            return 414;
        if (c != '/')
            path[used++] = (char)c;
        else if (!resolve_segment(path, &used))
            return 400;
    }
    if (used + 2 > size)
        return 414;
    /* The last segment has no slash after it, unless it is a dot segment, which is a directory. */
    len = used;
    if (!resolve_segment(path, &used))
        return 400;
    if (used > len)
        used = len;
    path[used] = '\0';
    return 200;
}

bool
http_encode(const char *path, char *target, size_t size)
{
    static const char as_it_is[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-._~/!$&'()*+,;=:@";
    size_t used = 0;

    if (size < 2)
        return false;
    target[used++] = '/';
    while (*path == '/')
        path++;
    for (; *path; path++) {
        if (used + 4 > size)
            return false;
        if (strchr(as_it_is, *path))
            target[used++] = *path;
        else
            used += (size_t)snprintf(target + used, 4, "%%%02X", (unsigned char)*path);
    }
    target[used] = '\0';
    return true;
}

/* Maps paths and methods to routes. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stddef.h>

struct http_route;

/*
 * The first route of the best match for the path: an exact match, or else the
 * longest prefix that ends in "/". NULL when none matches.
 */
const struct http_route *route_find(const struct http_route *routes, const char *path);

/* The route of the same path for the method; GET also serves HEAD. NULL when there is none. */
const struct http_route *route_method(const struct http_route *routes,
    const struct http_route *found, const char *method);

/* The methods of the route's path (of all paths if NULL) as the value of Allow. The caller
 * frees. */
char *route_methods(const struct http_route *routes, const struct http_route *found);

/*
 * The path of a request target, origin form or absolute form, undecoded and
 * without the query; "" when it is neither. The caller frees.
 */
char *route_path(const char *target);

#endif

/* Which route a path and a method lead to. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stddef.h>

struct http_route;

/*
 * The first route of the path that fits best: the path itself, or else the
 * longest one that ends in "/" and that it begins with. NULL when none fits.
 */
const struct http_route *route_find(const struct http_route *routes, const char *path);

/* The route of the same path that takes the method; GET also takes HEAD. NULL when none does. */
const struct http_route *route_method(const struct http_route *routes,
    const struct http_route *found, const char *method);

/* The methods of its path (of all paths when it is NULL), as Allow wants them. The caller frees. */
char *route_methods(const struct http_route *routes, const struct http_route *found);

/*
 * The path of a request target, origin form or absolute form, undecoded and
 * without the query; "" when it is neither. The caller frees.
 */
char *route_path(const char *target);

#endif

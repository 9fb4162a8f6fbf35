/* Chooses the route of a request. Paths are compared as received, without decoding or
 * normalization. */
#include "config.h"

#include "http/route.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "http/server.h"
#include "util/bytes.h"

/* Rank of a match: the length of the common part, plus one for an exact match; 0: no match. */
static size_t
route_fit(const struct http_route *route, const char *path)
{
	size_t length = strlen(route->path);

	if (strcmp(route->path, path) == 0)
		return length + 1;
	if (length != 0 && route->path[length - 1] == '/' &&
	    strncmp(route->path, path, length) == 0)
		return length;
	return 0;
}

const struct http_route *
route_find(const struct http_route *routes, const char *path)
{
	const struct http_route *best = NULL;

	for (const struct http_route *route = routes; route->method != NULL; route++) {
		size_t fit = route_fit(route, path);

		if (fit != 0 && (best == NULL || fit > route_fit(best, path)))
			best = route;
	}
	return best;
}

const struct http_route *
route_method(const struct http_route *routes, const struct http_route *found, const char *method)
{
	const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;

	for (const struct http_route *route = routes; route->method != NULL; route++) {
		if (strcmp(route->path, found->path) == 0 && strcmp(route->method, wanted) == 0)
			return route;
	}
	return NULL;
}

static bool
route_method_is_new(const struct http_route *routes, const struct http_route *found,
    const struct http_route *until)
{
	for (const struct http_route *route = routes; route != until; route++) {
		if ((found == NULL || strcmp(route->path, found->path) == 0) &&
		    strcmp(route->method, until->method) == 0)
			return false;
	}
	return true;
}

char *
route_methods(const struct http_route *routes, const struct http_route *found)
{
	AUTO_BYTES list = {0};

	for (const struct http_route *route = routes; route->method != NULL; route++) {
		if ((found != NULL && strcmp(route->path, found->path) != 0) ||
		    !route_method_is_new(routes, found, route))
			continue;
		if (list.size != 0)
			bytes_append(&list, ", ", 2);
		bytes_append(&list, route->method, strlen(route->method));
		if (strcmp(route->method, "GET") == 0)
			bytes_append(&list, ", HEAD", 6);
	}
	bytes_append_u8(&list, '\0');
	return memory_strdup((const char *)list.data);
}

char *
route_path(const char *target)
{
	size_t length;
	char  *path;

	if (strncasecmp(target, "http://", 7) == 0)
		target += 7 + strcspn(target + 7, "/?");
	else if (strncasecmp(target, "https://", 8) == 0)
		target += 8 + strcspn(target + 8, "/?");
	else if (target[0] != '/')
		return memory_strdup("");
	if (target[0] != '/') /* "http://host" asks for its root */
		return memory_strdup("/");
	length = strcspn(target, "?");
	path = memory_new(length + 1);
	memcpy(path, target, length);
	path[length] = '\0';
	return path;
}

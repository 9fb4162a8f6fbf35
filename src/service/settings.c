/* Checks the settings that every daemon has; uses none of them. */
#include "config.h"

#include "service/settings.h"

#include "daemon/launch.h"
#include "util/bytes.h"
#include "util/error.h"

static int
settings_check_proxies(struct service_settings *settings, struct error *err)
{
	struct proxies *proxies = &settings->proxies;

	*proxies = (struct proxies){.count = 0};
	if (proxy_protocol_parse(settings->proxy_protocol, &proxies->protocol, err) != 0)
		return error_wrap(err, "proxy_protocol");
	for (size_t i = 0; i < settings->proxy_networks.count; i++) {
		if (proxies_add(proxies, view_text(settings->proxy_networks.texts[i]), err) != 0)
			return error_wrap(err, "proxy_networks");
	}
	if (proxies->protocol != PROXY_PROTOCOL_OFF && proxies->count == 0)
		return error_set(err, ERROR_MALFORMED,
		    "proxy_protocol: nobody could connect: proxy_networks must name the proxies");
	return 0;
}

static int
settings_check_sockets(struct service_settings *settings, struct error *err)
{
	settings->key_socket_bits = 0;
	for (size_t i = 0; i < settings->key_sockets.count; i++) {
		if (sandbox_socket_parse(settings->key_sockets.texts[i], &settings->key_socket_bits, err) != 0)
			return error_wrap(err, "key_sockets");
	}
	return 0;
}

size_t
service_settings_networks(const struct service_settings *settings,
    struct view networks[PROXIES_MAX])
{
	for (size_t i = 0; i < settings->proxies.count; i++)
		networks[i] = view_text(settings->proxy_networks.texts[i]);
	return settings->proxies.count;
}

int
service_settings_check(struct service_settings *settings, struct error *err)
{
	if (log_level_parse(settings->log_level, &settings->level, err) != 0)
		return error_wrap(err, "log_level");
	if (sandbox_mode_parse(settings->sandbox, &settings->containment, err) != 0)
		return error_wrap(err, "sandbox");
	if (settings->store == NULL)
		settings->store = memory_strdup(settings->state_dir);
	if (settings->workers == 0)
		settings->workers = launch_workers_default();
	settings->serving = settings->workers;
	if (settings_check_proxies(settings, err) != 0 || settings_check_sockets(settings, err) != 0)
		return -1;
	if (settings->listen.count > LAUNCH_LISTEN_MAX)
		return error_set(err, ERROR_MALFORMED, "listen: more than %u addresses",
		    LAUNCH_LISTEN_MAX);
	return 0;
}

/* Counts the workers that run; sends and takes messages without content. Kills nobody. */
#include "config.h"

#include "daemon/pulse.h"

#include <sys/socket.h>

#include <unistd.h>

#include "daemon/service.h"

/* Without a service manager that watches. */
#define WATCH_MS 120000

/* Beats within the patience. */
#define BEATS 8

/* A child that floods its socket makes the supervisor read so many messages at a time. */
#define RECEIVED_MAX 64

int64_t
pulse_patience_ms(void)
{
	int64_t watchdog = service_watchdog_ms();

	return (watchdog > 0 ? watchdog : WATCH_MS) / 2;
}

void
pulse_start(struct pulse *pulse, size_t workers)
{
	*pulse = (struct pulse){.every_ms = pulse_patience_ms() / BEATS, .workers = workers};
	atomic_init(&pulse->answered, workers);
}

bool
pulse_beats(struct pulse *pulse, int64_t now)
{
	if (pulse->every_ms == 0 || now < pulse->due || atomic_load(&pulse->answered) < pulse->workers)
		return false;
	pulse->due = now + pulse->every_ms;
	atomic_store(&pulse->answered, 0);
	return true;
}

void
pulse_answer_cb(void *arg)
{
	struct pulse *pulse = arg;

	atomic_fetch_add(&pulse->answered, 1);
}

void
pulse_send(int control, enum pulse_word word)
{
	const uint8_t octet = (uint8_t)word;

	/* Without room there are beats enough that nobody has read. */
	(void)send(control, &octet, sizeof octet, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
pulse_watch_begin(struct pulse_watch *watch, int control, int64_t heard)
{
	if (watch->control >= 0)
		(void)close(watch->control);
	*watch = (struct pulse_watch){.control = control, .heard = heard, .speaks = watch->speaks};
}

static void
watch_hear(struct pulse_watch *watch, enum pulse_word word, int64_t now)
{
	switch (word) {
	case PULSE_BEAT:
		watch->heard = now;
		watch->working = 0;
		watch->beaten = true;
		return;
	case PULSE_WORK:
		if (watch->working == 0)
			watch->working = now;
		return;
	case PULSE_DONE:
		if (watch->working != 0 && watch->heard != 0)
			watch->heard += now - watch->working;
		watch->working = 0;
		return;
	case PULSE_READY:
	case PULSE_RELOADING:
		if (watch->speaks)
			service_notify(word == PULSE_READY ? SERVICE_READY : SERVICE_RELOADING);
		return;
	}
}

int64_t
pulse_watch_listen(struct pulse_watch *watch, int64_t now)
{
	uint8_t octet;

	for (int i = 0; i < RECEIVED_MAX && recv(watch->control, &octet, sizeof octet, MSG_DONTWAIT) > 0; i++)
		watch_hear(watch, octet, now);
	if (watch->heard == 0)
		return 0;
	if (watch->working != 0 && now - watch->working <= PULSE_WORK_MAX)
		return watch->working - watch->heard;
	return now - watch->heard;
}

void
pulse_watch_forgive(struct pulse_watch *watch, int64_t now)
{
	if (watch->heard != 0)
		watch->heard = now;
	if (watch->working != 0)
		watch->working = now;
}

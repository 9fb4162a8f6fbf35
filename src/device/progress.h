/* Progress messages. */
#ifndef DEVICE_PROGRESS_H
#define DEVICE_PROGRESS_H

struct device_settings;

/* Prints to standard error if that is a terminal; otherwise only with --verbose. */
void device_progress(const struct device_settings *settings, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif

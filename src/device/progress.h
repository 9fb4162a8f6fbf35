/* What is being done now, for whoever watches. */
#ifndef DEVICE_PROGRESS_H
#define DEVICE_PROGRESS_H

struct device_settings;

/* Says it on standard error when that is a terminal; elsewhere only with --verbose. */
void device_progress(const struct device_settings *settings, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif

// A libsystemd.so.0 for nodes without systemd: the symbols that Debian's crun is linked with, every one answering "not supported". crun falls back to
// plain cgroupfs, as it does wherever systemd is not running; and starting it no longer loads and relocates six libraries it never calls.
#include <errno.h>

#define ABSENT(name) \
  int name(void) { return -EOPNOTSUPP; }

ABSENT(sd_notify)
ABSENT(sd_journal_send_with_location)
ABSENT(sd_bus_message_open_container)
ABSENT(sd_bus_error_get_errno)
ABSENT(sd_bus_message_append)
ABSENT(sd_notify_barrier)
ABSENT(sd_bus_call)
ABSENT(sd_bus_match_signal_async)
ABSENT(sd_bus_default_system)
ABSENT(sd_bus_message_close_container)
ABSENT(sd_bus_message_unref)
ABSENT(sd_bus_unref)
ABSENT(sd_bus_message_read)
ABSENT(sd_bus_message_append_strv)
ABSENT(sd_bus_message_new_method_call)
ABSENT(sd_bus_error_free)
ABSENT(sd_bus_process)
ABSENT(sd_bus_wait)
ABSENT(sd_bus_default_user)

/* SPDX-License-Identifier: MIT */
/* What the parts of the proxy share. */
#include "proxy/state.h"

#include "base/text.h"

#include <stdarg.h>

void planche_proxy_log(const struct planche_proxy *proxy, const struct planche_http_connection *c,
                       enum planche_cli_log_level level, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    planche_text_format(message, sizeof message, format, args);
    va_end(args);
    proxy->settings.log(proxy->settings.user, c, level, message);
}

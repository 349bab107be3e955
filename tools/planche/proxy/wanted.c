/* SPDX-License-Identifier: MIT */
/* Wanted: what is to be made of a page. */
#include "proxy/wanted.h"

#include "http/image.h"
#include "http/text.h"
#include "pages/keys.h"
#include "proxy/size.h"

#include <string.h>
#include <strings.h>

bool planche_proxy_is_page(const struct planche_http_reply *reply)
{
    const char *type = planche_http_reply_field(reply, "content-type");
    const char *coding = planche_http_reply_field(reply, "content-encoding");
    return reply->status == 200 && type != NULL && strncasecmp(type, "image/", 6) == 0 &&
           strncasecmp(type, "image/svg", 9) != 0 &&
           (coding == NULL || strcasecmp(coding, "identity") == 0);
}

/* Whether the result would be hardly larger, or the page is large enough. Of files whose head does
 * not say how large they are, that is not known before they are decoded, which is done elsewhere.
 */
static const char *judge_size(const struct planche_proxy *proxy,
                              const struct planche_proxy_policy *policy,
                              const struct planche_pages_wish *wish)
{
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_engine_options engine = proxy->settings.options->engine;
    const struct planche_cli_request *request = &wish->request;
    uint32_t width, height;
    if (!planche_proxy_read_size(wish->input->data, wish->input->size, &width, &height))
        return NULL;
    if (policy->skip_above != 0 && (width > height ? width : height) > policy->skip_above)
        return "threshold";
    engine.model = request->engine.model;
    engine.scale = request->engine.scale;
    engine.denoise = request->engine.denoise;
    enum planche_status status =
        planche_engine_predict(NULL, &engine, width, height, &request->page, &result, NULL);
    if (status == PLANCHE_ERROR_LIMIT)
        return "too-large";
    bool gains = status != PLANCHE_OK || result.output_width >= policy->min_gain * width * 0.999 ||
                 result.output_height >= policy->min_gain * height * 0.999;
    return gains ? NULL : "threshold";
}

/* The text of the mark stands in no other page by accident, and who puts it there gets his page
 * back: so no library has to look at the page here, on the loop and without isolation. */
static bool is_marked(const struct planche_pages_wish *wish)
{
    static const char mark[] = "urn:planche:1";
    return memmem(wish->input->data, wish->input->size, mark, sizeof mark - 1) != NULL;
}

static const char *take_settings(const struct planche_proxy *proxy,
                                 const struct planche_proxy_policy *policy,
                                 const struct planche_proxy_accepted *accepted, bool plain,
                                 struct planche_pages_wish *wish, const char *type)
{
    const struct planche_cli_options *options = proxy->settings.options;
    struct planche_error error = {0};
    const char *wanted = json_string_value(json_object_get(policy->settings, "format"));
    if (wanted == NULL && options->page.format != PLANCHE_FORMAT_AUTO)
        wanted = planche_format_extension(options->page.format);
    const char *format = planche_proxy_choose_format(accepted, type, wanted, plain);
    if (format == NULL)
        return "format";
    json_t *settings = policy->settings != NULL ? json_copy(policy->settings) : json_object();
    json_object_set_new(settings, "format", json_string(format));
    json_object_set_new(settings, "bytes", json_integer(1));
    if (planche_cli_request_take(&wish->request, settings, options, &error) == PLANCHE_OK)
        return NULL;
    planche_proxy_log(proxy, NULL, PLANCHE_CLI_LOG_WARN, "%s", error.message);
    return "parameters";
}

const char *planche_proxy_want(const struct planche_proxy *proxy,
                               const struct planche_proxy_policy *policy,
                               const struct planche_proxy_accepted *accepted, bool plain,
                               struct planche_pages_wish *wish)
{
    struct planche_error error = {0};
    const void *data = wish->input->data;
    const char *type = planche_http_image_type(data, wish->input->size);
    wish->offset = 0;
    wish->size = wish->input->size;
    if (type == NULL)
        return "unsupported";
    if (is_marked(wish))
        return "own-mark";
    const char *reason = take_settings(proxy, policy, accepted, plain, wish, type);
    if (reason == NULL)
        reason = judge_size(proxy, policy, wish);
    if (reason == NULL &&
        planche_pages_keys_get(proxy->settings.keys, data, wish->size, &wish->request, &wish->key,
                               &error) != PLANCHE_OK) {
        planche_proxy_log(proxy, NULL, PLANCHE_CLI_LOG_WARN, "%s", error.message);
        reason = "error";
    }
    if (reason != NULL)
        planche_cli_request_clear(&wish->request);
    return reason;
}

/* A reader is known by the address, also that behind a server in front, the program and who it is
 * for the upstream. */
uint64_t planche_proxy_session(const struct planche_http_connection *c,
                               const struct planche_proxy_match *match)
{
    static const char *const names[] = {"x-forwarded-for", "user-agent", "x-planche-session",
                                        "authorization",   "x-api-key",  "x-auth-token",
                                        "cookie"};
    uint64_t hash = planche_http_hash_text(PLANCHE_HTTP_HASH_BEGIN, c->peer);
    hash = planche_http_hash_text(hash, match->key);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        hash = planche_http_hash_text(hash, planche_http_head_field(&c->head, names[i]));
    return hash;
}

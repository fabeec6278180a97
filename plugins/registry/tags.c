#include "plugins/registry/tags.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/exchange.h"
#include "plugins/registry/failure.h"
#include "plugins/registry/link.h"
#include "plugins/registry/reference.h"
#include "plugins/registry/scope.h"
#include "plugins/registry/strict_json.h"

enum { PAGE = 1000, SMALL_PAGE = 100, MAX_PAGES = 10000, MAX_TAGS = 5000000, MAX_PAGE_BYTES = 64 << 20 };

struct listing {
    struct sw_endpoint *endpoint;
    char *path;
    unsigned page_size;
    unsigned pages;
    bool asked_for_more; /* without a Link */
    char *url;           /* of the page that is asked for */
    struct sw_map tags;
    struct sw_cancel *cancel;
    sw_tags_done done;
    void *context;
};

static void ask_page(struct listing *listing);

static void finish(struct listing *listing, struct sw_error *error) {
    struct sw_vec names = {.width = sizeof(const char *)};
    for (size_t i = 0; i < listing->tags.len && !error; i++)
        if (listing->tags.entries[i].key)
            sw_vec_push(&names, &listing->tags.entries[i].key);
    if (error)
        error = sw_error_wrap(error, "list tags of %s/%s", listing->endpoint->host, listing->path);
    listing->done(listing->context, (struct sw_strings){names.data, names.len}, error);
    sw_vec_fini(&names);
    sw_map_fini(&listing->tags, NULL);
    free(listing->path);
    free(listing->url);
    free(listing);
}

/* Ends the listing with what there is, and says that it may not be all. */
static void finish_incomplete(struct listing *listing, const char *why) {
    sw_cleanup_free char *text =
        sw_format("the list of tags of %s/%s is incomplete: %s", listing->endpoint->host, listing->path, why);
    listing->endpoint->client->host->log("registry", SW_LOG_WARN, text);
    finish(listing, NULL);
}

bool sw_tags_read_page(struct sw_bytes body, struct sw_map *tags, size_t *added, size_t *total, struct sw_error **error) {
    sw_cleanup_json json_t *root = sw_strict_json(body, "the list of tags", error);
    if (!root)
        return false;
    const json_t *list = json_object_get(root, "tags");
    if (list && !json_is_array(list) && !json_is_null(list))
        return sw_fail(error, SW_ERROR_CORRUPT, "the list of tags is not a list");
    size_t i;
    const json_t *one;
    *added = 0;
    *total = json_array_size(list);
    json_array_foreach(list, i, one) {
        const char *tag = json_string_value(one);
        if (!tag || !sw_tag_valid(tag, json_string_length(one)) || sw_map_has(tags, tag))
            continue;
        sw_map_set(tags, tag, tags);
        ++*added;
    }
    return true;
}

/* The next page by its Link header, when it is one of ours. */
static char *linked_page(struct listing *listing, const struct sw_answer *answer, bool *foreign) {
    struct sw_vec values = sw_answer_headers(answer, "Link");
    sw_cleanup_free char *link = sw_link_next(sw_header_values(&values));
    sw_vec_fini(&values);
    *foreign = false;
    if (!link)
        return NULL;
    sw_cleanup_url struct sw_url from = {0};
    sw_cleanup_url struct sw_url next = {0};
    if (!sw_url_resolve(NULL, answer->url, &from, NULL) || !sw_url_resolve(answer->url, link, &next, NULL) ||
        !sw_url_same_origin(&from, &next)) {
        *foreign = true;
        return NULL;
    }
    /* Some put the path that they have behind a proxy: the query is what counts. */
    const char *query = strchr(next.text, '?');
    return sw_format("/v2/%s/tags/list%s", listing->path, query ? query : "");
}

static char *page_after(const struct listing *listing, const char *last) {
    sw_cleanup_free char *escaped = last ? sw_url_escape(last) : NULL;
    return sw_format("/v2/%s/tags/list?n=%u%s%s", listing->path, listing->page_size, last ? "&last=" : "", last ? escaped : "");
}

static const char *last_tag(const struct listing *listing) {
    for (size_t i = listing->tags.len; i-- > 0;)
        if (listing->tags.entries[i].key)
            return listing->tags.entries[i].key;
    return NULL;
}

static void next_page(struct listing *listing, char *url) {
    bool loop = !strcmp(url, listing->url);
    free(listing->url);
    listing->url = url;
    if (loop)
        finish_incomplete(listing, "a page leads to itself");
    else if (++listing->pages >= MAX_PAGES || listing->tags.count > MAX_TAGS)
        finish_incomplete(listing, "it does not end");
    else
        ask_page(listing);
}

static void take_page(struct listing *listing, const struct sw_answer *answer) {
    struct sw_error *error = NULL;
    size_t added, total;
    bool foreign;
    if (!sw_tags_read_page((struct sw_bytes){answer->body.data, answer->body.len}, &listing->tags, &added, &total, &error)) {
        finish(listing, error);
        return;
    }
    char *next = linked_page(listing, answer, &foreign);
    if (foreign) {
        finish_incomplete(listing, "the next page is on another host");
    } else if (next && !added && total) {
        free(next);
        finish_incomplete(listing, "a page brings nothing new");
    } else if (next && total) {
        next_page(listing, next);
    } else if (!next && added && total == listing->page_size && !listing->asked_for_more) {
        listing->asked_for_more = true; /* a full page, and no word on more */
        next_page(listing, page_after(listing, last_tag(listing)));
    } else {
        free(next);
        finish(listing, NULL);
    }
}

static void on_page(void *context, struct sw_outcome *outcome) {
    struct listing *listing = context;
    const struct sw_answer *answer = outcome->answer;
    if (!answer) {
        finish(listing, outcome->error);
        return;
    }
    if (answer->status == 200) {
        take_page(listing, answer);
        return;
    }
    if (answer->status == 404 && !listing->pages) {
        finish(listing, NULL);
        return;
    }
    sw_cleanup_complaint struct sw_complaint complaint = {0};
    sw_complaint_read((struct sw_bytes){answer->body.data, answer->body.len}, &complaint);
    if (complaint.code && !strcmp(complaint.code, "PAGINATION_NUMBER_INVALID") && listing->page_size == PAGE) {
        listing->page_size = SMALL_PAGE;
        next_page(listing, page_after(listing, NULL));
        return;
    }
    finish(listing, sw_failure_of_answer(listing->endpoint, answer, listing->path));
}

static void ask_page(struct listing *listing) {
    static const char *const headers[] = {"Accept: application/json"};
    sw_cleanup_free char *scope = sw_scope_repository(listing->path, "pull");
    struct sw_exchange_request request = {
        .endpoint = listing->endpoint,
        .method = "GET",
        .url = listing->url,
        .headers = {headers, 1},
        .scopes = {(const char *const *)&scope, 1},
        .body_fd = -1,
        .limit = MAX_PAGE_BYTES,
        .cancel = listing->cancel,
        .done = on_page,
        .context = listing,
    };
    sw_exchange_start(&request);
}

void sw_tags_list(struct sw_endpoint *endpoint, const char *path, struct sw_cancel *cancel, sw_tags_done done, void *context) {
    struct listing *listing = sw_new(sizeof *listing);
    listing->endpoint = endpoint;
    listing->path = sw_strdup(path);
    listing->page_size = PAGE;
    listing->url = page_after(listing, NULL);
    listing->cancel = cancel;
    listing->done = done;
    listing->context = context;
    ask_page(listing);
}

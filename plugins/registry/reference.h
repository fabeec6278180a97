/* reference.h - the names of images: HOST/PATH:TAG@DIGEST.
 *
 * The grammar is that of Docker and the OCI distribution specification, with Docker Hub as the host of names that have none. Nothing
 * that does not fit it ever gets into a URL. Pure text work: no network, no configuration. */
#ifndef PLUGINS_REGISTRY_REFERENCE_H
#define PLUGINS_REGISTRY_REFERENCE_H

#include "slipway/types.h"

#define SW_HUB_DOMAIN "docker.io"

/* A zeroed one is empty. */
struct sw_reference {
    char *domain; /* "docker.io", "localhost:5000", "[::1]:5000"; as given, but the Hub's other names become "docker.io" */
    char *path;   /* "library/alpine" */
    char *tag;    /* or NULL */
    char *digest; /* or NULL */
};

void sw_reference_fini(struct sw_reference *reference);
#define sw_cleanup_reference __attribute__((cleanup(sw_reference_fini)))

/* Reads an image's reference. The error shows the text with a caret below the first bad byte. `reference` has to be empty. */
bool sw_reference_parse(const char *text, struct sw_reference *reference, struct sw_error **error);

/* Reads the address of a repository: HOST/PATH without tag and digest. "http://" or "https://" in front is left out. */
bool sw_reference_parse_repository(const char *text, struct sw_reference *reference, struct sw_error **error);

/* What to ask a registry for: the digest, else the tag, else "latest". Borrowed. */
const char *sw_reference_wanted(const struct sw_reference *reference);

/* DOMAIN/PATH. To be freed. */
char *sw_reference_repository(const struct sw_reference *reference);

/* The whole canonical text. To be freed. */
char *sw_reference_format(const struct sw_reference *reference);

/* The domain in lower case, by which hosts are told apart. To be freed. */
char *sw_reference_host(const struct sw_reference *reference);

bool sw_tag_valid(const char *tag, size_t len);

/* Whether `digest` is a sha256 or sha512 one in its canonical form. */
bool sw_reference_digest_valid(const char *digest);

#endif

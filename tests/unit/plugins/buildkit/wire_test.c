/* Bytes: protobuf by hand, definitions, file packets, heads of HTTP/1. */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "plugins/buildkit/http1.h"
#include "plugins/buildkit/llb.h"
#include "plugins/buildkit/packet.h"
#include "plugins/buildkit/wire.h"
#include "tests/unit/check.h"

static void hex_of(const struct sw_buf *buf, char *out) {
    *out = '\0';
    for (size_t i = 0; i < buf->len; i++)
        sprintf(out + 2 * i, "%02x", (unsigned char)buf->data[i]);
}

static void integers_are_written_as_protobuf_does(void **state) {
    (void)state;
    static const struct {
        int64_t value;
        const char *hex;
    } cases[] = {{0, ""}, {1, "0801"}, {150, "089601"}, {-1, "08ffffffffffffffffff01"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sw_cleanup_buf struct sw_buf buf = {0};
        char hex[64];
        sw_wire_int(&buf, 1, cases[i].value);
        hex_of(&buf, hex);
        assert_string_equal(hex, cases[i].hex);
    }
}

static void map_entries_keep_empty_values(void **state) {
    (void)state;
    sw_cleanup_buf struct sw_buf buf = {0};
    char hex[64];
    sw_wire_entry(&buf, 2, "k", "");
    hex_of(&buf, hex);
    assert_string_equal(hex, "12050a016b1200");
}

static void malformed_messages_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {{"\x08", 1}, {"\x0a\x05xy", 4}, {"\x00\x01", 2},
                 {"\x0b", 1}, {"\x09\x01", 2},   {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sw_bytes rest = {cases[i].bytes, cases[i].len};
        struct sw_wire_field field;
        assert_int_equal(sw_wire_next(&rest, &field), -1);
    }
}

static void a_source_has_sorted_attributes_and_the_platform(void **state) {
    (void)state;
    struct sw_llb llb = {.platform = "linux/arm64/v8"};
    struct sw_pair attrs[] = {{"b", "2"}, {"a", "1"}};
    struct sw_llb_value value = sw_llb_source(&llb, "title", "local://x", (struct sw_pairs){attrs, 2}, "source.local");
    const struct sw_llb_op *op = sw_vec_at(&llb.ops, value.op);
    static const char wanted[] = "\x52\x12\x0a\x05"
                                 "arm64\x12\x05linux\x1a\x02v8"
                                 "\x1a\x1b\x0a\x09local://x\x12\x06\x0a\x01"
                                 "a\x12\x01"
                                 "1\x12\x06\x0a\x01"
                                 "b\x12\x01"
                                 "2";
    assert_int_equal(op->bytes.len, sizeof wanted - 1);
    assert_memory_equal(op->bytes.data, wanted, sizeof wanted - 1);
    sw_llb_fini(&llb);
}

static void equal_operations_are_one_vertex(void **state) {
    (void)state;
    struct sw_llb llb = {.platform = "linux/amd64"};
    struct sw_llb_value one = sw_llb_source(&llb, "one", "local://x", (struct sw_pairs){0}, "source.local");
    struct sw_llb_value same = sw_llb_source(&llb, "two", "local://x", (struct sw_pairs){0}, "source.local");
    struct sw_llb_value other = sw_llb_source(&llb, "two", "local://y", (struct sw_pairs){0}, "source.local");
    assert_int_equal(one.op, same.op);
    assert_int_not_equal(one.op, other.op);
    sw_llb_fini(&llb);
}

static void a_definition_holds_what_its_result_needs_and_ends_with_it(void **state) {
    (void)state;
    struct sw_llb llb = {.platform = "linux/amd64"};
    sw_cleanup_arena struct sw_arena arena = {0};
    sw_llb_source(&llb, NULL, "local://unused", (struct sw_pairs){0}, "source.local");
    struct sw_llb_value used = sw_llb_source(&llb, NULL, "local://used", (struct sw_pairs){0}, "source.local");
    Sw__Definition *definition = sw_llb_definition(&llb, used, &arena);
    assert_int_equal(definition->n_def, 2);
    const struct sw_llb_op *op = sw_vec_at(&llb.ops, used.op);
    assert_memory_equal(definition->def[0].data, op->bytes.data, op->bytes.len);
    assert_non_null(memmem(definition->def[1].data, definition->def[1].len, op->digest, strlen(op->digest)));
    assert_string_equal(definition->metadata[0]->value->caps[0]->key, "source.local");
    assert_int_equal(sw_llb_definition(&llb, SW_LLB_SCRATCH, &arena)->n_def, 0);
    sw_llb_fini(&llb);
}

static void paths_are_sent_with_the_slash_before_all_other_bytes(void **state) {
    (void)state;
    assert_true(sw_packet_path_order("a/b", "a-b") < 0);
    assert_true(sw_packet_path_order("a", "a/b") < 0);
    assert_true(sw_packet_path_order("a/b", "a/c") < 0);
    assert_int_equal(sw_packet_path_order("a/b", "a/b"), 0);
}

static void the_end_of_a_list_is_an_empty_message(void **state) {
    (void)state;
    sw_cleanup_buf struct sw_buf buf = {0};
    struct sw_packet packet;
    sw_packet_put_stat(&buf, NULL);
    assert_int_equal(buf.len, 0);
    assert_true(sw_packet_read((struct sw_bytes){"", 0}, &packet));
    assert_int_equal(packet.type, SW_PACKET_STAT);
    assert_false(packet.has_stat);
}

static void requests_and_data_survive_the_way(void **state) {
    (void)state;
    sw_cleanup_buf struct sw_buf buf = {0};
    struct sw_packet packet;
    sw_packet_put_data(&buf, 7, (struct sw_bytes){"abc", 3});
    assert_true(sw_packet_read((struct sw_bytes){buf.data, buf.len}, &packet));
    assert_int_equal(packet.type, SW_PACKET_DATA);
    assert_int_equal(packet.id, 7);
    assert_int_equal(packet.data.len, 3);
    assert_false(sw_packet_read((struct sw_bytes){"\x08\x09", 2}, &packet));
}

static void heads_of_answers_are_read_or_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int got;
        uint32_t status;
        bool chunked;
        uint64_t length;
    } cases[] = {
        {"HTTP/1.1 101 UPGRADED\r\nUpgrade: h2c\r\n\r\nPRI", 1, 101, false, 0},
        {"HTTP/1.1 200 OK\r\ncontent-length:  12 \r\n\r\n", -1, 0, false, 0},
        {"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n", 1, 200, false, 12},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 1, 200, true, 0},
        {"HTTP/1.1 200 OK\r\nContent-Le", 0, 0, false, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", -1, 0, false, 0},
        {"SSH-2.0-OpenSSH", -1, 0, false, 0},
        {"HTTP/1.1 2x0 OK\r\n\r\n", -1, 0, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sw_http1_head head;
        assert_int_equal(sw_http1_read_head((struct sw_bytes){cases[i].text, strlen(cases[i].text)}, &head), cases[i].got);
        if (cases[i].got != 1)
            continue;
        assert_int_equal(head.status, cases[i].status);
        assert_int_equal(head.chunked, cases[i].chunked);
        assert_int_equal(head.length, cases[i].length);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_written_as_protobuf_does),
        cmocka_unit_test(map_entries_keep_empty_values),
        cmocka_unit_test(malformed_messages_are_refused),
        cmocka_unit_test(a_source_has_sorted_attributes_and_the_platform),
        cmocka_unit_test(equal_operations_are_one_vertex),
        cmocka_unit_test(a_definition_holds_what_its_result_needs_and_ends_with_it),
        cmocka_unit_test(paths_are_sent_with_the_slash_before_all_other_bytes),
        cmocka_unit_test(the_end_of_a_list_is_an_empty_message),
        cmocka_unit_test(requests_and_data_survive_the_way),
        cmocka_unit_test(heads_of_answers_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

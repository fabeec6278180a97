#include "core/config/schema.h"

#include "core/base/error.h"
#include "core/config/listing.h"
#include "core/config/yaml.h"
#include "tests/unit/check.h"
#include "tests/unit/core/config/project_fixture.h"

/* What a schema says of a document; "" when it is valid. To be freed. */
static char *verdict(const char *schema_text, const char *yaml) {
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_error *error = NULL;
    struct sw_schema *schema = sw_schema_new("test", schema_text, &error);
    if (!schema) {
        char *text = sw_format("schema: %s", error->message);
        sw_error_free(error);
        return text;
    }
    struct sw_yaml_text text = {.file = "f", .data = yaml, .len = strlen(yaml), .first_line = 1};
    const struct sw_schema *schemas[] = {schema};
    struct sw_value *value = sw_yaml_parse(&arena, &text, &list);
    bool good = sw_schema_check(schemas, 1, value, "s", NULL, &list);
    assert_int_equal(good, list.error_count == 0);
    sw_schema_free(schema);
    return sw_diagnostics_text(&list);
}

static void keywords_are_obeyed(void **state) {
    (void)state;
    static const struct {
        const char *schema; /* of the property "a" */
        const char *value;
        const char *said; /* NULL: valid */
    } rows[] = {
        {"{\"type\": \"string\"}", "x", NULL},
        {"{\"type\": \"string\"}", "'5'", NULL},
        {"{\"type\": \"string\"}", "5", "f:1:4: s › a: expected a text, not the number 5\nhint: quote it: \"5\""},
        {"{\"type\": \"string\"}", "yes", "expected a text, not the boolean true (YAML reads \"yes\" so)"},
        {"{\"type\": \"string\"}", "~", "expected a text, not nothing"},
        {"{\"type\": [\"string\", \"null\"]}", "~", NULL},
        {"{\"type\": \"integer\"}", "5.0", NULL},
        {"{\"type\": \"integer\"}", "5.5", "expected a whole number, not the number 5.5"},
        {"{\"type\": \"number\"}", "5.5", NULL},
        {"{\"type\": \"boolean\"}", "on", NULL},
        {"{\"type\": \"boolean\"}", "'on'", "expected true or false, not the text \"on\""},
        {"{\"type\": \"array\"}", "[1]", NULL},
        {"{\"type\": \"array\"}", "{}", "expected a list, not a map"},
        {"{\"type\": \"object\"}", "[]", "expected a map, not a list"},
        {"{\"type\": \"array\", \"items\": {\"type\": \"string\"}}", "[a, 1]", "s › a[1]: expected a text"},
        {"{\"type\": \"array\", \"items\": {\"type\": \"string\"}}", "x", "hint: write `a: [x]`"},
        {"{\"type\": \"array\", \"items\": {\"type\": \"object\"}}", "[~]", "s › a[0]: this entry of the list is empty"},
        {"{\"type\": \"array\", \"minItems\": 1}", "[]", "needs at least 1 entry"},
        {"{\"type\": \"array\", \"maxItems\": 1}", "[1, 2]", "has more than 1 entries"},
        {"{\"enum\": [\"one\", \"two\"]}", "two", NULL},
        {"{\"enum\": [\"one\", \"two\"]}", "tow", "expected one of one, two, not the text \"tow\"\nhint: did you mean \"two\"?"},
        {"{\"enum\": [1, \"1\"]}", "1", NULL},
        {"{\"enum\": [true]}", "yes", NULL},
        {"{\"enum\": [null]}", "~", NULL},
        {"{\"const\": 1}", "'1'", "expected 1, not the text \"1\"\nhint: write it without quotes"},
        {"{\"pattern\": \"^[a-z]+$\"}", "abc", NULL},
        {"{\"pattern\": \"^[a-z]+$\"}", "aBc", "\"aBc\" does not match the pattern ^[a-z]+$"},
        {"{\"pattern\": \"^[a-z]+$\", \"patternErrorMessage\": \"letters only\"}", "5", "s › a: letters only"},
        {"{\"minLength\": 1}", "''", "must not be empty"},
        {"{\"minLength\": 3}", "üü", "is too short"},
        {"{\"maxLength\": 2}", "üü", NULL},
        {"{\"maxLength\": 1}", "üü", "is longer than 1 characters"},
        {"{\"minimum\": 0}", "-1", "-1 is less than 0"},
        {"{\"maximum\": 10}", "10.5", "10.5 is more than 10"},
        {"{\"oneOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": \"string\"}}]}", "[a]", NULL},
        {"{\"oneOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": \"string\"}}]}", "[1]",
         "s › a[0]: expected a text"},
        {"{\"oneOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": \"string\"}}]}", "{}",
         "expected a text or a list of texts, not a map"},
        {"{\"oneOf\": [{\"minimum\": 1}, {\"minimum\": 2}]}", "3", "fits several forms at once"},
        {"{\"anyOf\": [{\"minimum\": 1}, {\"minimum\": 2}]}", "3", NULL},
        {"{\"allOf\": [{\"minimum\": 1}, {\"maximum\": 2}]}", "3", "3 is more than 2"},
        {"{\"not\": {\"const\": \"x\"}}", "x", "is a value that is not allowed here"},
        {"{\"type\": \"string\", \"errorMessage\": \"say what you want\"}", "5", "f:1:4: s › a: say what you want"},
        {"{\"$ref\": \"#/$defs/t\"}", "5", "expected a text"},
        {"true", "5", NULL},
        {"false", "5", "is not allowed here"},
        {"{\"type\": \"string\", \"deprecated\": true, \"deprecationMessage\": \"use b\"}", "x",
         "warning: s: key \"a\" is deprecated: use b"},
        {"{\"properties\": {\"b\": {}, \"c\": {}}, \"additionalProperties\": false, \"required\": [\"b\"]}", "{c: 1}",
         "s › a: key \"b\" is missing"},
        {"{\"properties\": {\"bee\": {}}, \"additionalProperties\": false}", "{bea: 1}",
         "s › a: unknown key \"bea\" (did you mean \"bee\"?)"},
        {"{\"properties\": {\"bee\": {}}, \"additionalProperties\": false, \"x-elsewhere\": {\"wasp\": \"not here\"}}", "{wasp: 1}",
         "unknown key \"wasp\"\nhint: not here"},
        {"{\"properties\": {\"bee\": {\"properties\": {\"wing\": {}}}}, \"additionalProperties\": false}", "{wing: 1}",
         "hint: \"wing\" belongs under `bee`"},
        {"{\"properties\": {\"bee\": {}}, \"additionalProperties\": false}", "{other: 1}", "hint: \"other\" belongs beside `a`"},
        {"{\"additionalProperties\": {\"type\": \"string\"}}", "{x: 1}", "s › a › x: expected a text"},
        {"{\"patternProperties\": {\"^x-\": true}, \"additionalProperties\": false}", "{x-a: 1}", NULL},
        {"{\"dependentRequired\": {\"b\": [\"c\"]}}", "{b: 1}", "key \"b\" needs key \"c\" beside it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *schema = sw_format("{\"properties\": {\"a\": %s, \"other\": {}}, \"additionalProperties\": false, "
                                                 "\"$defs\": {\"t\": {\"type\": \"string\"}}}",
                                                 rows[i].schema);
        sw_cleanup_free char *yaml = sw_format("a: %s\n", rows[i].value);
        sw_cleanup_free char *said = verdict(schema, yaml);
        if (rows[i].said ? !strstr(said, rows[i].said) : *said)
            fail_msg("row %zu: %s with %s: %s", i, rows[i].schema, rows[i].value, said);
    }
}

static void bad_schemas_are_refused(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"[", "no JSON object"},
        {"[]", "no JSON object"},
        {"{\"pattern\": \"(\"}", "pattern \"(\""},
        {"{\"properties\": {\"a\": {\"$ref\": \"#/$defs/x\"}}}", "leads nowhere"},
        {"{\"$ref\": \"#\"}", "leads nowhere"},
        {"{\"anyOf\": [{\"$ref\": \"http://example.com\"}]}", "leads nowhere"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *said = verdict(rows[i][0], "a: 1\n");
        if (!strstr(said, rows[i][1]))
            fail_msg("%s: %s", rows[i][0], said);
    }
}

static void a_schema_may_hold_itself(void **state) {
    (void)state;
    static const char schema[] =
        "{\"properties\": {\"a\": {\"$ref\": \"#\"}, \"n\": {\"type\": \"integer\"}}, \"additionalProperties\": false}";
    sw_cleanup_free char *good = verdict(schema, "a: {a: {a: {n: 1}}}\n"), *bad = verdict(schema, "a: {a: {a: {n: x}}}\n");
    assert_string_equal(good, "");
    assert_non_null(strstr(bad, "f:1:16: s › a › a › a › n: expected a whole number"));
}

/* Every $ref of the combined schema leads to a definition. */
static void check_references(const json_t *node, const json_t *defs, size_t *count) {
    const char *key, *ref = json_string_value(json_object_get(node, "$ref"));
    if (ref) {
        (*count)++;
        if (strncmp(ref, "#/$defs/", 8) != 0 || !json_object_get(defs, ref + 8))
            fail_msg("%s", ref);
    }
    json_t *child;
    size_t index;
    json_object_foreach((json_t *)node, key, child) {
        assert_false(strncmp(key, "x-", 2) == 0);
        check_references(child, defs, count);
    }
    json_array_foreach((json_t *)node, index, child) {
        check_references(child, defs, count);
    }
}

static void the_combined_schema_stands_alone(void **state) {
    (void)state;
    sw_cleanup_buf struct sw_buf text = {0};
    sw_listing_schema(&text, fixture_builders(), 2);
    sw_cleanup_json json_t *root = json_loads(sw_buf_text(&text), 0, NULL);
    size_t count = 0;
    assert_non_null(root);
    check_references(root, json_object_get(root, "$defs"), &count);
    assert_true(count > 50);
    const json_t *dockerfile = json_object_get(json_object_get(json_object_get(root, "$defs"), "dockerfile"), "properties");
    assert_non_null(json_object_get(dockerfile, "target"));
    assert_non_null(json_object_get(dockerfile, "imageSpec"));
    assert_null(json_object_get(dockerfile, "shell"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keywords_are_obeyed),
        cmocka_unit_test(bad_schemas_are_refused),
        cmocka_unit_test(a_schema_may_hold_itself),
        cmocka_unit_test(the_combined_schema_stands_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

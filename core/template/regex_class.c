#include "core/template/regex_class.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/template/unicode.h"

enum { SURROGATES_START = 0xD800, SURROGATES_END = 0xDFFF, LONG_S = 0x17F, KELVIN = 0x212A };

void sw_regex_class_init(struct sw_regex_class *set) {
    *set = (struct sw_regex_class){.ranges = {.width = sizeof(struct sw_regex_range)}};
}

void sw_regex_class_fini(struct sw_regex_class *set) {
    sw_vec_fini(&set->ranges);
    sw_buf_fini(&set->properties);
}

void sw_regex_class_add(struct sw_regex_class *set, uint32_t low, uint32_t high) {
    sw_vec_push(&set->ranges, &(struct sw_regex_range){low, high});
}

/* Ranges of ASCII as text: pairs of characters. */
static bool in_group(const char *pairs, size_t len, uint32_t rune) {
    for (size_t i = 0; i + 1 < len; i += 2)
        if (rune >= (unsigned char)pairs[i] && rune <= (unsigned char)pairs[i + 1])
            return true;
    return false;
}

/* Adds a group of ASCII characters, or all others. Folded, letters bring their other case and what folds to them. */
static void add_group(struct sw_regex_class *set, const char *pairs, size_t len, bool negated, bool fold) {
    bool member[129] = {false};
    for (uint32_t c = 0; c < 128; c++) {
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        member[c] = in_group(pairs, len, c) || (fold && letter && in_group(pairs, len, c ^ 0x20));
        if (member[c] != negated)
            sw_regex_class_add(set, c, c);
    }
    bool long_s = fold && member['s'], kelvin = fold && member['k'];
    if (!negated) {
        if (long_s)
            sw_regex_class_add(set, LONG_S, LONG_S);
        if (kelvin)
            sw_regex_class_add(set, KELVIN, KELVIN);
        return;
    }
    sw_regex_class_add(set, 128, LONG_S - 1);
    sw_regex_class_add(set, LONG_S + (long_s ? 1 : 0), KELVIN - 1);
    sw_regex_class_add(set, KELVIN + (kelvin ? 1 : 0), SW_RUNE_MAX);
}

bool sw_regex_class_add_perl(struct sw_regex_class *set, char letter, bool fold) {
    static const char digits[] = "09", spaces[] = "\t\n\f\r  ", words[] = "09AZaz__";
    switch (letter | 0x20) {
    case 'd':
        add_group(set, digits, sizeof digits - 1, letter == 'D', fold);
        return true;
    case 's':
        add_group(set, spaces, sizeof spaces - 1, letter == 'S', fold);
        return true;
    case 'w':
        add_group(set, words, sizeof words - 1, letter == 'W', fold);
        return true;
    default:
        return false;
    }
}

bool sw_regex_class_add_posix(struct sw_regex_class *set, struct sw_str name, bool fold) {
    static const struct {
        const char *name;
        const char *pairs;
        size_t len;
    } groups[] = {
        {"alnum", "09AZaz", 6},
        {"alpha", "AZaz", 4},
        {"ascii", "\0\x7F", 2},
        {"blank", "\t\t  ", 4},
        {"cntrl", "\0\x1F\x7F\x7F", 4},
        {"digit", "09", 2},
        {"graph", "!~", 2},
        {"lower", "az", 2},
        {"print", " ~", 2},
        {"punct", "!/:@[`{~", 8},
        {"space", "\t\r  ", 4},
        {"upper", "AZ", 2},
        {"word", "09AZaz__", 8},
        {"xdigit", "09AFaf", 6},
    };
    bool negated = name.len > 2 && name.data[2] == '^';
    if (name.len < 5)
        return false;
    struct sw_str word = sw_str_slice(name, 2 + negated, name.len - 2);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (!sw_str_is(word, groups[i].name))
            continue;
        add_group(set, groups[i].pairs, groups[i].len, negated, fold);
        return true;
    }
    return false;
}

/* A name without '_', '-' and spaces, its first letter upper and the others lower; false if it does not fit. */
static bool canonical_name(struct sw_str name, char out[48]) {
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (c == '_' || c == '-' || c == ' ')
            continue;
        bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
        if ((!upper && !lower) || len == 47)
            return false;
        out[len] = len == 0 && lower ? (char)(c - 32) : len > 0 && upper ? (char)(c + 32) : c;
        len++;
    }
    out[len] = '\0';
    return len > 0;
}

/* The short name of a general category: itself, or an alias. */
static const char *category_of(const char *name) {
    static const char *const names[][2] = {
        {"Casedletter", "L&"},
        {"Closepunctuation", "Pe"},
        {"Combiningmark", "M"},
        {"Connectorpunctuation", "Pc"},
        {"Control", "Cc"},
        {"Cntrl", "Cc"},
        {"Currencysymbol", "Sc"},
        {"Dashpunctuation", "Pd"},
        {"Decimalnumber", "Nd"},
        {"Digit", "Nd"},
        {"Enclosingmark", "Me"},
        {"Finalpunctuation", "Pf"},
        {"Format", "Cf"},
        {"Initialpunctuation", "Pi"},
        {"Letter", "L"},
        {"Letternumber", "Nl"},
        {"Lineseparator", "Zl"},
        {"Lowercaseletter", "Ll"},
        {"Mark", "M"},
        {"Mathsymbol", "Sm"},
        {"Modifierletter", "Lm"},
        {"Modifiersymbol", "Sk"},
        {"Nonspacingmark", "Mn"},
        {"Number", "N"},
        {"Openpunctuation", "Ps"},
        {"Other", "C"},
        {"Otherletter", "Lo"},
        {"Othernumber", "No"},
        {"Otherpunctuation", "Po"},
        {"Othersymbol", "So"},
        {"Paragraphseparator", "Zp"},
        {"Privateuse", "Co"},
        {"Punctuation", "P"},
        {"Punct", "P"},
        {"Separator", "Z"},
        {"Spaceseparator", "Zs"},
        {"Spacingmark", "Mc"},
        {"Surrogate", "Cs"},
        {"Symbol", "S"},
        {"Titlecaseletter", "Lt"},
        {"Unassigned", "Cn"},
        {"Uppercaseletter", "Lu"},
        {"Lc", "L&"},
        {"C", "C"},
        {"Cc", "Cc"},
        {"Cf", "Cf"},
        {"Cn", "Cn"},
        {"Co", "Co"},
        {"Cs", "Cs"},
        {"L", "L"},
        {"Ll", "Ll"},
        {"Lm", "Lm"},
        {"Lo", "Lo"},
        {"Lt", "Lt"},
        {"Lu", "Lu"},
        {"M", "M"},
        {"Mc", "Mc"},
        {"Me", "Me"},
        {"Mn", "Mn"},
        {"N", "N"},
        {"Nd", "Nd"},
        {"Nl", "Nl"},
        {"No", "No"},
        {"P", "P"},
        {"Pc", "Pc"},
        {"Pd", "Pd"},
        {"Pe", "Pe"},
        {"Pf", "Pf"},
        {"Pi", "Pi"},
        {"Po", "Po"},
        {"Ps", "Ps"},
        {"S", "S"},
        {"Sc", "Sc"},
        {"Sk", "Sk"},
        {"Sm", "Sm"},
        {"So", "So"},
        {"Z", "Z"},
        {"Zl", "Zl"},
        {"Zp", "Zp"},
        {"Zs", "Zs"},
        {"Any", "Any"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i][0], name) == 0)
            return names[i][1];
    return NULL;
}

/* Scripts whose whole name has four letters; other names of four letters are abbreviations, which RE2 does not know. */
static bool is_script(const char *name) {
    static const char *const short_names[] = {"Ahom", "Cham", "Kawi", "Lisu", "Modi", "Newa", "Thai", "Toto"};
    if (strlen(name) != 4)
        return strlen(name) > 1;
    for (size_t i = 0; i < sizeof short_names / sizeof short_names[0]; i++)
        if (strcmp(short_names[i], name) == 0)
            return true;
    return false;
}

enum { CASED_END = 0x1E944, DOTTED_I = 0x130, DOTLESS_I = 0x131 };

static bool is_of_case(uint32_t rune, char letter) {
    return letter == 'u' ? sw_rune_is_upper(rune) : letter == 'l' ? sw_rune_is_lower(rune) : sw_rune_is_title(rune);
}

/* One character for all that differ in case alone. */
static uint32_t folded(uint32_t rune) {
    return rune == DOTTED_I || rune == DOTLESS_I ? rune : sw_rune_lower(sw_rune_upper(rune));
}

/* Lu, Ll or Lt by its last letter, with what differs from a member in case alone; or all others. */
static void add_case_folded(struct sw_regex_class *set, char letter, bool negated) {
    bool *member = sw_new(CASED_END * sizeof *member);
    for (uint32_t rune = 0; rune < CASED_END; rune++)
        if (is_of_case(rune, letter))
            member[folded(rune)] = true;
    uint32_t start = 0;
    for (uint32_t rune = 0; rune <= CASED_END; rune++) {
        bool in = rune < CASED_END && (member[folded(rune)] || is_of_case(rune, letter)) != negated;
        if (!in && rune > start)
            sw_regex_class_add(set, start, rune - 1);
        if (!in)
            start = rune + 1;
    }
    if (negated)
        sw_regex_class_add(set, CASED_END, SW_RUNE_MAX);
    free(member);
}

/* What differs only in case from a member of a category or script that is no matter of case. */
static void add_other_cases(struct sw_regex_class *set, const char *name) {
    static const struct {
        const char *name;
        uint32_t runes[3];
    } others[] = {
        {"L", {0x345}},
        {"M", {0x399, 0x3B9, 0x1FBE}},
        {"Mn", {0x399, 0x3B9, 0x1FBE}},
        {"Inherited", {0x399, 0x3B9, 0x1FBE}},
        {"Common", {0x39C, 0x3BC}},
        {"Greek", {0xB5, 0x345}},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        for (size_t j = 0; strcmp(others[i].name, name) == 0 && j < 3 && others[i].runes[j]; j++)
            sw_regex_class_add(set, others[i].runes[j], others[i].runes[j]);
}

bool sw_regex_class_add_unicode(struct sw_regex_class *set, struct sw_str name, bool negated, bool fold) {
    char canonical[48];
    if (!canonical_name(name, canonical))
        return false;
    char sign = negated ? 'P' : 'p';
    const char *category = category_of(canonical);
    if (fold && category && (strcmp(category, "Lu") == 0 || strcmp(category, "Ll") == 0 || strcmp(category, "Lt") == 0)) {
        add_case_folded(set, category[1], negated);
        return true;
    }
    if (fold && !negated)
        add_other_cases(set, category ? category : canonical);
    if (strcmp(canonical, "Ascii") == 0)
        add_group(set, "\0\x7F", 2, negated, false);
    else if (strcmp(canonical, "Assigned") == 0)
        sw_buf_printf(&set->properties, "\\%c{Cn}", negated ? 'p' : 'P');
    else if (category)
        sw_buf_printf(&set->properties, "\\%c{%s}", sign, category);
    else if (is_script(canonical))
        sw_buf_printf(&set->properties, "\\%c{sc:%s}", sign, canonical);
    else
        return false;
    return true;
}

static void write_range(struct sw_buf *out, uint32_t low, uint32_t high) {
    if (low > high)
        return;
    sw_buf_printf(out, "\\x{%x}", low);
    if (high > low)
        sw_buf_printf(out, "-\\x{%x}", high);
}

void sw_regex_class_write(struct sw_buf *out, const struct sw_regex_class *set, bool fold) {
    sw_cleanup_buf struct sw_buf members = {0};
    const struct sw_regex_range *ranges = set->ranges.data;
    for (size_t i = 0; i < set->ranges.len; i++) {
        uint32_t low = ranges[i].low, high = ranges[i].high;
        write_range(&members, low, high < SURROGATES_START ? high : SURROGATES_START - 1);
        write_range(&members, low > SURROGATES_END ? low : SURROGATES_END + 1, high);
    }
    sw_buf_add(&members, sw_buf_text(&set->properties), set->properties.len);
    if (members.len == 0)
        sw_buf_puts(out, set->negated ? "(?s:.)" : "(?!)");
    else
        sw_buf_printf(out, "%s[%s%s]%s", fold ? "(?i:" : "", set->negated ? "^" : "", members.data, fold ? ")" : "");
}

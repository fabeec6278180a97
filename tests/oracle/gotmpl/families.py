#!/usr/bin/env python3
"""Makes random template cases of single functions, one JSON object a line, for compare.py.

    families.py COUNT [SEED] [FUNCTION...]

Where generate.py combines everything with everything, a case here is one call: every function with the arguments it is made for, made up
piece by piece (patterns, layouts, addresses, documents), and with values of every kind there is, fitting or not. The result is shown with
its type.
"""
import json
import random
import sys

from generate import FUNCTIONS as DETERMINISTIC, KEYS, WORDS

CERT = ("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJlakNDQVIrZ0F3SUJBZ0lVY0k2SWJ0WVY=", "eA==")

# Letters as in generate.py; C a cipher's text, P a kind of key, m a form of derivePassword.
FUNCTIONS = dict(DETERMINISTIC)
FUNCTIONS.update({
    "ago": "t", "buildCustomCert": "CC", "decryptAES": "sC", "htpasswd": "ss", "genPrivateKey": "P", "randInt": "ii", "include_debug": "Na", "tpl_debug": "Ga",
    "printf_debug": "Fa*", "dump_debug": "a", "keys": "d*", "values": "d", "genSignedCert": "slli", "genSelfSignedCert": "slli", "genCAWithKey": "sis",
    "randAlpha": "i", "randBytes": "i", "uuidv4": "", "now": "", "bcrypt": "s", "encryptAES": "ss", "shuffle": "s",
})
# What is random or slow, and how to look at it all the same.
STEADY = {
    "ago": "kindOf", "randInt": "kindOf", "keys": "sortAlpha", "values": "len", "randAlpha": "len", "randBytes": "len", "uuidv4": 'regexMatch "^[0-9a-f]{8}-[0-9a-f]{4}-4"',
    "now": "typeOf", "bcrypt": "len", "htpasswd": 'regexFind "^.*:[$]2a[$]10[$]"', "encryptAES": "kindOf", "shuffle": "len", "genPrivateKey": 'regexFind "^.*"',
}
SLOW = ("bcrypt", "htpasswd", "genPrivateKey", "genSignedCert", "genSelfSignedCert", "genCAWithKey")
VERBS = "vdsqxXtTbcoOUeEfFgGwz%!"
UNICODE = "aZ09 _-./:éßÜñΩжд日本🙂ǅİſK\u00a0\u0301\u200b\u2028\ufeff\ufffd\x01\x1b\x7f\t\n\r\"'\\`$%{}[]()<>&#*?!|@,;=+~^"

# A value of every kind that a template can hold, as an operand.
VALUES = [
    "nil", ".missing", ".nil", "(rest (list))", '(regexFindAll "x" "a" -1)', "(list)", "(list nil)", "(dict)", '(dict "a" nil)', "true", "false", "0", "1", "-1", "42", "'a'",
    "0x1F", "9223372036854775807", "-9223372036854775808", "1.5", "-0.5", "2.0", "1e21", "1e-7", "100000.0", "1e6", "123456789.0", "0.1", "2i", "1+2i", '""', '"a"', '"1"', '"1.0"',
    '"0x10"', '"08"', '" 1"', '"1e3"', '"true"', '"é"', '"a b"', '"\\xff"', "`a\\b`", "(add 1 2)", "(add1 .f)", "(int64 7)", "(int 7)", "(float64 3)", "(atoi \"12\")", "(len .l)",
    '(index "abc" 1)', '(semver "1.2.3-a.1+b").Major', '(semver "1.2.3-a.1+b")', '(semver "1.2").IncMajor', '(toDate "2006-01-02" "2020-02-29")', "(toDate \"x\" \"y\")",
    '(toDate "2006-01-02T15:04:05Z07:00" "2021-06-05T04:03:02.5+05:30")', '((toDate "2006" "2020").Sub (toDate "2006" "2019"))', '(toDate "2006" "2020").Month',
    '(toDate "2006" "2020").Weekday', "(list 1 2 3)", '(list "b" "a" 1 2.5 nil true)', '(list (list 1) (dict "a" 1))', "(until 3)", "(chunk 2 (list 1 2 3))",
    '(splitList "," "b,a,,c")', '(split "," "x,y")', '(splitn "," 2 "x,y,z")', '(fromYaml "a: 1\\nb: [1, x, 2.5, ~, true]\\nc: {d: 1, 2: e, y: f}")', '(fromYaml "a: {b: {c: 1}}").a',
    '(fromYaml "a: 18446744073709551615").a', '(fromYaml "a: [{b: 1}]").a', '(fromJson "{\\"a\\":[1,{\\"b\\":null}],\\"c\\":1.5e10}")', '(fromJson "[1,2.5,\\"x\\"]")', ".l", ".m", ".f", ".s", ".big", ".t", ".Commit",
    ".Commit.Date", ".Commit.Hash", ".", "$", '(dict "a" 1 "b" (list 1 2) "c" (dict "d" nil))', '(dict "b" "x" "10" 1 "9" 2 "A" 3)', '(pluck "a" .m .m)', '(regexSplit "," "a,b" -1)',
    '(toStrings (list 1 "a"))', '(sortAlpha (list "b" "a"))', '(keys (dict "a" 1))', '(compact (list 0 1))', '(deepCopy .m)', "(tuple 1 2)", '(urlParse "http://u:p@h:1/p?q#f")',
    '(print 1 2)', "(not 1)", "(index .l 0)", '(index .m "a")', '(first .l)', '(last (list 1 nil))', '(rest (list 1))', '(slice (list 1 2 3) 1 2)', "(concat (list 1) (list))",
]
# Values as they stand alone in an action.
WRAPS = ["{{ %s }}"] * 5 + ['{{ printf "%%v|%%T" (%s) (%s) }}', "{{ %s | toJson }}", "{{ %s | toYaml }}", "{{ %s | quote }}", "{{ %s | typeOf }}", "{{ %s | kindOf }}", '{{ printf "%%#v" (%s) }}',
                         '{{ printf "%%q" (%s) }}', "{{ $x := %s }}[{{ $x }}]", "{{ range $k, $v := %s }}{{ $k }}={{ $v }};{{ else }}none{{ end }}", "{{ with %s }}<{{ . }}>{{ else }}no{{ end }}",
                         "{{ if %s }}y{{ else }}n{{ end }}", "{{ (%s).a }}", "{{ index (%s) 0 }}", "{{ len (%s) }}", "{{ %s | toString | b64enc }}", "\n  {{- %s -}}\n", "{{ print (%s) nil }}", "{{ eq (%s) 1 }}"]


def literal(text):
    """A text as a template's string constant."""
    out = []
    for ch in text:
        if ch == '"' or ch == "\\":
            out.append("\\" + ch)
        elif ch == "\n":
            out.append("\\n")
        elif ch < " " or ch == "\x7f":
            out.append("\\x%02x" % ord(ch))
        else:
            out.append(ch)
    return '"' + "".join(out) + '"'


class Texts:
    """Texts of each kind, made up piece by piece."""

    def __init__(self, r):
        self.r = r

    def some(self, make, low, high, joint=""):
        return joint.join(make() for _ in range(self.r.randint(low, high)))

    def accident(self, text):
        r = self.r
        if not text or r.random() > 0.12:
            return text
        at = r.randrange(len(text))
        return r.choice([text[:at] + text[at + 1:], text[:at] + r.choice(UNICODE) + text[at:], text[:at], text[at:], text + text])

    def word(self):
        r = self.r
        kind = r.random()
        if kind < 0.3:
            return r.choice(WORDS).replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"').replace("\\x80", "x").replace("\\u00a0", "\u00a0")
        if kind < 0.6:
            return self.some(lambda: r.choice("abcABC019 -_."), 0, 12)
        if kind < 0.8:
            return self.some(lambda: r.choice(UNICODE), 0, 9)
        return self.some(lambda: r.choice(["foo", "Bar", "HTTP", "x9", "2go", "é", "a.b", "日", "ok", "ID"]), 1, 6, r.choice([" ", "_", "-", "", ",", "/", "  "]))

    def atom(self, depth):
        r = self.r
        kind = r.random()
        if kind < 0.35:
            return r.choice("abcxyzABl o0123é,.-") + r.choice(["", "", "", "", "b"])
        if kind < 0.5:
            return r.choice([r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", r"\B", r"\A", r"\z", ".", "^", "$", r"\pL", r"\PL", r"\p{Lu}", r"\p{Greek}", r"\p{^Greek}", r"\P{Han}", r"\n", r"\t", r"\.", r"\-", r"\x41",
                             r"\x{e9}", r"\101", r"\07", r"\C", r"\Qa+b\E", r"\Q.", r"\a", r"\v", r"\f", r"\r", r"\_", r"\é", r"\p{Any}", r"\pN", r"\p{Latin}", r"\p{Nope}", r"\p", r"\p{", r"\x{110000}", r"\xg", r"\Z", r"\G",
                             r"\1", r"\K", r"\h", r"\R", r"\X", r"\u0041", r"\cA", r"\e", r"\/", r"\#", r"\"", r"\<", r"\@"])
        if kind < 0.68:
            return "[" + r.choice(["", "", "^"]) + self.some(lambda: r.choice(["a", "b", "a-c", "0-9", "A-Z", "-", r"\d", r"\w", r"\S", r"\]", "]", "[:alpha:]", "[:^digit:]", "[:word:]", "[:bad:]", "é", "а-я", r"\pL", r"\x41-\x43", "^", ".", " ",
                                                                             "z-a", r"\-", "[", "&&", r"\b", r"\n", "a-", "-z", r"\d-z", "[:", r"\p{Lu}", r"\PN", "k", "s", "K"]), 1, 4) + "]"
        if kind < 0.86 and depth < 3:
            return "(" + r.choice(["", "", "", "?:", "?i:", "?s:", "?P<n>", "?<m>", "?U:", "?m:", "?i-s:", "?-i:", "?P<1a>", "?P<n", "?=", "?!", "?<=", "?P>n", "?#", "?>", "?:", "?i", "?P=n", "?'n'"]) + self.regex(depth + 1) + ")"
        return r.choice(["(?i)", "(?s)", "(?m)", "(?U)", "(?i-m)", "", "", "()", "(?:)", "|", "(?x)", "(?)", "(?-)", "(?i-)", "(?ii)"])

    def repeat(self):
        r = self.r
        if r.random() < 0.65:
            return ""
        return r.choice(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,}", "{0,2}", "{2,1}", "{,2}", "{a}", "{1", "{1001}", "{0}", "{0,0}", "{1000}", "**", "*+", "+*", "{2}{3}", "{1,2}?", "{ 1}", "{1,2", "{01}", "++", "?+", "{2}+", "{-1}", "{1000}{2}"])

    def regex(self, depth=0):
        r = self.r
        return "|".join(self.some(lambda: self.atom(depth) + self.repeat(), 0 if r.random() < 0.1 else 1, 4) for _ in range(r.choice([1, 1, 1, 1, 2, 3])))

    def replacement(self):
        return self.some(lambda: self.r.choice(["$1", "${1}", "$n", "${n}", "$$", "$", "x", "é", "${", "}", "$0", "$1a", "$2", "${10}", "\\1", "$é", "${1", "-", "$_", "${ 1}", "$12"]), 0, 4)

    def layout(self):
        r = self.r
        pieces = ["2006", "06", "01", "1", "Jan", "January", "02", "2", "_2", "002", "__2", "15", "03", "3", "04", "4", "05", "5", "PM", "pm", "Mon", "Monday", "MST", "Z07:00", "Z0700", "Z07", "-07:00", "-0700",
                  "-07", "Z07:00:00", "-07:00:00", "-070000", "Z070000", ".000", ",000", ".999", ",9", "05.00", "05,999999", ".000000000", " ", "-", "/", ":", "T", "x", "é", "Janu", "Mond", "_2006", "_2 ", "12", "0", "20", "day", "h", "Z", "."]
        return self.accident(self.some(lambda: r.choice(pieces), 0, 6, r.choice(["", " ", "-", ":"])))

    def when(self):
        """A layout and a text that comes near to it."""
        r = self.r
        pairs = [("2006-01-02", "%04d-%02d-%02d"), ("2006-1-2", "%d-%d-%d"), ("02.01.06", None), ("15:04:05", None), ("2006-01-02T15:04:05Z07:00", None), ("Jan _2 2006", None), ("Mon, 02 Jan 2006 15:04:05 MST", None),
                 ("3:04PM", None), ("2006-01-02 15:04:05.000", None), ("2006 002", None), ("Monday January 2 2006", None), ("2006-01-02 15:04:05 -0700", None), ("20060102150405", None), ("05.999", None), ("Mon Jan  2 15:04:05 2006", None)]
        layout, form = r.choice(pairs)
        year, month, day = r.choice([2020, 1999, 0, 9999, 2021, 1900, 12345]), r.randint(0, 13), r.randint(0, 32)
        if form:
            text = form % (year, month, day)
        else:
            two = lambda top: "%02d" % r.randint(0, top)
            parts = {"2006": "%04d" % year, "Monday": r.choice(["Tuesday", "monday", "Mon"]), "January": r.choice(["March", "february", "Foo"]), "Jan": r.choice(["Feb", "dec", "Xxx"]), "Mon": r.choice(["Tue", "SUN", "Zzz"]),
                     "MST": r.choice(["UTC", "CET", "GMT+3", "WITA", "EST", "+03", "XXXXXX", "ChST"]), "Z07:00": r.choice(["Z", "+02:00", "-11:30", "+25:00", "+02:99"]), "-0700": r.choice(["+0200", "-0930", "0200", "+2500"]), ".000": r.choice([".123", ",5", ".12", ".1234"]),
                     ".999": r.choice(["", ".5", ".123456789", ".", ",25"]), "002": r.choice(["001", "366", "060", "367", "12"]), "PM": r.choice(["AM", "PM", "pm", "XM"]), "_2": r.choice([" 1", "31", "1", " 0"]), "15": two(24), "04": two(60), "05": two(60), "06": two(99),
                     "01": two(13), "02": two(31), "3": r.choice(["1", "12", "0", "13"]), "2": r.choice(["1", "28", "31"])}
            text, at = "", 0
            while at < len(layout):
                name = next((n for n in sorted(parts, key=len, reverse=True) if layout.startswith(n, at)), None)
                text += parts[name] if name else layout[at]
                at += len(name) if name else 1
        return literal(layout) + " " + literal(self.accident(text))

    def zone(self):
        return self.r.choice(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "nope", "", "Local", "Australia/Sydney", "Etc/GMT+3", "America/Sao_Paulo", "Asia/Kathmandu", "EST", "EST5EDT", "../etc/passwd", "europe/berlin",
                              "Pacific/Apia", "Africa/Casablanca", "Europe/Dublin", "/UTC", "GMT", "Z", "Antarctica/Troll", "CET"])

    def duration(self):
        r = self.r
        return self.accident(r.choice(["", "-", "+"]) + self.some(lambda: r.choice(["1", "0", "90", "1.5", ".5", "1.", "100000", "2562047", "9223372036854775807", "36", "24", "365", "8760", "0.000000001", "3.3333333333", "1_0"]) + r.choice(["h", "m", "s", "ms", "us", "µs", "μs", "ns", "d", "", "y"]), 1, 3))

    def version(self):
        r = self.r
        number = lambda: r.choice(["0", "1", "2", "3", "10", "01", "x", "", "18446744073709551616", "999999999"]) if r.random() < 0.3 else str(r.randint(0, 4))
        return self.accident(r.choice(["", "", "v", "V", " "]) + self.some(number, 1, 3 if r.random() < 0.9 else 4, ".") + r.choice(["", "", "", "-" + self.some(lambda: r.choice(["alpha", "1", "10", "rc1", "0", "01", "b-c", "", "é"]), 1, 3, "."), "+" + self.some(lambda: r.choice(["m", "01", "b-1", ""]), 1, 2, "."), "-a+b"]))

    def constraint(self):
        r = self.r
        version = lambda: r.choice([self.version(), self.version(), self.some(lambda: r.choice(["1", "2", "0", "x", "*", "X"]), 1, 3, "."), "*", ""])
        part = lambda: r.choice(["", "=", "==", "!=", ">", "<", ">=", "<=", "=>", "=<", "~", "~>", "^", "<>", "!", ">>"]) + r.choice(["", "", "", " ", "  "]) + version()
        return self.accident(r.choice([lambda: self.some(part, 1, 3, r.choice([" ", ", ", ",", " || ", "||", "|", " , "])), lambda: version() + r.choice([" - ", "-", " -", "  -  "]) + version()])())

    def url(self):
        r = self.r
        bit = lambda: self.some(lambda: r.choice(["a", "b", "%20", "é", " ", "+", "%zz", "%2F", "/", ":", "@", ";", "=", "&", "~", "!", "'", "(", "*", ",", "%", "\\", "\"", "<", "|", "^", "[", "]", "$", "\t", "\x7f", "%C3%A9", "%ff"]), 0, 4)
        host = lambda: r.choice(["h", "a.b", "h:80", "h:", "h:x", "[::1]", "[::1]:80", "[fe80::1%25en0]", "[::1", "::1", "a b", "a%20b", "h%41", "é.x", "", "u@h", "u:p@h", ":p@h", "u:p:q@h", "a@b@h", "h<", "1.2.3.4:65536", "%zz", "h_", "u%40:p%3A@h", "[::1]x", "[v1.x]"])
        return self.accident(r.choice(["http:", "https:", "mailto:", "", "", "a+b-c.d:", "1a:", "HTTP:", ":", "ht!p:", "é:", "s:"]) + r.choice(["//" + host(), "//" + host(), "//" + host(), "", "/", "///"]) + r.choice(["", "/" + bit(), bit()]) + r.choice(["", "", "?" + bit(), "?"]) + r.choice(["", "", "#" + bit(), "#"]))

    def scalar(self):
        r = self.r
        return r.choice(["1", "-1", "+1", "0x10", "0X1f", "010", "0o17", "0b11", "-0x1", "1_000", "0x_1", "08", "1.5", "1.", ".5", "-.5", "1e3", "1E3", "1e+3", "1.5e-3", ".inf", "-.inf", "+.INF", ".nan", ".NaN", "y", "Y", "yes", "No", "on", "OFF", "true", "True", "TRUE",
                         "tRue", "~", "null", "Null", "", "a", "a b", "'q'", "\"d\\n\\x41\\u00e9\\U0001F600\"", "'it''s'", "2001-01-01", "2001-12-14t21:59:43.10-05:00", "12:30", "190:20:30", "1:60", "18446744073709551615", "18446744073709551616", "-9223372036854775809", "9223372036854775808",
                         "!!str 1", "!!int 1", "!!int x", "!!float 1", "!!bool yes", "!!null x", "!!binary aGk=", "!!binary x", "!foo 1", "! 1", "!!timestamp 2001-01-01", "*a", "&a 1", "&a", "@x", "`x", "%x", "- x", "a: b", "a:b", "a #c", "a#c", "[1, 2", "[1, [2, x], {a: b}]", "{a: 1, b}", "{a: 1", "[a,]", "[,a]",
                         "{a: 1,}", "? a", "|", ">", "\"x", "'x", "\"\\q\"", "!!set {a}", "!!omap [a: 1]", "<<", "=", "é", "🙂", "\ufeffx", "\x01", "\t1", "1 ", "--- a", "...", "0", "00", "-0", "0.0", "1e", "e1", "0x", "0b2", "1__0", "_1", "1_", "+", "-", ".", "..", "+.5", "0b_1", "0.1e1", "1e400"])

    def yaml(self, depth=0, pad=""):
        r = self.r
        kind = r.random()
        if depth > 2 or kind < 0.3 and depth:
            return " " + self.scalar() + "\n"
        if kind < 0.75:
            lines = ["" if depth == 0 else "\n"]
            for _ in range(r.randint(1, 3)):
                key = r.choice(["a", "b", "c", "'q'", "1", "y", "~", "true", "1.5", "\"x y\"", "<<", "a b", "é", "? a\n" + pad, "!!str 2", "&k d", "2001-01-01", "0x1", "[a]", "{a: 1}", ""]) if r.random() < 0.4 else r.choice("abcdef")
                lines.append(pad + key + ":" + self.yaml(depth + 1, pad + r.choice(["  ", "  ", " ", "    "])))
            return "".join(lines)
        if kind < 0.9:
            return ("" if depth == 0 else "\n") + "".join(pad + "-" + self.yaml(depth + 1, pad + "  ") for _ in range(r.randint(1, 3)))
        inner = pad + "  "
        return r.choice([" |", " >", " |-", " >-", " |+", " >+", " |2", " |1-", " >9"]) + "\n" + self.some(lambda: r.choice([inner + "text\n", inner + "  more\n", "\n", inner + "a: b\n", inner + "tail \n", pad + "\n", inner + "\tx\n"]), 0, 4)

    def document(self):
        r = self.r
        text = r.choice(["", "", "", "", "---\n", "--- # c\n", "# c\n", "%YAML 1.1\n---\n", "\ufeff", "\n\n"]) + self.yaml() + r.choice(["", "", "", "...\n", "---\nb: 2\n", "# end\n", "...\nx\n"])
        return self.accident(text)

    def json(self, depth=0):
        r = self.r
        kind = r.random()
        if depth > 3 or kind < 0.55:
            return r.choice(["0", "1", "-1", "1.5", "1e3", "1E+2", "-0", "0.1", "1e999", "01", "+1", ".5", "1.", "1e", "-", "123456789012345678901", "true", "false", "null", "tru", "nul", "\"a\"", "\"\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\ud83dx\"", "\"\\n\\t\\/\\\\\"", "\"\\q\"",
                             "\"\\u12\"", "\"é\"", "\"<&>\"", "\"\u2028\"", "'a'", "a", "\"a", "\"\n\"", "\"\\\"\"", "\"\x7f\"", "NaN", "1e-7", "1e21", "1e20", "123456.789", "0.000001"])
        if kind < 0.75:
            return "[" + self.some(lambda: self.json(depth + 1), 0, 4, r.choice([",", ", ", " ,\n", ",", " "])) + r.choice(["]", "]", "]", "]", ",]", "", "}"])
        return "{" + self.some(lambda: r.choice(["\"a\"", "\"b\"", "\"é\"", "\"\"", "a", "1", "\"a b\"", "\"<\""]) + r.choice([":", ": ", " : ", ":", ""]) + self.json(depth + 1), 0, 4, r.choice([",", ", ", ",\n"])) + r.choice(["}", "}", "}", "}", ",}", "", "]"])

    def path(self):
        return self.some(lambda: self.r.choice(["a", "b.c", "..", ".", "", ".x", "x.tar.gz", "é", " ", "a\\b", "*"]), 0, 4, "/") + self.r.choice(["", "", "/", "//"])

    def format(self):
        r = self.r
        parts = []
        for _ in range(r.randint(1, 3)):
            flags = self.some(lambda: r.choice("+-# 0"), 0, r.choice([0, 0, 1, 2, 3]))
            width = r.choice(["", "", "", str(r.randint(0, 12)), "*", "[1]", "[2]*", "[x]", "[3]", "[0]", "[", "[]", "[1]*", "[-1]"])
            precision = r.choice(["", "", "", ".", ".2", ".0", ".*", ".10", ".[2]", ".[1]*", ".-1", ".03"])
            parts.append(r.choice(["", "a", " ", "é", "|"]) + "%" + flags + width + precision + (r.choice(VERBS) if r.random() < 0.98 else r.choice(["", "é", "\x80", "\n"])))
        return "".join(parts)

    def kind(self):
        return self.r.choice(["string", "int", "int64", "float64", "bool", "slice", "map", "invalid", "ptr", "struct", "[]interface {}", "map[string]interface {}", "<nil>", "[]string", "semver.Version", "*semver.Version", "time.Time", "", "interface", "uint64", "uint8", "complex128", "[]int", "map[string]string"])


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.texts = Texts(self.r)

    def argument(self, letter, name):
        r, t = self.r, self.texts
        if r.random() < 0.14:
            return r.choice(VALUES)
        makers = {"r": t.regex, "R": t.replacement, "L": t.layout, "z": t.zone, "D": t.duration, "V": t.version, "c": t.constraint, "u": t.url, "y": t.document, "j": t.json, "p": t.path, "Y": t.kind, "K": t.kind, "F": t.format}
        if letter in makers:
            return literal(makers[letter]())
        if letter == "s":
            return literal(t.word()) if r.random() < 0.9 else r.choice([".s", '(print .m)', '(toYaml .m)', '(join "," .l)'])
        if letter == "i":
            return r.choice([str(r.randint(-3, 9)), str(r.randint(-3, 30)), "(int 3)", "(len .l)", "2.0", "'a'", "1e0", "0x3", "(atoi \"2\")"])
        if letter == "n":
            return r.choice([str(r.randint(-9, 99)), "%g" % r.uniform(-50, 50), "%.3f" % r.uniform(-5, 5), "%de%d" % (r.randint(1, 9), r.randint(-8, 22)), literal(r.choice(["1", "0x1F", "010", "0b11", "1_000", "-5", "+7", "1.5", "08", "1e3", "", "inf", "NaN", ".5", "0x1p-2", "1.0", "1.00", "0.0", "-0", "9223372036854775808", " 1", "1.", "1e400", "0o7"])), r.choice(VALUES)])
        if letter == "f":
            return r.choice(["0.5", "1", "0.1", "0", ".99", "-1", "1.5"])
        if letter == "b":
            return r.choice(["true", "false", "(empty .l)", "(eq 1 1)"])
        if letter == "T":
            return literal(r.choice(["2020-02-29", "x", "", "12:30", "2021-06-05T04:03:02+05:30"]))
        if letter == "l":
            return r.choice([".l", "(list)", "(list 1 2 3)", '(list "b" "a" "" nil 0 "a")', "(until 4)", '(splitList "," "c,b,a")', '(list 1 1.0 "1" (int64 1) 1)', "(rest (list))", "(chunk 2 (until 5))", '(list (list 1) (list 1) (dict "a" 1) (dict "a" 1))', '(fromJson "[1,1,null,\\"\\"]")', '(fromYaml "a: [1, 1, x, ~]").a'])
        if letter == "d":
            fresh = ["(dict)", '(dict "a" 1 "b" nil "c" (dict "d" 1 "e" nil))', '(dict "c" (dict "d" 2 "f" (list 1)) "a" "" "z" 0)', '(fromJson "{\\"a\\":{\\"b\\":1},\\"c\\":[]}")', '(fromYaml "a: {b: 1, 2: x}\\nc: {d: 3}\\nb: [1]")', '(dict "a" (dict) "c" nil)', '(dict "c" "text" "a" (list))',
                     '(deepCopy .m)', '(dict 1 2 nil 3 "x")', '(dict "c" (dict "d" (dict "x" 1)) "a" false)', '(urlParse "http://h/p")']
            return r.choice(fresh if name in ("set", "unset") or "erge" in name else fresh + [".m", "."])
        if letter == "t":
            return r.choice(['(toDate "2006-01-02" "2020-02-29")', "1500000000", "(int64 -1)", "0", '(toDate "2006-01-02T15:04:05Z07:00" "2021-06-05T04:03:02.25+05:30")', '(dateModify "%s" (toDate "2006" "2000"))' % r.choice(["36h", "-1s", "1ns", "8760h", "x"]), "4102444800", '(toDate "2006-01-02" "0001-01-01")', '(toDate "x" "y")'])
        if letter == "x":
            return r.choice(VALUES)
        if letter == "k":
            return r.choice(["0", "1", "2", "-1", '"a"', '"b"', '"c" "d"', "0 0", '"a" 0', "nil", "1.0", "true", "(add 1 0)", "'a'", '""', ".f", ".nil", ".missing", ""])
        if letter == "U":
            return "(dict " + " ".join('"%s" %s' % (k, literal(v) if r.random() < 0.95 else "5") for k, v in [("scheme", r.choice(["", "http", "s"])), ("host", r.choice(["", "h", "h:80", "a b", "é"])), ("path", r.choice(["", "/p", "p q", "a:b", "*", "//x", "%zz"])),
                            ("query", r.choice(["", "q=1", "a b"])), ("fragment", r.choice(["", "f", "ü", "a b", "%"])), ("userinfo", r.choice(["", "u", "u:p", "a@b", "u:p:q"])), ("opaque", r.choice(["", "", "o", "a b"])), ("hostname", "x")] if r.random() < 0.8) + ")"
        if letter == "e":
            return r.choice(['"A"', '"B" "d"', '"NOPE"', '"A" "d"', '"NOPE" "d"', "1", '"EMPTY" "d"', '"EMPTY"', '"B"', '"ALLOWED"', '"A" "d" "e"', "nil", '""', '(list "A")'])
        if letter == "G":
            return literal(r.choice(["{{ . }}", "{{ .a }}", "x", "", "{{ if . }}y{{ end }}", "{{ nope }}", "{{", "{{ fail `x` }}", "a\n  {{ .x.y.z }}", "{{ range . }}<{{ . }}>{{ end }}", "{{ include \"t1\" . }}", "{{ tpl \"{{ fail `in` }}\" . }}", "{{ define \"t1\" }}new{{ end }}{{ include \"t1\" . }}",
                                     "{{ template \"t2\" . }}", "{{ template \"none\" }}", "\n\n{{ upper 1 }}", "{{ tpl \"\n{{ index . 9 }}\" (list 1) }}", "{{ $ }}", "{{ break }}", "{{ end }}", "{{ required `m` .nope }}", "{{ include \"t3\" . }}", "{{ $x }}", "{{ tpl . . }}", "{{/* c", "{{ `a", "{{ include \"t2\" .a.b }}"]))
        if letter == "N":
            return '"' + r.choice(["t1", "t2", "t3", "lib/a", "nope", "werfConfig2", ""]) + '"'
        if letter == "C":
            return literal(r.choice(["", "x", "YQ==", "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ=", "eHh4eHh4eHh4eHh4eHh4eHh4eHg=", CERT[0]]))
        if letter == "P":
            return '"%s"' % r.choice(["ecdsa", "ed25519", "nope", "", "rsa "][:4] if r.random() < 0.2 else ["ecdsa", "ed25519", "nope"])
        return r.choice([r.choice(VALUES), literal(t.word()), r.choice(VALUES)])

    def call(self, name):
        r = self.r
        params = FUNCTIONS[name]
        if name in ("toDate", "mustToDate") and r.random() < 0.7:
            return name + " " + self.texts.when()
        letters = list(params.replace("*", ""))
        if params.endswith("*"):
            letters = letters[:-1] + [letters[-1]] * r.choice([0, 1, 1, 2, 3])
        if r.random() < 0.03:
            letters = letters[:-1] if r.random() < 0.5 else letters + ["a"]
        arguments = [self.argument(letter, name) for letter in letters]
        if arguments and r.random() < 0.2:
            return arguments[-1] + " | " + " ".join([name] + arguments[:-1])
        return " ".join([name] + arguments)

    def printing(self):
        """Verbs times values."""
        return 'printf %s %s' % (literal(self.texts.format()), " ".join(self.r.choice(VALUES) for _ in range(self.r.choice([0, 1, 1, 1, 2, 3]))))

    def method(self):
        r = self.r
        t = r.choice(['(toDate "2006-01-02" "2020-02-29")', '(toDate "2006-01-02T15:04:05Z07:00" "2021-06-05T04:03:02.25+05:30")', '(toDate "x" "")'])
        d = '(%s.Sub %s)' % (t, '(toDate "2006-01-02T15:04:05" "2020-01-01T01:02:03")')
        v = r.choice(['(semver "1.2.3-a+b")', '(semver "v2")', '(semver "0.1.0").IncMinor', '(semver "1.2")'])
        other = r.choice(['(semver "1.2.3")', '(semver "1")', "1", "nil"])
        n = str(r.randint(-2, 13))
        return r.choice([
            t + "." + r.choice(["Year", "Month", "Day", "Hour", "Minute", "Second", "Nanosecond", "Weekday", "YearDay", "Unix", "UnixNano", "UnixMilli", "UnixMicro", "IsZero", "UTC", "Local", "String", "GoString", "Date", "Clock", "ISOWeek", "Zone", "Nope", "IsDST", "MarshalText",
                                    "Format " + literal(self.texts.layout()), "AddDate %s %s %s" % (n, n, n), "Sub " + t, "Before " + t, "After " + t, "Equal " + t, "Compare " + t, "Add " + d, "Truncate " + d, "Round " + d, "Format", "Format 1", "Year.x", "Month.String", "Add 1", "Month | int", "Weekday | add 1", "Year 1"]),
            d + "." + r.choice(["Hours", "Minutes", "Seconds", "Milliseconds", "Microseconds", "Nanoseconds", "String", "Abs", "Round " + d, "Truncate " + d, "Nope", "Round 1"]),
            v + "." + r.choice(["Major", "Minor", "Patch", "Prerelease", "Metadata", "Original", "String", "IncMajor", "IncMinor", "IncPatch", "Nope", "Compare " + other, "Equal " + other, "LessThan " + other, "GreaterThan " + other, "LessThanEqual " + other, "GreaterThanEqual " + other, 'SetPrerelease "x.1"', 'SetMetadata "m"', 'SetPrerelease "é"',
                                   'SetMetadata "+"', "Major | add 1", "IncPatch.Original", "IncPatch.String", "IncMajor.IncMajor", "MarshalJSON", "Major.x", "pre"]),
            ".Files." + r.choice(['Get "a.txt"', 'Get "nope"', 'Get "d/b.txt"', 'Glob "*"', 'Glob "d/*"', 'Glob "**/*.txt"', 'Exists "d"', 'IsDir "d"', 'IsDir "a.txt"', 'Exists "x"', "Get", "Nope", 'Glob "nope*"', "Get 1", 'Get "d"', "Glob nil", 'Get "a.txt" | upper', "tree"]),
            ".Commit." + r.choice(["Hash", "Date.Unix", "Date.Human", "Date", "Nope", "Date.Nope", "Date.Unix.x", "Date.Unix | int64", "Hash | trunc 7", "Hash 1", "Date.Nope.x"]),
        ])

    def expression(self, name=None):
        r = self.r
        if name:
            return self.call(name)
        kind = r.random()
        if kind < 0.10:
            return self.printing()
        if kind < 0.15:
            return self.method()
        name = r.choice(sorted(FUNCTIONS))
        if name in SLOW and r.random() < 0.9:
            name = r.choice(["toYaml", "fromYaml", "regexFindAll", "regexReplaceAll"])
        return self.call(name)

    def case(self, name, function=None):
        r = self.r
        expression = self.expression(function)
        called = function or next((part.split(" ")[0] for part in reversed(expression.split(" | ")) if part.split(" ")[0] in STEADY), "")
        if called in STEADY:
            text = "{{ %s | %s }}" % (expression, STEADY[called]) if called != "keys" else "{{ %s | sortAlpha }}" % expression
        elif expression.split(" ")[0].startswith("gen"):
            text = '{{ (%s).Cert | regexFind "^.*" }}' % expression
        else:
            wrap = r.choice(WRAPS)
            text = wrap.replace("%s", expression.replace("%", "%%"), 9) if "%%" not in wrap else wrap.replace("%s", "\0").replace("%%", "%").replace("\0", expression)
            if "%%" not in wrap:
                text = text.replace("%%", "%")
        case = {"name": name, "template": r.choice(["", "", "a\n", "é "]) + text, "environ": {"A": "va", "EMPTY": "", "ALLOWED": "x"}, "allow_environ": ["A", "/B|EMPTY/"],
                "data": {"l": [1, "a", None, 2.5, [1]], "m": {"a": 1, "b": "x", "c": {"d": None, "e": [1]}, "nil": None}, "f": 3, "s": "text", "big": 12345678, "t": True, "nil": None},
                "commit": {"hash": "0123456789abcdef0123456789abcdef01234567", "human": "2024-01-02 03:04:05 +0300 +0300", "unix": "1704153845"}}
        if ".Files" in text:
            case["files"] = {"a.txt": "hello\n", "d/b.txt": "b", "d/e/c.txt": ""}
        if r.random() < 0.2:
            case["loose"] = True
        if r.random() < 0.1 or "_debug" in text:
            case["debug"] = r.random() < 0.7
        if '"t' in text or '"lib' in text:
            case["templates"] = {"lib/a": "{{ define \"t1\" }}one {{ . }}{{ end }}{{ define \"t2\" }}\n  two {{ .a }}{{ upper .b }}{{ end }}{{ define \"t3\" }}{{ include \"t2\" .m }}{{ end }}text of lib {{ .s }}"}
        return case


def main():
    count = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    functions = sys.argv[3:]
    maker = Maker(seed)
    for i in range(count):
        print(json.dumps(maker.case("families %d/%d" % (seed, i), maker.r.choice(functions) if functions else None)))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes random template cases, one JSON object a line, for compare.py.

    generate.py COUNT [SEED]

Each case has a template from a grammar of the language with calls of every deterministic function, and random data.
"""
import json
import random
import sys

# Parameters: i int, s string, b bool, f float64, a anything, l list, d dict, t time, v version, r regular expression,
# D duration text, L layout, c constraint, u url, y yaml, j json, F format; '*' repeats the last one.
FUNCTIONS = {
    "abbrev": "is", "abbrevboth": "iis", "add": "n*", "add1": "n", "add1f": "n", "addf": "n*", "adler32sum": "s", "all": "a*",
    "any": "a*", "append": "la", "atoi": "s", "b32dec": "s", "b32enc": "s", "b64dec": "s", "b64enc": "s", "base": "p",
    "biggest": "nn*", "camelcase": "s", "cat": "a*", "ceil": "n", "chunk": "il", "clean": "p", "coalesce": "a*", "compact": "l",
    "concat": "l*", "contains": "ss", "date": "Lt", "dateInZone": "Ltz", "dateModify": "Dt", "date_in_zone": "Ltz",
    "date_modify": "Dt", "deepCopy": "a", "deepEqual": "aa", "default": "aa", "dict": "sasa", "dig": "ssad", "dir": "p", "div": "nn",
    "divf": "nn*", "duration": "a", "durationRound": "D", "empty": "a", "ext": "p", "fail": "s", "first": "l", "float64": "n",
    "floor": "n", "fromJson": "j", "fromYaml": "y", "get": "ds", "has": "al", "hasKey": "ds", "hasPrefix": "ss", "hasSuffix": "ss",
    "hello": "", "htmlDate": "t", "htmlDateInZone": "tz", "indent": "is", "initial": "l", "initials": "s", "int": "n", "int64": "n",
    "isAbs": "p", "join": "sl", "kebabcase": "s", "kindIs": "Ka", "kindOf": "a", "last": "l", "list": "a*", "lower": "s", "max": "nn*",
    "maxf": "nn*", "merge": "dd*", "mergeOverwrite": "dd*", "min": "nn*", "minf": "nn*", "mod": "nn", "mul": "nn*", "mulf": "nn*",
    "mustAppend": "la", "mustChunk": "il", "mustCompact": "l", "mustDateModify": "Dt", "mustDeepCopy": "a", "mustFirst": "l",
    "mustFromJson": "j", "mustHas": "al", "mustInitial": "l", "mustLast": "l", "mustMerge": "dd*", "mustMergeOverwrite": "dd*",
    "mustPrepend": "la", "mustPush": "la", "mustRegexFind": "rs", "mustRegexFindAll": "rsi", "mustRegexMatch": "rs",
    "mustRegexReplaceAll": "rsR", "mustRegexReplaceAllLiteral": "rsR", "mustRegexSplit": "rsi", "mustRest": "l", "mustReverse": "l",
    "mustSlice": "lii", "mustToDate": "LT", "mustToJson": "a", "mustToPrettyJson": "a", "mustToRawJson": "a", "mustUniq": "l",
    "mustWithout": "la*", "must_date_modify": "Dt", "nindent": "is", "nospace": "s", "omit": "ds*", "osBase": "p", "osClean": "p",
    "osDir": "p", "osExt": "p", "osIsAbs": "p", "pick": "ds*", "pluck": "sd*", "plural": "ssi", "prepend": "la", "push": "la",
    "quote": "a*", "regexFind": "rs", "regexFindAll": "rsi", "regexMatch": "rs", "regexQuoteMeta": "s", "regexReplaceAll": "rsR",
    "regexReplaceAllLiteral": "rsR", "regexSplit": "rsi", "repeat": "is", "replace": "sss", "required": "sa", "rest": "l",
    "reverse": "l", "round": "nif*", "semver": "V", "semverCompare": "cV", "seq": "i*", "set": "dsa", "sha1sum": "s", "sha256sum": "s",
    "slice": "lii", "snakecase": "s", "sortAlpha": "l", "split": "ss", "splitList": "ss", "splitn": "sis", "squote": "a*", "sub": "nn",
    "subf": "nn*", "substr": "iis", "swapcase": "s", "ternary": "aab", "title": "s", "toDate": "LT", "toDecimal": "n", "toJson": "a",
    "toPrettyJson": "a", "toRawJson": "a", "toString": "a", "toStrings": "l", "toYaml": "a", "trim": "s", "trimAll": "ss",
    "trimPrefix": "ss", "trimSuffix": "ss", "trimall": "ss", "trunc": "is", "tuple": "a*", "typeIs": "Ya", "typeIsLike": "Ya",
    "typeOf": "a", "uniq": "l", "unixEpoch": "t", "unset": "ds", "until": "i", "untilStep": "iii", "untitle": "s", "upper": "s",
    "urlJoin": "U", "urlParse": "u", "without": "la*", "wrap": "is", "wrapWith": "iss",
    "and": "aa*", "or": "aa*", "not": "a", "eq": "aa*", "ne": "aa", "lt": "nn", "le": "nn", "gt": "nn", "ge": "nn", "html": "a*",
    "js": "a*", "urlquery": "a*", "index": "xk", "len": "a", "print": "a*", "println": "a*", "printf": "Fa*", "call": "aa*",
    "env": "e", "tpl": "Ga", "include": "Na",
}
NAMES = sorted(FUNCTIONS)
WORDS = ["", "a", "b", "app", "Hello World", "foo_bar-baz", "HTTPServer2go", "aBC", "x y\\tz", "a\\nb", "1", "0x1F", "1.5", "true", "yes",
         "null", "é", "ß ü", "日本", "ǅ", "-1", "08", "1e3", " sp ", "a,b,c", "a.b/c-d", "%d", "<b>&'", "\\\"q\\\"", "3.0", "2017-01-02",
         "~", "- x", "# c", "k: v", "{a}", "[1]", "🙂", "\\x80", "a\\u00a0b", "O'Neil", "ONE", "12:30", "_", "v1.2.3", "0", "İ", "ſK",
         "word word word word word word word word word word word word word word word word word word word word", "line one\\nline two\\n",
         "tail  ", "\\n", "a\\n\\n", "| x", "&a", "*b", "!t", "@", "`", "a: b: c", "a #b", "=", "<<", ".5", "+1", "1_000", "2001-12-14t21:59:43.10-05:00"]
KEYS = ["a", "b", "c", "nil", "list", "dict", "name", "n", "s", "Env", "deep", "x1", "empty", "flag", "10", "A", "a10", "a9", "_k"]
REGEX = ["a", "a*", "[a-z]+", "(a)(b)?", "\\\\d+", "\\\\w+", "^a", "b$", "(?i)HELLO", "x|y|", "(", "[", "a**", "\\\\", "(?P<n>o+)", ".", "\\\\s",
         "[^a]", "\\\\pL+", "\\\\p{Greek}", "a{2}", "a{2,1}", "(?m)^l", "\\\\bw", "[[:alpha:]]+", "()", "(?:o|l)+?", "é", "\\\\Bo", "[b-a]", "\\\\8",
         "\\\\x{41}", "\\\\Qa.b\\\\E", "(?s).+", "(a|ab)(c|bcd)?", "[\\\\d_]", "(?U)a+", "$", "^", "(?i)k", "*", "a|*", "(?i)[k-s]", "x{1001}", "(?z)",
         "o{1,2}?", "[^\\\\S ]+", "(l*)*", "(?:a|b|)+", "\\\\z", "\\\\A", "[a-c-e]", "\\\\pZ", "[[:word:]]", "[[:nope:]]", "\\\\p{Nope}"]
REPLACEMENTS = ["", "x", "$1", "${1}y", "$0$0", "$n", "$$", "$1W", "${n}-", "$", "${", "\\\\1", "[$2]"]
VERBS = "vvvdsqxXtTbocUeEfFgGOwzp%"
LAYOUTS = ["2006-01-02", "15:04:05", "Mon Jan _2 2006", "2006-01-02T15:04:05Z07:00", "Monday, 02-Jan-06 03:04PM MST", "02.01.06", "Jan 2",
           "2006-01-02 15:04:05.000", "15h4m5s", "__2 002", "-0700 -07:00", "pm", "2006-1-2", "January _2", "05.999", "20060102"]
TIMES = ["2017-01-02", "2020-02-29", "12:30:45", "Mon Jan  2 2006", "2006-01-02T15:04:05Z", "2006-01-02T15:04:05+03:00", "x", "", "2017-13-01",
         "2017-02-30", "02.01.06", "Jan 2", "2017-01-02 10:11:12.345", "2017-1-2", "31.12.99", "20200101", "25:00:00"]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "nope", "", "Local", "Australia/Sydney", "Etc/GMT+3"]
DURATIONS = ["1h", "-1.5h", "90m", "1h30m", "36h", "5d", "x", "", "100ms", "1us", "2562047h", "8760h", "1s", "-3s", "400h", "9000h", "3600s"]
VERSIONS = ["1.2.3", "v1.2.3", "1.2", "1", "1.2.3-beta.1", "1.2.3+meta", "0.0.1", "0.1.0", "2.0.0-rc1", "01.2.3", "x", "", "1.2.3.4",
            "1.0.0-alpha.10", "1.0.0-alpha.2", "0.0.0"]
CONSTRAINTS = ["1.2.3", ">=1.0.0", "^1.2", "~1.2.3", "1.x", "*", ">1, <2", "1.0 - 2.0", "!=1.2.3", "^0.1", "~0", "<=1.2", ">1.2", "=1.2", "",
               ">=1.0.0-0", "^1 || ^2", "x", ">> 1", "~>1.2", "=>1", "=<2", "!=1.x", "^0.0.1", ">=1.2.3 <2.0.0", "1.2.3-beta.1", "<1.2.x"]
URLS = ["http://a.b/c?d=e#f", "https://u:p@h:8080/p%20q", "mailto:x@y", "//h/p", "/p", "", "a:b:c", "http://[::1]:80/", "http://h:x/", "p?q",
        "http://a b/", "%zz", "*", "HTTP://H/", "ftp://u@h", "http://h/%2f", "s:", "http://h?q", "a/b:c", "http://é/ü?ö#ä", "http://u:p:q@h/"]
YAMLS = ["a: 1", "a: {b: 1, c: [x, y]}", "a: yes\\nb: no\\n", "- 1", "x", "", "a: [1, 2.5, 0x10, 010, 1_000]", "a: &x {k: v}\\nb: *x",
         "a: ~\\nb: null\\nc:", "1: x\\ntrue: y", "a: \\\"q\\\"\\nb: 'q'", "a: |\\n  l1\\n  l2\\n", "a: >\\n  f1\\n  f2\\n", "a: 2001-01-01", "a: b: c", "a: {y: 1, n: 2}",
         "<<: {a: 1}\\nb: 2", "a: !!str 5", "a: !!int x", "? [a]\\n: b", "a: 1\\na: 2", "# c\\na: 1 # d", "a: 12:30", "a: .inf", "a: 1e3", "{", "[", "a:\\n\\tb: 1",
         "a: 18446744073709551615", "a: 0o17\\nb: 0b11\\nc: 08\\nd: -0b1", "a: 'it''s'", "%", "a: @x", "a: `x`", "- a\\n- b: c", "a: [x, y", "--- \\na: 1\\n---\\nb: 2"]
JSONS = ["{}", "[]", "1", "null", "true", "{\\\"a\\\":1}", "[1,\\\"x\\\",null,{\\\"b\\\":[true]}]", "1e3", "{\\\"a\\\":", "x", "[1,]", "\\\"é\\\\n\\\"", "12345678", "0.1",
         "1e999", "{\\\"b\\\":1,\\\"a\\\":2}", "[01]", "\\\"\\\\u00e9\\\"", "-", "tru", "{a:1}", "[1 2]", "\\\"", " 1 ", "1 2", "{\\\"a\\\" 1}", "\\\"\\\\q\\\"", "1.", "1e"]
PATHS = ["a/b/c.txt", "/a/../b", "", ".", "a//b/", "../x", ".tar.gz", "/", "a.b/c", "dir/.hidden", "x.y.z"]
TYPES = ["string", "int", "int64", "float64", "bool", "[]interface {}", "map[string]interface {}", "<nil>", "[]string", "semver.Version"]
KINDS = ["string", "int", "int64", "float64", "bool", "slice", "map", "invalid", "ptr", "struct"]


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.vars = []
        self.templates = []
        self.depth = 0

    def text(self, word):
        if "`" not in word and "\\" not in word and self.r.random() < 0.15:
            return "`" + word + "`"
        return '"' + word + '"'

    def number(self):
        r = self.r
        return r.choice([str(r.randint(-3, 9)), str(r.randint(-3, 9)), str(r.randint(-100, 2000)), "1.5", "2.0", "0.1", "1e3", "-0.5", "1e21", "1e-7", "'a'",
                         "0x1F", "1_000", "123456789", "9223372036854775807", "3.14159", "1000000.0", "2i", "017", "0b101", "1e6", "100000.0",
                         "-2.5", "12345678.9", "1+2i", "0.30000000000000004", "18446744073709551615"])

    def data(self, depth=0):
        r = self.r
        kind = r.random()
        if depth > 3 or kind < 0.55:
            return r.choice([None, True, False, 0, 1, -1, 2.5, 3, 1e6, 12345678, 1e21, 0.1, "", "a", "app", "Hello World", "b,c", "1", "x y", "é",
                             "k: v", "yes", "12", "v1.2.3", "line\nnext", "2017-01-02", 100, 7, "null", "- a", "tail ", "a\tb", "~"])
        if kind < 0.75:
            return [self.data(depth + 1) for _ in range(r.randint(0, 4))]
        return {r.choice(KEYS): self.data(depth + 1) for _ in range(r.randint(0, 5))}

    def field(self):
        chain = "".join("." + self.r.choice(KEYS[:9]) for _ in range(self.r.choice([1, 1, 1, 2, 2, 3])))
        start = self.r.random()
        if start < 0.1:
            return "$" + chain
        if start < 0.25 and self.vars:
            return self.r.choice(self.vars) + chain
        return chain

    def anything(self, depth):
        r = self.r
        kind = r.random()
        if kind < 0.30 and depth > 1 or kind < 0.16:
            return self.text(r.choice(WORDS))
        if kind < 0.30:
            return self.number()
        if kind < 0.36:
            return r.choice(["true", "false", "nil", ".", "$"])
        if kind < 0.56:
            return self.field()
        if kind < 0.66 and self.vars:
            return r.choice(self.vars)
        if depth > 3:
            return r.choice([self.text(r.choice(WORDS)), ".n", ".s", ".name", ".list", ".dict", ".flag", self.number(), self.list(depth), self.dict(depth)])
        if kind < 0.70:
            return r.choice(["list", "dict", "hello", "tuple"])
        if kind < 0.74:
            return "(" + self.call(depth + 1) + ")." + r.choice(KEYS[:7] + ["Major", "Format", "Nope", "Year", "Cert"])
        return "(" + self.pipeline(depth + 1) + ")"

    def list(self, depth):
        r = self.r
        return r.choice([lambda: ".list", lambda: "(list " + " ".join(self.anything(depth + 1) for _ in range(r.randint(0, 4))) + ")",
                         lambda: "(until " + str(r.randint(-2, 6)) + ")", lambda: '(splitList "," "c,b,a,,b")', lambda: "(list)", lambda: "(rest (list))",
                         lambda: '(list 1 2 3 1 "a" "a" nil)', lambda: "(chunk 2 (list 1 2 3))", lambda: '(regexFindAll "[a-z]" "abc" -1)', lambda: "(list nil)",
                         lambda: "(append (list 1 2) 3)", lambda: '(fromJson "[1,2,1]")', lambda: '(list "b" "a" "c")'])()

    def fresh(self, depth):
        """A dict that nothing else holds: changing one that the data holds could make it contain itself, of which Go dies."""
        r = self.r
        return r.choice([lambda: "(dict)", lambda: '(dict "a" ' + self.anything(depth + 1) + ")", lambda: '(dict "a" 1 "b" (dict "c" nil "a" (list 1)))',
                         lambda: '(dict "b" 2 "a" ' + self.anything(depth + 1) + ' "n" nil)', lambda: '(fromJson "{\\"a\\":{\\"b\\":1},\\"c\\":[]}")',
                         lambda: '(deepCopy .dict)', lambda: '(fromYaml "a: {b: 1, 2: x}\\nc: [1, x]")'])()

    def dict(self, depth):
        r = self.r
        return r.choice([lambda: ".dict", lambda: "(dict)", lambda: '(dict "a" ' + self.anything(depth + 1) + ")", lambda: ".", lambda: "$",
                         lambda: '(dict "a" 1 "b" (dict "c" nil "a" (list 1)))', lambda: '(fromYaml "a: {b: 1, 2: x}\\nc: [1, x]")', lambda: ".deep",
                         lambda: '(dict "b" 2 "a" ' + self.anything(depth + 1) + ' "n" nil)', lambda: '(fromJson "{\\"a\\":{\\"b\\":1},\\"c\\":[]}")'])()

    def format(self):
        r = self.r
        parts = []
        for _ in range(r.randint(0, 4)):
            flags = "".join(r.choice("+-# 0") for _ in range(r.choice([0, 0, 0, 1, 1, 2])))
            width = r.choice(["", "", "", str(r.randint(0, 12)), "*", "[1]", "[2]*", "[x]", "[3]"])
            precision = r.choice(["", "", "", ".", ".2", ".0", ".*", ".10", ".[2]"])
            parts.append(r.choice(["", "a", " ", "é", "|"]) + "%" + flags + width + precision + r.choice(VERBS[:-2] if r.random() < 0.97 else VERBS))
        return "".join(parts).replace("p", "v") + r.choice(["", "", "%", "!", "%%"])

    def argument(self, letter, depth):
        r = self.r
        if r.random() < 0.02:
            return self.anything(depth)
        pick = {"r": REGEX, "R": REPLACEMENTS, "L": LAYOUTS, "T": TIMES, "z": ZONES, "D": DURATIONS, "V": VERSIONS, "c": CONSTRAINTS, "u": URLS,
                "y": YAMLS, "j": JSONS, "p": PATHS, "Y": TYPES, "K": KINDS}
        if letter in pick:
            return '"' + r.choice(pick[letter]) + '"'
        if letter == "i":
            return r.choice([str(r.randint(-2, 12)), str(r.randint(-2, 12)), str(r.randint(-2, 40)), "(int .n)", "(len .list)", "(add 1 2 | int)", "(add 1 2)", "1.0"])
        if letter == "s":
            return r.choice([self.text(r.choice(WORDS)), self.text(r.choice(WORDS)), ".name", ".s", "(print " + self.anything(depth + 1) + ")", '"a"', '"b"', '"/"', '","',
                             "(toString " + self.anything(depth + 1) + ")"])
        if letter == "b":
            return r.choice(["true", "false", "(empty .a)", "(eq 1 1)", ".flag"])
        if letter == "f":
            return r.choice(["0.5", "1", "0.1", "2.5"])
        if letter == "n":
            return r.choice([self.number(), self.number(), ".n", '"' + r.choice(["1", "0x10", "08", "1.5", "x", "2.0", "1e3", ".5", "-7"]) + '"', "(len .list)",
                             "(add 1 .n)", "(float64 " + self.number() + ")", self.anything(depth)])
        if letter == "l":
            return self.list(depth)
        if letter == "d":
            return self.dict(depth)
        if letter == "t":
            return r.choice(['(toDate "2006-01-02" "%s")' % r.choice(TIMES[:2]), "1500000000", "(int64 1600000000)", '(toDate "2006-01-02T15:04:05Z07:00" "2006-07-02T15:04:05+03:00")',
                             '(dateModify "36h" (toDate "2006-01-02" "2020-02-28"))', "0", "-1"])
        if letter == "x":
            return r.choice([self.list(depth), self.dict(depth), '"abc"', self.anything(depth)])
        if letter == "k":
            return r.choice(["0", "1", '"a"', '"b"', self.anything(depth), "(len .list)", '"a" "b"', "0 0", '"list" 1', "-1", "9"])
        if letter == "U":
            return '(dict "scheme" "%s" "host" "%s" "path" "%s" "query" "%s" "fragment" "%s" "userinfo" "%s")' % (
                r.choice(["", "http", "s"]), r.choice(["", "h", "h:80", "a b"]), r.choice(["", "/p", "p q", "a:b", "*"]), r.choice(["", "q=1"]), r.choice(["", "f", "ü"]),
                r.choice(["", "u", "u:p", "a@b"]))
        if letter == "F":
            return '"' + self.format() + '"'
        if letter == "e":
            return r.choice(['"A"', '"B" "d"', '"NOPE"', '"A" "d"', '"NOPE" "d"', "1", '"EMPTY" "d"', '"ALLOWED"'])
        if letter == "G":
            return '"' + r.choice(["{{ . }}", "{{ .a }}", "x", "{{ if . }}y{{ end }}", "{{ nope }}", "{{", "{{ fail `x` }}", "{{ range . }}<{{ . }}>{{ end }}"]) + '"'
        if letter == "N":
            return '"' + r.choice(["t1", "t2", "lib", "nope"]) + '"'
        return self.anything(depth)

    def call(self, depth, piped=False):
        r = self.r
        name = r.choice(NAMES)
        if name in ("fail", "required", "tpl", "include", "env") and r.random() < 0.7:
            name = r.choice(NAMES)
        params = FUNCTIONS[name]
        letters = list(params.replace("*", ""))
        if params.endswith("*"):
            letters = letters[:-1] + [letters[-1]] * r.choice([0, 1, 1, 2, 3])
        if piped and letters:
            letters = letters[:-1]
        if r.random() < 0.02:
            letters = letters[:-1] if r.random() < 0.5 else letters + ["a"]
        changes = name == "set" or name == "unset" or "erge" in name
        return " ".join([name] + [self.fresh(depth + 1) if letter == "d" and changes else self.argument(letter, depth + 1) for letter in letters])

    def stage(self, depth, piped):
        r = self.r
        if not piped and r.random() < 0.22:
            return self.anything(depth)
        if r.random() < 0.04:
            return r.choice(['(toDate "2006-01-02" "2017-03-04").%s' % r.choice(["Year", "Month", "Weekday", "YearDay", "Unix", 'Format "Jan 2"', "AddDate 0 1 1", "UTC", "IsZero", "Day",
                                                                               "Location", "Date", "GoString", "UnixNano", "Hour"]),
                             '(semver "1.2.3-a+b").%s' % r.choice(["Major", "Minor", "Patch", "Prerelease", "Metadata", "Original", "IncMajor", "IncMinor", "IncPatch", "Nope", 'Equal (semver "1.2.3")',
                                                                 'SetPrerelease "x"', 'Compare (semver "2")', "String"])])
        return self.call(depth, piped)

    def pipeline(self, depth=0):
        r = self.r
        stages = [self.stage(depth, False)]
        while r.random() < 0.25:
            stages.append(self.stage(depth, True))
        return " | ".join(stages)

    def variable(self):
        return self.r.choice(["$x", "$y", "$z", "$i", "$v"])

    def trim(self, action):
        r = self.r
        return "{{" + r.choice([" ", " ", " ", "- ", ""]) + action + r.choice([" ", " ", " ", " -", ""]) + "}}"

    def plain(self):
        return self.r.choice(["", " ", "\n", "a", "text ", "\n  key: ", "- ", "{ }", "}}", "é\n", "x: |\n  ", "\t"])

    def block(self, depth):
        """A control structure; variables declared in it are dropped behind it."""
        r = self.r
        known = list(self.vars)
        kind = r.random()
        if kind < 0.35:
            head = "if " + (self.variable() + " := " if r.random() < 0.1 else "") + self.pipeline(1)
            tail = "".join(self.trim("else if " + self.pipeline(1)) + self.body(depth + 1) for _ in range(r.choice([0, 0, 0, 1, 2])))
        elif kind < 0.6:
            name = self.variable()
            declares = r.random() < 0.3
            head = "with " + (name + " := " if declares else "") + self.pipeline(1)
            if declares:
                self.vars.append(name)
            tail = self.trim("else with " + self.pipeline(1)) + self.body(depth + 1) if r.random() < 0.1 else ""
        else:
            names = r.choice([[], [], ["$v"], ["$i", "$v"], ["$i", "$v"]])
            source = r.choice([self.list(1), self.dict(1), self.pipeline(1), "3", ".list", ".dict"])
            head = "range " + (", ".join(names) + r.choice([" := ", " := ", " := ", " = "]) if names else "") + source
            self.vars += names
            tail = ""
            if r.random() < 0.15:
                tail = self.trim("if " + self.pipeline(1)) + self.trim(r.choice(["break", "continue"])) + self.trim("end")
        text = self.trim(head) + self.body(depth + 1) + tail
        if r.random() < 0.35:
            text += self.trim("else") + self.body(depth + 1)
        self.vars = known
        return text + self.trim("end")

    def element(self, depth):
        r = self.r
        kind = r.random()
        if kind < 0.2:
            return self.plain()
        if kind < 0.62 or depth > 3:
            return self.trim(self.pipeline())
        if kind < 0.70:
            name = self.variable()
            text = self.trim(name + (" = " if name in self.vars and r.random() < 0.4 else " := ") + self.pipeline())
            self.vars.append(name)
            return text
        if kind < 0.73:
            return r.choice(["{{/* c */}}", "{{- /* c\n */ -}}"])
        if kind < 0.77:
            return self.trim('template "%s" %s' % (r.choice(["t1", "t2", "lib", "nope"]) if r.random() < 0.1 else r.choice(["t1", "t2"]), r.choice(["", ".", ".a", "$", self.anything(2)])))
        if kind < 0.79:
            return self.trim('block "b%d" %s' % (r.randint(0, 99), self.anything(2))) + self.trim(".") + self.trim("end")
        return self.block(depth)

    def body(self, depth):
        return "".join(self.element(depth) for _ in range(self.r.choice([1, 1, 2, 2, 3])))

    def define(self, name):
        known, self.vars = self.vars, []
        text = self.trim('define "%s"' % name) + self.body(2) + self.trim("end")
        self.vars = known
        return text

    def mutated(self, text):
        """A text with an accident, for errors of syntax."""
        r = self.r
        if not text:
            return text
        at = r.randrange(len(text))
        kind = r.random()
        if kind < 0.4:
            return text[:at] + text[at + 1:]
        if kind < 0.8:
            return text[:at] + r.choice(["{{", "}}", "(", ")", "|", '"', "'", "`", ".", "$", ":=", "=", ",", " ", "\n", "-", "@", "end", "1x", "é", "§", "{{end}}", "{{else}}", "\\", "0x", "nil", "/*"]) + text[at:]
        return text[:at]

    def case(self, name):
        r = self.r
        self.vars = []
        if r.random() < 0.6:
            text = "{{ " + self.call(r.choice([1, 3, 4])) + r.choice(["", "", "", " | " + self.call(4, True)]) + " }}"
        else:
            text = self.body(0)
            if r.random() < 0.5:
                text += self.body(0)
        text += self.define("t1") + self.define("t2") if '"t1"' in text or '"t2"' in text else ""
        if r.random() < 0.12:
            text = self.mutated(text)
        data = {"list": self.data(2), "dict": {}, "a": self.data(1), "b": self.data(2), "n": r.choice([1, 2, 3, 0, 1.5, -1, 12345]), "name": r.choice(["app", "", "Web App"]), "s": "str",
                "nil": None, "flag": r.choice([True, False]), "deep": {"a": {"b": self.data(2)}, "list": [1, 2]}}
        if r.random() < 0.8:
            data["list"] = [self.data(2) for _ in range(r.randint(0, 4))]
        data["dict"] = {k: self.data(2) for k in r.sample(KEYS, r.randint(0, 4))}
        case = {"name": name, "template": text, "data": data, "environ": {"A": "va", "EMPTY": "", "ALLOWED": "x"}, "allow_environ": ["A", "/B|EMPTY/"]}
        if '"lib"' in text:
            self.vars = []
            case["templates"] = {"lib": self.body(2)}
        if r.random() < 0.1:
            case["loose"] = True
        return case


def main():
    count = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    maker = Maker(seed)
    for i in range(count):
        print(json.dumps(maker.case("%d/%d" % (seed, i))))


if __name__ == "__main__":
    main()

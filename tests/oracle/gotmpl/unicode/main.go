// Command unicode writes core/template/unicode_tables.c from Go's own Unicode tables:
//
//	go run tests/oracle/gotmpl/unicode/main.go > core/template/unicode_tables.c
package main

import (
	"fmt"
	"unicode"
)

// In the order of enum sw_category.
var categories = []string{
	"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
	"Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cs",
}

func category(r rune) int {
	for i, name := range categories {
		if unicode.Is(unicode.Categories[name], r) {
			return i
		}
	}
	return len(categories)
}

func main() {
	fmt.Printf("/* Made by tests/oracle/gotmpl/unicode from Unicode %s. */\n", unicode.Version)
	fmt.Println("/* clang-format off */")
	fmt.Println("#include \"core/template/unicode_tables.h\"")
	fmt.Println()
	fmt.Println("const uint32_t sw_unicode_runs[] = {")
	count, last := 0, -1
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if c := category(r); c != last {
			fmt.Printf("%#x,", int(r)<<5|c)
			last = c
			if count++; count%14 == 0 {
				fmt.Println()
			}
		}
	}
	fmt.Printf("};\nconst size_t sw_unicode_run_count = %d;\n\n", count)
	fmt.Println("const struct sw_case_range sw_case_ranges[] = {")
	for _, c := range unicode.CaseRanges {
		fmt.Printf("{%#x, %#x, {%d, %d, %d}},\n", c.Lo, c.Hi, c.Delta[0], c.Delta[1], c.Delta[2])
	}
	fmt.Printf("};\nconst size_t sw_case_range_count = %d;\n/* clang-format on */\n", len(unicode.CaseRanges))
}

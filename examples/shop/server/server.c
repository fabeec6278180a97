/* The shop's server: reads a catalogue and says what it sells. */
#include <stdio.h>

int main(int argc, char **argv) {
    char item[64];
    int price, total = 0, count = 0;
    FILE *catalog = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!catalog) {
        fprintf(stderr, "shop-server: no catalogue\n");
        return 1;
    }
    while (fscanf(catalog, "%63s %d", item, &price) == 2) {
        printf("%s costs %d\n", item, price);
        total += price;
        count++;
    }
    fclose(catalog);
    printf("%d items, %d in all\n", count, total);
    return 0;
}

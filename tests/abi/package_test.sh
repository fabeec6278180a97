#!/bin/sh
# package_test.sh BUILD SOURCE LOAD: installs the build under a prefix, and builds the plugin template against it and nothing else, once by
# CMake and once by pkg-config. Then moves the installed tree, and sees that it still finds its plugins and its core.
set -eu
build=$1 source=$2 load=$3
tmp=$(mktemp -d /var/tmp/slipway-package-XXXXXX)
trap 'rm -rf "$tmp"' EXIT
umask 022
prefix=$tmp/prefix

fail() {
    echo "package_test: $*"
    exit 1
}

cmake --install "$build" --prefix "$prefix" >"$tmp/install.log"
cp -r "$source/sdk/template" "$tmp/cmake"
cp -r "$source/sdk/template" "$tmp/make"

cmake -S "$tmp/cmake" -B "$tmp/cmake/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_FLAGS="-Wall -Wextra -Werror" >"$tmp/cmake.log"
cmake --build "$tmp/cmake/build" >>"$tmp/cmake.log" || { cat "$tmp/cmake.log"; fail "the template does not build by CMake"; }

for header in "$prefix"/include/slipway/*.h; do # each stands by itself, in C and in C++
    for language in c c++; do
        echo "#include \"$header\"" | cc -x $language -Wall -Wextra -Werror -I"$prefix/include" -fsyntax-only - || fail "$header is no $language"
    done
done

export PKG_CONFIG_PATH="$prefix/share/pkgconfig"
make -C "$tmp/make" CFLAGS="-Wall -Wextra -Werror" >"$tmp/make.log" 2>&1 || { cat "$tmp/make.log"; fail "the template does not build by make"; }

for plugin in "$tmp/cmake/build/slipway-site.so" "$tmp/make/slipway-site.so"; do
    symbols=$(nm -D --defined-only "$plugin" | awk '{ print $3 }')
    [ "$symbols" = slipway_plugin_v1 ] || fail "$plugin has these symbols: $symbols"
    "$load" "$plugin" >"$tmp/load.log" || { cat "$tmp/load.log"; fail "$plugin is refused"; }
    grep -q "^builder site 0.1.0 $plugin \"site\"$" "$tmp/load.log" || { cat "$tmp/load.log"; fail "$plugin is not what it should be"; }
done

# Installed where pkg-config says plugins go, it is found without being named; also when the whole tree was moved.
make -C "$tmp/make" CFLAGS= install >"$tmp/make.log" 2>&1 || { cat "$tmp/make.log"; fail "the template does not install"; }
mkdir -p "$prefix/bin"
cp "$load" "$prefix/bin/load"
mv "$prefix" "$tmp/moved"
"$tmp/moved/bin/load" >"$tmp/load.log" || { cat "$tmp/load.log"; fail "an installed plugin is refused"; }
grep -q "^builder site 0.1.0 $tmp/moved/.*/slipway/plugins/slipway-site.so" "$tmp/load.log" || { cat "$tmp/load.log"; fail "the moved tree does not find its plugins"; }
version=$("$tmp/moved/bin/slipway" version)
"$tmp/moved/bin/slipway" help | grep -q "print the version" || fail "the moved program does not find its core"
rm "$tmp"/moved/lib*/slipway/core.so
[ "$("$tmp/moved/bin/slipway" version)" = "$version" ] || fail "the version cannot be printed without the core, which takes longer to load"
if "$tmp/moved/bin/slipway" help 2>"$tmp/core.log"; then fail "a program without its core does something"; fi
grep -q "its own core cannot be loaded" "$tmp/core.log" || { cat "$tmp/core.log"; fail "a missing core is not named"; }
grep -rl "$prefix" "$tmp/moved" --include='*.cmake' --include='*.pc' && fail "these files know the prefix they were installed under"
echo "package_test: $(grep -c . "$tmp/load.log") plugins found from a moved prefix"

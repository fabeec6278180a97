/* The shared object itself holds nothing: all of a plugin's code comes from its static library, which its unit tests link too. */
typedef int slipway_module_is_not_empty;

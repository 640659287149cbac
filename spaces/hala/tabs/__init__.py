"""One tab a module: `build(config, language)` lays it out where the page is being built."""

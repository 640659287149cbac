"""Everything that speaks to a Hub: resolving refs, pushing repos, the cards' data, and the embedded Hub (`server`)."""

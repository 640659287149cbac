"""Several models of one shape become one: read tensor by tensor from disk, or by mergekit."""

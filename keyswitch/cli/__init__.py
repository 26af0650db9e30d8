"""What a person types: parse, one call into the core, print."""

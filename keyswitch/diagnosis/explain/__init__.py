"""Says what an error text means here, from a list of causes."""

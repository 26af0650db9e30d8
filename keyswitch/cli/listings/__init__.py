"""list, show, history, providers: what there is."""

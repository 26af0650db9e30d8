"""Programs that keyswitch configures."""
